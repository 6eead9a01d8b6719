"""A try that failed as tries may: it says so in one line, and RQ tries again without a traceback.

``rq worker --worker-class workers.tries.Worker``: another class of RQ's does the same work, and
logs the traceback of each such try besides.
"""

import logging
from types import TracebackType

import rq
from rq import get_current_job
from rq.job import Job
from rq.job_lifecycle import call_exception_handlers

from waitingroom.console.notices import next_try
from workers.post import NotTaken, Unclear

_log = logging.getLogger(__name__)


def failed(what: str, why: NotTaken | Unclear, then: str) -> None:
    """Say that this try failed, and when the next comes. ``then``: what comes after RQ's last try.

    Outside of a job whoever called it knows what comes next, and says so.
    """
    job = get_current_job()
    if job is None:
        return
    if job.should_retry:
        then = next_try(1000 * job.get_retry_interval())
    level = logging.WARNING if job.should_retry else logging.ERROR
    _log.log(level, "%s: %s; %s", what, why, then, extra={"event": "not_taken"})


class Worker(rq.Worker):
    """RQ's own. A job that raises what :func:`failed` has told of needs no second line."""

    def handle_exception(
        self,
        job: Job,
        kind: type[BaseException],
        error: BaseException,
        trace: TracebackType | None,
    ) -> None:
        """Log it, where nobody expected it."""
        if isinstance(error, NotTaken | Unclear):
            call_exception_handlers(self._exc_handlers, job, kind, error, trace)
        else:
            super().handle_exception(job, kind, error, trace)

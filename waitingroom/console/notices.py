"""Hands alarms to the job queue: one job for each address and for the receiver of webhooks.

The jobs are named by their path, since the waiting room knows no workers. They are in the same
transaction as the alarm's standing: a keeper that is killed tells neither twice nor never. While
the store is away there is no queue, and the same jobs are done in threads here.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import asdict
from threading import Thread
from typing import TYPE_CHECKING, Any

from redis import Redis
from rq import Queue, Retry
from rq.utils import import_attribute

from waitingroom.durations import shown_duration
from waitingroom.standing import AlarmNotice

if TYPE_CHECKING:
    from redis.client import Pipeline

QUEUE = "default"
MAIL, WEBHOOK = "workers.alarm.mail", "workers.alarm.webhook"
RETRIES_S = (5, 30, 120, 600, 1_800, 3_600)
"""When a job whose receiver did not take it is tried again: for an hour and three quarters."""
AT_ONCE_RETRIES_S = RETRIES_S[:3]
"""The same without the queue: longer than that a store is seldom away."""
LAST = "that was the last try"
JOB_TIMEOUT_S = 60
"""So long at most a receiver that drips its answer holds up the confirmations behind it."""
log = logging.getLogger("waitingroom.keeper")


class Post:
    """Where alarms go. ``mails``: to how many addresses; the jobs know which."""

    def __init__(self, connection: "Redis", *, mails: int, webhook: bool) -> None:
        self._queue = Queue(QUEUE, connection=connection)
        self.mails = mails
        self.webhook = webhook

    def __call__(self, notice: AlarmNotice, pipeline: "Pipeline") -> None:
        """Enqueue what tells of it, as part of a transaction."""
        for job, args, name in self._jobs(notice):
            self._enqueue(job, args, f"{notice.id}-{name}", pipeline)

    def at_once(self, notice: AlarmNotice) -> None:
        """Tell it without the queue; returns at once. Each receiver is tried a few times."""
        for job, args, name in self._jobs(notice):
            Thread(target=_tell, args=(job, args, name), name=name, daemon=True).start()

    def _jobs(self, notice: AlarmNotice) -> Iterator[tuple[str, tuple[Any, ...], str]]:
        """Which job tells whom of it, by a name that gives nobody away."""
        told = asdict(notice)
        for nth in range(self.mails):
            yield MAIL, (told, nth), f"mail-{nth}"
        if self.webhook:
            yield WEBHOOK, (told,), "webhook"

    def _enqueue(self, job: str, args: tuple[Any, ...], job_id: str, pipeline: "Pipeline") -> None:
        self._queue.enqueue_call(
            job,
            args=args,
            timeout=JOB_TIMEOUT_S,
            result_ttl=60,
            failure_ttl=7 * 86_400,
            description=job_id,
            job_id=job_id,
            retry=Retry(max=len(RETRIES_S), interval=list(RETRIES_S)),
            pipeline=pipeline,
        )


def next_try(in_ms: int) -> str:
    """When it comes, in words."""
    return f"the next try comes in {shown_duration(in_ms)}"


def _tell(job: str, args: tuple[Any, ...], name: str) -> None:
    """Do a job here, and again where it fails."""
    for wait_s in (*AT_ONCE_RETRIES_S, None):
        try:
            import_attribute(job)(*args)
        except Exception as error:
            # Only its kind: what a driver says may hold an address.
            kind, about = type(error).__name__, {"event": "not_taken"}
            then = LAST if wait_s is None else next_try(wait_s * 1000)
            log.warning("an alarm was not taken by %s: %s; %s", name, kind, then, extra=about)
        else:
            return
        time.sleep(wait_s or 0)

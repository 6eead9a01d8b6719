"""Hands alarms to the job queue: one job for each address and for the receiver of webhooks.

The jobs are named by their path, since the waiting room knows no workers. They are in the same
transaction as the alarm's standing: a keeper that is killed tells neither twice nor never.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING

from redis import Redis
from rq import Queue, Retry

from waitingroom.standing import Notice

if TYPE_CHECKING:
    from redis.client import Pipeline

QUEUE = "default"
MAIL, WEBHOOK = "workers.alarm.mail", "workers.alarm.webhook"
RETRIES_S = (5, 30, 120, 600, 1_800, 3_600)
"""When a job whose receiver did not take it is tried again: for an hour and three quarters."""
JOB_TIMEOUT_S = 120


class Post:
    """Where alarms go. ``mails``: to how many addresses; the jobs know which."""

    def __init__(self, connection: "Redis", *, mails: int, webhook: bool) -> None:
        self._queue = Queue(QUEUE, connection=connection)
        self.mails = mails
        self.webhook = webhook

    def __call__(self, notice: Notice, pipeline: "Pipeline") -> None:
        """Enqueue what tells of it, as part of a transaction."""
        told = asdict(notice)
        for nth in range(self.mails):
            self._enqueue(MAIL, (told, nth), f"{notice.id}-mail-{nth}", pipeline)
        if self.webhook:
            self._enqueue(WEBHOOK, (told,), f"{notice.id}-webhook", pipeline)

    def _enqueue(
        self, job: str, args: tuple[object, ...], job_id: str, pipeline: "Pipeline"
    ) -> None:
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

"""Hands confirmations to the job queue; one that is away costs a checkout half a second at most.

The order itself says that a confirmation is owed, so nothing is lost when this fails: the sweep
enqueues it later (:mod:`workers.sweep`). The job is named by its path; the shop does not import it.
"""

import logging
from collections.abc import Callable

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry as RedisRetry
from rq import Queue, Retry

QUEUE = "default"
JOB = "workers.confirmation.send"
RETRIES_S = (10, 60, 300)
"""When a job whose mail was not taken is tried again; after that the sweep takes over."""
JOB_TIMEOUT_S = 120
PATIENCE_S = 0.2
"""For each step of the conversation with the queue."""
AWAY_MS = 5_000
"""A queue that did not answer is left alone for so long: the checkouts meanwhile do not wait."""

_log = logging.getLogger(__name__)


class Confirmations:
    """The way into the queue. ``url`` "" stands for no queue at all. Safe between threads."""

    def __init__(
        self, url: str, *, now_ms: Callable[[], int], patience_s: float = PATIENCE_S
    ) -> None:
        self._now_ms = now_ms
        self._away_until_ms = 0
        self._queue: Queue | None = None
        if url:
            connection = Redis.from_url(
                url,
                socket_timeout=patience_s,
                socket_connect_timeout=patience_s,
                # Some ways to make a client try ten times.
                retry=RedisRetry(NoBackoff(), 0),
            )
            self._queue = Queue(QUEUE, connection=connection)

    def enqueue(self, order_id: int) -> bool:
        """Whether the confirmation is in the queue now. Twice does no harm: the job claims it."""
        now_ms = self._now_ms()
        if self._queue is None or now_ms < self._away_until_ms:
            return False
        try:
            self._queue.enqueue_call(
                JOB,
                args=(order_id,),
                timeout=JOB_TIMEOUT_S,
                result_ttl=60,
                failure_ttl=7 * 86_400,
                retry=Retry(max=len(RETRIES_S), interval=list(RETRIES_S)),
            )
        except RedisError as error:
            self._away_until_ms = now_ms + AWAY_MS
            _log.warning("the job queue is away (%s); confirmations wait", type(error).__name__)
            return False
        return True

"""What all our gunicorn servers have in common; named on their command line by ``--config``.

Named as the configuration, so that a ``gunicorn.conf.py`` that lies in the working folder and is
meant for another server does not count.
"""

import gc
import os
from functools import partial
from pathlib import Path

GRACE_S = 5
LINGER_S = 0.05
"""How long a client that was answered, and asked for the connection's end, may leave it open."""
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - gunicorn makes its own unpredictable names there

# Connections waiting to be accepted; the system's own limit (somaxconn) may be lower.
backlog = 4_096
# How long requests in flight, and idle kept-alive connections, may hold up an ending.
graceful_timeout = GRACE_S
keepalive = 5
timeout = 30
limit_request_line = 4_094
limit_request_fields = 64
limit_request_field_size = 8_190
# A proxy on this machine is believed by default, and passes on what it was sent: a SCRIPT_NAME that
# does not fit the path is answered with 500.
forwarder_headers = ""
loglevel = "warning"
logger_class = "waitingroom.run.gunicorn_log.Log"
# gunicorn 27 would open one control socket that all servers of a user share.
control_socket_disable = True
if _SHARED_MEMORY.is_dir() and os.access(_SHARED_MEMORY, os.W_OK):
    # A heartbeat file on a busy disk can block a worker until it is taken for dead.
    worker_tmp_dir = str(_SHARED_MEMORY)


def post_worker_init(_worker: object) -> None:
    """What is set in a worker, before it answers anybody."""
    _linger_briefly()
    _expect_a_crowd()


def _linger_briefly() -> None:
    """gunicorn's threaded worker waits for such a client where it also takes new connections: for
    2 s, one client after another, in which nobody else is answered.
    """
    from gunicorn import util

    util.close_graceful = partial(util.close_graceful, timeout=LINGER_S)


def _expect_a_crowd() -> None:
    """Tell the garbage collector what a crowd looks like.

    Requests that wait together are many live objects, none of them garbage: looking through all of
    them again and again took a quarter of the time of a join. What was loaded so far stays anyway.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

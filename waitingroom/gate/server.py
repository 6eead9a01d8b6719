"""The gate's server: gunicorn's ASGI worker, with deadlines and a bound on connections.

gunicorn's own has neither: a client that sends half a head keeps its connection for good, one that
never reads its answer too, and neither ``worker_connections`` nor ``backlog`` counts. Nothing here
costs a request anything: once a second all connections are looked at, and one that is found in the
same stage of the same request again and again is cut off (docs/decisions/server.md).
"""

import asyncio
import itertools
import resource
from enum import Enum
from functools import partial
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from waitingroom.gate.cork import Corked, Turn

SWEEP_S = 1
PATIENCE_S = 10
"""For a head to be complete, and for an answer to be read. A sweep may see it a second later."""
LOOKED_AT = 32
"""Connections that a newcomer may have looked at, in search of one to close in its favour."""
RETRY_AFTER_S = 5
LOOK_FIRST_S = 0.01
"""After this the loop has read what lies in its sockets, whatever held it up."""

_BUSY = (
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: %d\r\nCache-Control: no-store\r\n"
    b"Content-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
)
_BUSY_BODY = b'{"error":"busy","message":"too many connections at once; please try again"}'


class Stage(Enum):
    """What a connection waits for: its client, but for ``ANSWER``, which waits for us.

    A body that does not come is the application's to answer, 408 after as long.
    """

    HEAD = 0
    BODY = 1
    ANSWER = 2
    READER = 3


class Connection(ASGIProtocol):  # type: ignore[misc]
    """One client's connection. ``stuck_s``: for how many sweeps it has been in the same stage."""

    worker: "Worker"
    _task: asyncio.Task[None] | None
    _keepalive_handle: asyncio.TimerHandle | None
    _current_request: object
    _body_receiver: Any

    def __init__(self, worker: "Worker") -> None:
        super().__init__(worker)
        self._seen = (-1, Stage.HEAD)
        self.stuck_s = 0

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take the place of another, where there are as many as may be."""
        if self.worker.has_room():
            super().connection_made(Corked(transport, self.worker.turn))
            self.worker.connections[self] = None
        else:
            # Not above: gunicorn's first process reads this file, and its counts would be nobody's.
            from waitingroom.gate import counts

            counts.REFUSED.labels("busy").inc()
            self._closed = self._conn_lost_handled = True
            transport.write(_BUSY % (RETRY_AFTER_S, len(_BUSY_BODY), _BUSY_BODY))
            transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Make room for another."""
        self.worker.connections.pop(self, None)
        super().connection_lost(exc)
        if self._task is not None:
            self._task.add_done_callback(self._forget)

    def pause_writing(self) -> None:
        """Take nothing more from a client that does not read what it is answered.

        gunicorn waits for a reader after a body only. Answers without one (redirects, HEAD) piled
        up for as long as somebody asked on, and who asks on is in no stage for long.
        """
        super().pause_writing()
        self._write_paused = True
        self._pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        super().resume_writing()
        self._write_paused = False
        self._maybe_resume_reading()

    def _resume_reading(self) -> None:
        """After each request; but nobody is read who does not read."""
        if not self._write_paused:
            super()._resume_reading()

    def _keepalive_timeout(self) -> None:
        """Nothing was asked for long, it seems. But a worker that was held up sees its timers
        before its sockets, and a request that lies there would be answered by a broken connection:
        it is read first, which puts this off.
        """
        if not self._closed:
            handle = self.worker.loop.call_later(LOOK_FIRST_S, self._end_unless_asked)
            self._keepalive_handle = handle

    def _end_unless_asked(self) -> None:
        """With many connections, reading takes longer than that: then this comes between the
        reading of a request and whoever takes it up.
        """
        if not self._request_ready.is_set():
            super()._keepalive_timeout()

    def _will_close(self, request: object, response_requires_close: bool) -> bool:
        """Also where the body has not come by the answer: gunicorn shuts the connection behind it,
        and a proxy that is not told so would send somebody else's request into it.
        """
        closes: bool = super()._will_close(request, response_requires_close)
        receiver = self._body_receiver
        return closes or (receiver is not None and not receiver._complete)

    def _forget(self, _task: object) -> None:
        """Let go of what points back here. A gate collects its garbage seldom, and a crowd's
        connections that wait for that were 60 MB."""
        self._task = self._callback_parser = self._body_receiver = self._current_request = None

    @property
    def stage(self) -> Stage:
        """What it waits for."""
        if self._closed or self._flow_control.write_paused:
            return Stage.READER
        if self._current_request is None:
            return Stage.HEAD
        return Stage.ANSWER if self._body_receiver._complete else Stage.BODY

    def look(self) -> None:
        """Once a second: cut the connection off where nothing happens on it."""
        stage = self.stage
        seen = (self.req_count, stage)
        if seen != self._seen:
            self._seen, self.stuck_s = seen, 0
            return
        self.stuck_s += SWEEP_S
        if self.stuck_s < PATIENCE_S:
            return
        if stage is Stage.HEAD:
            self._send_error_response(408, "the request did not arrive in time")
            self._end()
        elif stage is Stage.READER:
            self.transport.abort()

    def give_way(self) -> None:
        """Close the connection of a client that owes us something."""
        if self.stage is Stage.HEAD and not self.transport.get_write_buffer_size():
            self._end()
        else:
            self.transport.abort()

    def _end(self) -> None:
        self._close_transport()
        # The task that waits for a request sees that there will be none, and ends.
        self._request_ready.set()


class Worker(gasgi.ASGIWorker):  # type: ignore[misc]
    """The worker that makes such connections, named by ``--worker-class``.

    ``connections``: all of them, those longest not looked at in front.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: dict[Connection, None] = {}
        files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        # The system takes what is in the backlog before we see the first of it.
        self.most = max(1, min(self.worker_connections, files // 2))

    def init_process(self) -> None:
        """In the new process, before it serves."""
        # gunicorn's worker knows its protocol by this name only.
        gasgi.ASGIProtocol = Connection
        # It notes which parser there is on the class that asks first: not on ours.
        ASGIProtocol._check_h1c_protocol_available()
        super().init_process()

    def _setup_event_loop(self) -> None:
        super()._setup_event_loop()
        self.turn = Turn(self.loop)
        # The loop would cut the backlog of the sockets that it is given down to 100.
        self.loop.create_server = partial(self.loop.create_server, backlog=self.cfg.backlog)

    async def _serve(self) -> None:
        sweeps = self.loop.create_task(self._sweep())
        try:
            await super()._serve()
        finally:
            sweeps.cancel()

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_S)
            for connection in list(self.connections):
                connection.look()

    def has_room(self) -> bool:
        """Whether one more connection may be; at the bound, one whose client is slow gives way.

        The oldest go first: a client that means it sends its request at once, and whoever fills
        the server with silence gives way to their own newcomers.
        """
        if len(self.connections) < self.most:
            return True
        for connection in list(itertools.islice(self.connections, LOOKED_AT)):
            del self.connections[connection]
            if connection.stage is not Stage.ANSWER:
                connection.give_way()
                return True
            # Being answered: it goes behind the others, so that the next newcomer looks further.
            self.connections[connection] = None
        return False

"""gunicorn's log, as the rest of ours: its own lines, and one for a request to a WSGI application.

The gate writes its requests' lines itself: it knows its routes, and gunicorn would build a whole
environment for each.
"""

from typing import Any

from gunicorn.glogging import Logger

from waitingroom import logs
from waitingroom.config import environment
from waitingroom.guard import PASS_KEY
from waitingroom.request_ids import CLIENT_KEY, ENVIRON_KEY, ROOM_KEY, ROUTE_KEY
from waitingroom.request_lines import RequestLines
from waitingroom.variables import BY_NAME

NS_PER_S = 1_000_000_000


class Log(Logger):  # type: ignore[misc]
    """Named by ``logger_class``; made in gunicorn's first process, before it forks."""

    def setup(self, cfg: Any) -> None:
        """Everything to where all our lines go, unless a file was named for it."""
        super().setup(cfg)
        logs.set_up_from_environment("server")
        if cfg.errorlog == "-":
            self.error_log.removeHandler(self._get_gunicorn_handler(self.error_log))
            self.error_log.propagate = True
        self.lines = RequestLines(BY_NAME["log_requests"].found_in(environment()))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """A line for a request, where it is one that leaves one."""
        super().access(resp, req, environ, request_time)
        method, status = environ.get("REQUEST_METHOD", ""), _status(resp.status)
        if self.lines.wants(method, status):
            took_ns = round(request_time.total_seconds() * NS_PER_S)
            route, room = _where(environ)
            self.lines.write(
                method=method,
                route=f"{method} {route}",
                status=status,
                took_ns=took_ns,
                client=environ.get(CLIENT_KEY) or str(environ.get("REMOTE_ADDR", "")),
                request_id=environ.get(ENVIRON_KEY, ""),
                room=room,
            )


def _status(status: Any) -> int:
    """``200 OK`` and 200."""
    return int(str(status).split(None, 1)[0])


def _where(environ: dict[str, Any]) -> tuple[str, str]:
    """The route and the room, as the application tells them.

    Of one that does not, the first part of the address: the rest may open something.
    """
    room = str(environ.get(ROOM_KEY) or getattr(environ.get(PASS_KEY), "room", ""))
    if route := environ.get(ROUTE_KEY):
        return str(route), room
    first, slash, rest = str(environ.get("PATH_INFO", "")).lstrip("/").partition("/")
    plain = first if first.isascii() and first.replace("-", "").isalnum() else ""
    return f"/{plain[:20]}{slash}{'…' if rest else ''}", room

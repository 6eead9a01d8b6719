"""Every fault as JSON ``{"error": CODE, "message": …}``: one table, and no stack trace."""

import logging
import re
from collections.abc import Mapping

from flask import Flask, Response, g, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from waitingroom.console import static_files
from waitingroom.errors import BadSetting, StoreUnfit, WaitingRoomError

STATUS = {
    "bad_request": 400,
    "bad_setting": 400,
    "bad_token": 401,
    "unauthorized": 401,
    "forbidden": 403,
    "no_such_room": 404,
    "no_rehearsal": 404,
    "no_such_operator": 404,
    "no_such_key": 404,
    "no_such_place": 404,
    "no_such_pass": 404,
    "replayed": 409,
    "room_exists": 409,
    "operator_exists": 409,
    "key_exists": 409,
    "too_many_keys": 409,
    "too_many_passes": 409,
    "last_admin": 409,
    "operator_moved": 409,
    "version_conflict": 409,
    "cannot_undo": 409,
    "no_second_chance": 409,
    "wrong_phase": 409,
    "wrong_state": 409,
    "old_epoch": 410,
    "length_required": 411,
    "not_json": 415,
    "bad_fields": 422,
    "bad_operator": 422,
    "too_many": 429,
    "store_down": 503,
    "store_unfit": 503,
}
"""Each code and the status it goes out with. 409: the request is whole, and things as they are do
not allow it. 422: what it says cannot be, whatever the state; in a form, 400.
"""

HTTP_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "bad_request"}
TITLES = {
    400: "That cannot be done",
    401: "Log in first",
    403: "Not allowed",
    404: "There is nothing here",
    409: "That cannot be done now",
    413: "That is too long",
    429: "Too many of these",
    503: "The store is away",
}
UNFIT = "That cannot be read"
RETRY_AFTER_S = 2
LONGEST_LOGGED = 200
_LIKE_A_KEY = re.compile(r"[^/]{32,}")
"""A part of an address as long as the shortest secret that we take."""
READS = frozenset({"GET", "HEAD", "OPTIONS"})
FOUND = (200, 304)
AWAY = "the store cannot answer now; try again"
AWAY_FORM = "the store cannot answer now, so nothing was changed; go back, and send the form again"
"""Where it went away during the change itself, :func:`waitingroom.console.forms.surely` says so:
then nobody knows."""
SHOPS = "room_api"
"""The blueprint that shops' guards talk to: what it refuses is no operator's act."""
NOBODY = "nobody who is logged in"
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of pages: nothing but our own files, in nobody's frame."""


log = logging.getLogger("waitingroom.console")


class Refused(WaitingRoomError):
    """A request that is answered with ``code``, one of ``STATUS``. ``fields``: what is wrong with
    each. ``retry_after_s``: when to ask again, where that is known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Mapping[str, str] | None = None,
        retry_after_s: int = 0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.fields = fields
        self.retry_after_s = retry_after_s


def answer(
    code: str,
    message: str,
    status: int,
    *,
    form: str = "",
    fields: Mapping[str, str] | None = None,
) -> Response:
    """The fault as it goes out: a page for people, JSON for all others. ``form``: where what was
    typed may be sent again from.
    """
    if request.accept_mimetypes.accept_html and not _is_api():
        response = make_response(_page(code, message, status, form))
    else:
        more = {"fields": dict(fields)} if fields else {}
        response = jsonify(error=code, message=message, **more)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER_S)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _is_form() -> bool:
    return request.method not in READS and not _is_api()


def _path() -> str:
    """What was asked for, as the log may have it: people paste a key where its name belongs."""
    return _LIKE_A_KEY.sub("…", request.path)[:LONGEST_LOGGED]


def sentence(text: str) -> str:
    """What a fault says, with a capital letter and a full stop."""
    whole = text[:1].upper() + text[1:]
    return whole if whole.endswith((".", "?", "!")) else f"{whole}."


def _page(code: str, message: str, status: int, form: str) -> str:
    return render_template(
        "fault.html",
        title=UNFIT if code == "store_unfit" else TITLES.get(status, "Something went wrong"),
        message=sentence(message),
        room=(request.view_args or {}).get("room", "") if status != 404 else "",
        form=form,
        # A form is never sent again by itself.
        again=code == "store_down" and request.method == "GET",
    )


def register(app: Flask) -> None:
    """Answer faults as JSON, and let no answer be kept by a cache."""

    @app.before_request
    def _measured() -> None:
        # The server reads chunks while we do, and one that is broken would be a fault of ours.
        if "Transfer-Encoding" in request.headers:
            raise Refused("length_required", "the body must come with a Content-Length")

    _answer_faults(app)
    _finish_answers(app)


def _answer_faults(app: Flask) -> None:
    """Each kind, from ours to what nobody expected."""

    @app.errorhandler(BadSetting)
    def _setting(error: BadSetting) -> Response:
        status = STATUS[error.code]
        # A form that is not whole, but a document with a field that cannot be.
        status = 422 if status == 400 and _is_api() else status
        return answer(error.code, str(error), status, fields={error.field: error.why})

    @app.errorhandler(WaitingRoomError)
    def _ours(error: WaitingRoomError) -> Response:
        status = STATUS.get(error.code, 500)
        if status < 500:
            found = error if isinstance(error, Refused) else Refused(error.code, str(error))
            response = answer(error.code, str(error), status, fields=found.fields)
            if found.retry_after_s:
                response.headers["Retry-After"] = str(found.retry_after_s)
            return response
        about = {"event": error.code}
        log.warning("%s: %s", error.code, error.__cause__ or error, extra=about)
        if isinstance(error, Refused | StoreUnfit):
            return answer(error.code, str(error), status)
        # The driver's own words may name hosts and sockets: they are for the log.
        return answer(error.code, AWAY_FORM if _is_form() else AWAY, status)

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> Response:
        status = error.code or 500
        code = HTTP_CODES.get(status, "bad_request" if status < 500 else "internal")
        told = error.description or error.name
        if status == 413 and (most := request.max_content_length):
            told = f"a body of more than {most // 1024} KiB is not read; nothing was changed"
        response = answer(code, told, status)
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return response

    @app.errorhandler(Exception)
    def _surprise(error: Exception) -> Response:
        log.error("unexpected", exc_info=error, extra={"event": "request_failed"})
        return answer("internal", "something went wrong here; it was logged", 500)


def _finish_answers(app: Flask) -> None:
    """What is refused leaves a line in the log, and no answer is kept or framed."""

    @app.after_request
    def _noted(response: Response) -> Response:
        changes = request.method not in READS and request.blueprint not in (SHOPS, "preview")
        if changes and 400 <= response.status_code < 500:
            operator, key = g.get("operator"), g.get("key")
            who = operator.name if operator else f"key:{key.name}" if key else NOBODY
            words = "refused (%d) %r to %s"
            about = {"event": "form_refused"}
            log.warning(words, response.status_code, _path(), who, extra=about)
        return response

    @app.after_request
    def _here(response: Response) -> Response:
        # What a browser is sent on to by the router itself names the host that the request named.
        here = request.host_url.rstrip("/")
        if (to := response.location) and to.startswith(f"{here}/"):
            response.location = to.removeprefix(here)
        return response

    @app.after_request
    def _uncached(response: Response) -> Response:
        kept = response.status_code in FOUND and static_files.may_be_kept(app)
        response.headers["Cache-Control"] = static_files.KEPT if kept else "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        # Previews of the gate's pages come with the gate's own.
        response.headers.setdefault("Content-Security-Policy", PAGE_POLICY)
        return response

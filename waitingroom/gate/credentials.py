"""Cookies and their names, and how a pass travels to a shop on another host."""

import secrets
from collections.abc import Mapping

from waitingroom.gate.http import set_cookie
from waitingroom.gate.request import Request
from waitingroom.links import with_handover
from waitingroom.tokens import Handover, Keyring, Pass

HANDOVER_MS = 30_000


def cookie_name(kind: str, room: str, *, secure: bool) -> str:
    """``wr-ticket-demo``; with ``__Host-`` where the shopper's side is https."""
    return f"{'__Host-' if secure else ''}wr-{kind}-{room}"


def is_bearer(request: Request) -> bool:
    """Whether a request shows its credential in a header, as apps do."""
    return request.header(b"authorization")[:7].lower() == "bearer "


def shown(request: Request, kind: str, room: str, *, secure: bool) -> str:
    """The ticket or pass that comes with a request: an app's header, else a browser's cookie.

    Who says that it is native is answered with credentials in the JSON: in a page of ours, a script
    could otherwise have those read out to it that stand in cookies.
    """
    if is_bearer(request):
        return request.header(b"authorization").partition(" ")[2].strip()
    if request.is_native:
        return ""
    cookies: Mapping[str, str] = request.cookies
    return cookies.get(cookie_name(kind, room, secure=secure), "")


def pass_cookie(keyring: Keyring, value: Pass, *, now_ms: int, secure: bool) -> tuple[bytes, bytes]:
    """The Set-Cookie header of a pass, kept by the browser until the pass's absolute end."""
    token = keyring.room_keys(value.room).sign_pass(value)
    seconds = max(0, (value.ends_at_ms - now_ms) // 1000)
    name = cookie_name("pass", value.room, secure=secure)
    return set_cookie(name, token, secure=secure, seconds=seconds)


def handed_over(keyring: Keyring, value: Pass, target: str, *, now_ms: int) -> str:
    """``target``, on a host where our cookie does not reach, with a handover of the pass."""
    token = keyring.room_keys(value.room).sign_handover(
        Handover(
            room=value.room,
            epoch=value.epoch,
            lease=value.lease,
            nonce=secrets.token_hex(8),
            issued_at_ms=value.issued_at_ms,
            expires_at_ms=now_ms + HANDOVER_MS,
            pass_expires_at_ms=value.expires_at_ms,
            pass_ends_at_ms=value.ends_at_ms,
        )
    )
    return with_handover(target, token)

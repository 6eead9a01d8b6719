"""The room API, as the guard calls it: five calls, JSON both ways, the standard library alone.

No redirect is followed and no proxy is taken from the environment: the bearer key goes to the one
address that the shop named. Safe between threads: every call has a connection of its own.
"""

import encodings.idna  # noqa: F401 - see below
import http.client
import json
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlsplit

from waitingroom import request_ids
from waitingroom.guard.knowledge import RoomFacts
from waitingroom.model import Outside

# Sockets load the codec of host names when they first meet one. A server that forks while our
# thread does so would leave its child without that codec for good: it could never call again.

LONGEST_ANSWER = 1_000_000
"""Bytes. A thousand leases take about 60,000."""


class ApiAway(Exception):
    """The room API did not answer in time, or with something that is no answer to us."""


class NotYet(ApiAway):
    """The room API is there and would answer another time: the room is not made yet, or our key is
    not known yet."""


class CallRefused(Exception):
    """The room API answered, and will never take this very call. ``code``: its word for why."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.code = code


class Redeemed(StrEnum):
    """What became of a handover."""

    FIRST = "first"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class LeaseNews:
    """An answer to renew or release: where the room stands, and the leases that are over.

    ``ended``: of those that were asked about, and the staff passes that were revoked.
    ``released``: those that were given back lately, through whichever process of the shop;
    ``mark``: what to show for hearing of later ones only.
    """

    facts: RoomFacts
    ended: tuple[str, ...]
    released: tuple[str, ...] = ()
    mark: str = ""


# 401 (but for a bad token), 403 and 404 speak of our key or of a room that is not there yet: an
# operator can mend them, and until then what we have to tell is kept.
_NEVER = frozenset({400, 409, 410, 413, 415, 422})
_REFUSING = frozenset({"replayed", "old_epoch", "bad_token"})
_ENDED = frozenset({"released", "old_epoch"})


@dataclass(frozen=True, slots=True)
class RoomApi:
    """``url``: scheme, host, port and perhaps a path, without a slash at the end."""

    url: str
    key: str

    def redeem(self, room: str, token: str, *, timeout_s: float, request_id: str = "") -> Redeemed:
        """Use a handover, for the request of that id. Raises :class:`ApiAway` when there is no
        clear yes or no.
        """
        try:
            self._post(room, "redeem", {"handover": token}, timeout_s, request_id)
        except CallRefused as refused:
            if refused.code in _REFUSING:
                return Redeemed.REFUSED
            raise ApiAway(str(refused)) from refused
        return Redeemed.FIRST

    def renew(
        self,
        room: str,
        leases: Sequence[str],
        *,
        now_ms: int,
        timeout_s: float,
        mark: str = "",
    ) -> LeaseNews:
        """Keep leases for another session; with none, ask where the room stands.

        ``mark``: of the answer before. Raises :class:`ApiAway` and :class:`CallRefused`; repeating
        it does no harm.
        """
        body = {"leases": list(leases)}
        call = f"leases/renew?since={quote(mark, safe='')}"
        return _lease_news(self._post(room, call, body, timeout_s), now_ms)

    def release(
        self, room: str, leases: Sequence[str], *, now_ms: int, timeout_s: float
    ) -> LeaseNews:
        """Give leases back. Raises like :meth:`renew`; repeating it does no harm."""
        body = {"leases": list(leases)}
        return _lease_news(self._post(room, "leases/release", body, timeout_s), now_ms)

    def health(self, room: str, answers: int, failures: int, *, timeout_s: float) -> None:
        """Tell how many answers the shop gave lately, and how many of them were failures.

        Raises like :meth:`renew`; repeating it counts them twice.
        """
        self._post(room, "health", {"answers": answers, "failures": failures}, timeout_s)

    def stock(self, room: str, left: int | None, *, age_ms: int, timeout_s: float) -> None:
        """Tell what was left so long ago. Raises like :meth:`renew`; repeating it does no harm."""
        self._post(room, "stock", {"left": left, "age_ms": age_ms}, timeout_s)

    def _post(
        self, room: str, call: str, body: dict[str, Any], timeout_s: float, request_id: str = ""
    ) -> Any:
        """The answer's JSON. ``timeout_s`` holds for each step of the exchange, not for the sum."""
        parts = urlsplit(self.url)
        connection = _connect(parts.scheme, parts.hostname or "", parts.port, timeout_s)
        headers = {
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            request_ids.HEADER: request_id or request_ids.fresh(),
        }
        try:
            path = f"{parts.path}/api/v1/rooms/{room}/{call}"
            connection.request("POST", path, json.dumps(body), headers)
            answer = connection.getresponse()
            return _read(answer.status, answer.read(LONGEST_ANSWER))
        except (OSError, http.client.HTTPException) as error:
            raise ApiAway(f"{type(error).__name__}: {error}") from error
        finally:
            connection.close()


def _connect(
    scheme: str, host: str, port: int | None, timeout_s: float
) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=timeout_s, context=context)
    return http.client.HTTPConnection(host, port, timeout=timeout_s)


def _read(status: int, raw: bytes) -> Any:
    """The JSON of a 200. Raises :class:`ApiAway` or :class:`CallRefused` for all else."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise ApiAway(f"status {status} without a JSON object")
    if status == 200:
        return body
    code = body.get("error")
    code = code if isinstance(code, str) else ""
    if status in _NEVER or (status == 401 and code in _REFUSING):
        raise CallRefused(status, code)
    raise (NotYet if status < 500 else ApiAway)(f"status {status} {code}")


def _lease_news(body: dict[str, Any], now_ms: int) -> LeaseNews:
    """Read an answer, field by field. Raises :class:`ApiAway` for one that we cannot read."""
    try:
        facts = RoomFacts(
            _count(body["epoch"]),
            _count(body["staff_epoch"]),
            _flag(body["outside"]),
            now_ms,
            # An older console says nothing.
            None if body.get("shop") is None else Outside(_text(body["shop"])),
        )
        states = {lease: state["state"] for lease, state in body["leases"].items()}
        released = tuple(map(_text, body.get("released", ())))
        revoked = tuple(map(_text, body.get("revoked", ())))
        mark = _text(body.get("mark", ""))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ApiAway(f"an answer without {error}") from error
    ended = (*(lease for lease, state in states.items() if state in _ENDED), *revoked)
    return LeaseNews(facts, ended, released, mark)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count")
    return value


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("a flag")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("a text")
    return value

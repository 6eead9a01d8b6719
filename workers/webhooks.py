"""Webhooks as Standard Webhooks have them: one JSON document, signed with the time it is sent at.

https://github.com/standard-webhooks/standard-webhooks: ``webhook-id`` is the same of each try,
``webhook-signature`` is ``v1,`` and the base64 of HMAC-SHA256 over ID.TIMESTAMP.BODY.
"""

import hmac
import http.client
import json
import ssl
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from urllib.parse import urlsplit

from waitingroom.alarms import ALARMS
from waitingroom.standing import AlarmNotice
from workers.post import NotTaken

PATIENCE_S = 10
"""For each step of the conversation with a receiver."""
LONGEST_ANSWER = 4_096
"""Bytes; what is in it does not count."""


def body_of(notice: AlarmNotice, console_url: str, now_ms: int) -> bytes:
    """The document. Its form is in docs/operations.md."""
    alarm = ALARMS[notice.case.name]
    data = {
        "alarm": notice.case.name,
        "severity": alarm.severity,
        "room" if alarm.room else "system": notice.case.subject,
        "words": notice.words,
        "to_do": alarm.to_do,
        "began_at": told(notice.began_ms),
        "ended_at": told(notice.ended_ms) if notice.ended_ms else None,
        "console": page_of(notice, console_url),
    }
    kind = "alarm.ended" if notice.ended_ms else "alarm.began"
    document = {"type": kind, "timestamp": told(now_ms), "data": data}
    return json.dumps(document, ensure_ascii=False).encode()


def page_of(notice: AlarmNotice, console_url: str) -> str:
    """Where the console tells of it."""
    room = ALARMS[notice.case.name].room
    return f"{console_url}/rooms/{notice.case.subject}" if room else f"{console_url}/"


def signed(id: str, body: bytes, secret: str, now_ms: int) -> dict[str, str]:
    """The headers of a message that is sent now. ``secret``: ``whsec_`` and base64."""
    timestamp = str(now_ms // 1000)
    key = b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, b".".join((id.encode(), timestamp.encode(), body)), "sha256")
    return {
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
        "content-type": "application/json",
    }


def post(url: str, body: bytes, headers: dict[str, str]) -> None:
    """Send it. Raises :class:`NotTaken` unless the answer is 2xx; no redirect is followed."""
    parts = urlsplit(url)
    connection = _connect(parts.scheme, parts.hostname or "", parts.port)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read(LONGEST_ANSWER)
    except (OSError, http.client.HTTPException) as error:
        # Only its kind: an address may be as secret as what is sent there.
        raise NotTaken(f"the receiver of webhooks: {type(error).__name__}") from None
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise NotTaken(f"the receiver of webhooks answered {answer.status}")


def _connect(scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
    if scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=context)
    return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)


def moment(at_ms: int) -> datetime:
    """A time of ours."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def told(at_ms: int) -> str:
    """``2026-11-26T14:05:09Z``."""
    return moment(at_ms).strftime("%Y-%m-%dT%H:%M:%SZ")

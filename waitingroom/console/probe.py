"""Asks a room's shop for a page without a pass: one bounded GET, to one address, of which only the
status and where it sends people is looked at.
"""

import http.client
import ipaddress
import json
import socket
import ssl
from contextlib import suppress
from threading import Thread, Timer
from urllib.parse import urljoin, urlsplit

from waitingroom.readiness import Asked, Door

PATIENCE_S = 3.0
"""For each step; and for all of it twice as long."""
LONGEST_ANSWER = 4_096
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""RFC 6052: an IPv4 address in its last four bytes."""
HEADERS = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "User-Agent": "waitingroom-ready"}


def ask(url: str, gate: str, *, private: bool, patience_s: float = PATIENCE_S) -> Asked:
    """What the shop at ``url`` does. ``gate``: the address of the room's page, where its guard
    should send people. ``private``: whether an address that is not public may be asked, which
    operators who only name it must not make this host do. No redirect is followed.
    """
    found: list[Asked] = []
    # In a thread, since a look-up of a name has no limit of its own.
    asker = Thread(target=lambda: found.append(_ask(url, gate, private, patience_s)), daemon=True)
    asker.start()
    asker.join(3 * patience_s)
    return next(iter(found), Asked(Door.SILENT, url, "no answer in time"))


def is_public(address: str) -> bool:
    """Whether it is one host out there; not what leads back in by way of a translator."""
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in NAT64:
            inner = ipaddress.IPv4Address(found.packed[-4:])
        if inner is not None:
            found = inner
    return found.is_global and not found.is_multicast


def _ask(url: str, gate: str, private: bool, patience_s: float) -> Asked:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        address = str(found[4][0])
        if not private and not is_public(address):
            return Asked(Door.NOT_ASKED, url)
        with socket.create_connection((address, port), patience_s) as line:
            return _talk(line, url, gate, patience_s)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Asked(Door.SILENT, url, _in_words(error))


def _in_words(error: Exception) -> str:
    match error:
        case socket.gaierror():
            return "no such host"
        case ConnectionRefusedError():
            return "nobody listens there"
        case ssl.SSLError():
            return f"TLS: {error.reason or 'broken off'}"
        case TimeoutError():
            return "no answer in time"
        case OSError() if error.strerror:
            return error.strerror.lower()
        case _:
            return f"no HTTP: {type(error).__name__}"


def _talk(line: socket.socket, url: str, gate: str, patience_s: float) -> Asked:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    # A shop that drips its answer must not keep us for long.
    end = Timer(2 * patience_s, _cut, [line])
    end.daemon = True
    end.start()
    try:
        connection.sock = line
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = http.client.HTTPSConnection(parts.hostname or "", parts.port)
            connection.sock = context.wrap_socket(line, server_hostname=parts.hostname)
        connection.request("GET", parts.path or "/", headers=HEADERS)
        answer = connection.getresponse()
        return _judged(answer.status, answer.headers, answer.read(LONGEST_ANSWER), url, gate)
    finally:
        end.cancel()
        connection.close()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _judged(
    status: int, headers: http.client.HTTPMessage, body: bytes, url: str, gate: str
) -> Asked:
    detail = f"status {status}"
    if status in (301, 302, 303, 307, 308):
        to = urljoin(url, headers.get("Location", ""))
        at_gate = to.partition("?")[0] in (gate, f"{gate}/go")
        # Only whose page it is: an address may hold what is nobody's business.
        where = urlsplit(to)
        return Asked(
            Door.REFUSED if at_gate else Door.ELSEWHERE,
            url,
            f"{detail} to {where.scheme}://{where.netloc}",
        )
    if status == 401:
        with suppress(ValueError, AttributeError):
            if json.loads(body).get("error") == "no_pass":
                return Asked(Door.REFUSED, url, detail)
    if 200 <= status < 300:
        return Asked(Door.LET_IN, url, detail)
    return Asked(Door.FAILED, url, detail)

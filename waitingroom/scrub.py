"""Takes out of a text what no log may hold: credentials, and addresses in full. Pure.

The last line of defence: our own lines never say such things. Other people's code does, in its
errors: gunicorn names the address of a bad request, a driver the URL that it was given.
"""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address

from waitingroom.clients import blurred

HIDDEN = "…"
# Each begins where no letter of its own stands before: a long word is not looked through from each
# of its letters.
_RULES = (
    # Signed by us: KIND.FIELDS.SIGNATURE, and what itsdangerous writes for sessions and forms.
    (re.compile(r"(?<![\w.~-])[\w.~-]*\.(?:[\w-]{43}|[\w-]{27})(?![\w-])", re.ASCII), HIDDEN),
    # Keys of operators' programs and of shops: NAME.SECRET.
    (re.compile(r"(?<![\w.~-])[a-z0-9][a-z0-9_-]{0,39}\.[0-9a-f]{64}(?![\w-])", re.ASCII), HIDDEN),
    # Keys of a room, as they are exported.
    (re.compile(r"\bwrk1\.[\w.,-]+", re.ASCII), HIDDEN),
    (re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.ASCII | re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(r"\b((?:set-)?cookie['\"]?\s*[:=]\s*).+", re.ASCII | re.IGNORECASE),
        rf"\1{HIDDEN}",
    ),
    # Name and password in a URL.
    (re.compile(r"(://)[^/\s@]+@"), rf"\1{HIDDEN}@"),
    # The query of an address; a question mark in prose has a blank or nothing behind it.
    (re.compile(r"\?[\w%-]+(?:=|&)[^\s'\"<>)]*", re.ASCII), f"?{HIDDEN}"),
    # A part of an address that opens something by itself, like that of an order.
    (re.compile(r"(/)(?=[\w-]*[0-9])(?=[\w-]*[A-Z])[A-Za-z0-9_-]{40,}", re.ASCII), rf"\1{HIDDEN}"),
    (re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), HIDDEN),
)
_ADDRESS = re.compile(
    r"(?<![\w.:])(?:(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]{0,40}:[0-9A-Fa-f:.]{0,40})"
    r"(?![\w/])",
    re.ASCII,
)


def scrubbed(text: str) -> str:
    """``text`` as a log may have it."""
    for rule, instead in _RULES:
        text = rule.sub(instead, text)
    return _ADDRESS.sub(_network, text)


def _network(found: re.Match[str]) -> str:
    """What stands there, where it is no address: a time looks much like one. A colon or full stop
    behind it is the sentence's.
    """
    text, behind = found[0], ""
    while not (address := _address(text)):
        if not text.endswith((":", ".")):
            return found[0]
        text, behind = text[:-1], text[-1] + behind
    # Our own side of a connection, which is nobody's.
    if address.is_loopback or address.is_unspecified:
        return found[0]
    return blurred(text) + behind


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text)
    except ValueError:
        return None

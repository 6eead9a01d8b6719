"""Where a shopper may be sent back to: the room's own origins, and nowhere else. Pure."""

from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

LONGEST = 2048
_SAFE = "/:?#[]@!$&'()*+,;=%-._~"


def _is_plain(text: str) -> bool:
    """Free of what parsers disagree about: controls, spaces, backslashes, over-long text."""
    return len(text) <= LONGEST and not any(
        character <= " " or character in "\\\x7f" or "\ud800" <= character <= "\udfff"
        for character in text
    )


def origin_of(parts: SplitResult) -> str:
    """Scheme, host and port as browsers write an origin: lower case, default port left out."""
    host = (parts.hostname or "").lower()
    if ":" in host:
        host = f"[{host}]"
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"


def resolve(to: str, origins: tuple[str, ...]) -> str | None:
    """The address to send somebody to, or None where ``to`` is not the room's.

    ``to``: "" for the shop's front page, a path, or an absolute URL of one of ``origins``. A room
    without origins stands on the shop's own host: then paths alone are good. The answer is ASCII.
    """
    if not _is_plain(to):
        return None
    if to == "":
        to = "/"
    if to.startswith("/"):
        # Two slashes begin a host, not a path.
        if to.startswith("//"):
            return None
        return quote((origins[0] if origins else "") + to, safe=_SAFE)
    try:
        parts = urlsplit(to)
        origin = origin_of(parts)
    except ValueError:
        return None
    allowed = {origin_of(urlsplit(own)) for own in origins}
    if parts.scheme not in ("http", "https") or "@" in parts.netloc or origin not in allowed:
        return None
    # The origin is written anew, so that only what was compared is what is sent.
    rest = urlunsplit(("", "", parts.path or "/", parts.query, parts.fragment))
    return origin + quote(rest, safe=_SAFE)


def is_same_host(target: str, scheme: str, host: str) -> bool:
    """Whether cookies set by us (``scheme``, Host header) reach ``target``: they ignore ports."""
    if target.startswith("/"):
        return True
    try:
        there, here = urlsplit(target), urlsplit(f"{scheme}://{host}")
    except ValueError:
        return False  # no Host header that a browser sends
    return there.scheme == here.scheme and there.hostname == here.hostname

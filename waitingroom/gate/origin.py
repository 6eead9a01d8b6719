"""Whether a request that changes something comes from our own pages. Pure."""

from contextlib import suppress
from urllib.parse import urlsplit

from waitingroom.gate.targets import origin_of


def own_origins(public_url: str, host: str, scheme: str, *, secure: bool) -> frozenset[str]:
    """The gate's own: by its public URL, and by what the browser says where it is.

    ``host``, ``scheme``: of the shopper's side; either may be "", unknown. Where shoppers come by
    https (``secure``), a page that came by http may be anybody's on the way.
    """
    schemes = ("https",) if secure else (scheme,) if scheme else ("http", "https")
    found = {origin_of(urlsplit(public_url))}
    with suppress(ValueError):  # no Host header that a browser sends
        found |= {origin_of(urlsplit(f"{one}://{host}")) for one in schemes}
    return frozenset(one for one in found if one.startswith("https:") or not secure)


def is_cross_site(origin: str, fetch_site: str, own: frozenset[str]) -> bool:
    """Whether a POST or DELETE comes from somebody else's page.

    ``origin`` and ``fetch_site``: the headers, "" where not sent (apps and old browsers send
    neither; they hold no cookie that another site could misuse).
    """
    return fetch_site == "cross-site" or (bool(origin) and not is_ours(origin, own))


def is_ours(url: str, own: frozenset[str]) -> bool:
    """Whether an origin, or a page's address, is one of the gate's own."""
    try:
        return origin_of(urlsplit(url)) in own
    except ValueError:
        return False

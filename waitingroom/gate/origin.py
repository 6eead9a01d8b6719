"""Whether a request that changes something comes from our own pages. Pure."""

from urllib.parse import urlsplit

from waitingroom.gate.targets import origin_of


def is_cross_site(origin: str, fetch_site: str, *, host: str, public_url: str) -> bool:
    """Whether a POST or DELETE comes from somebody else's page.

    ``origin`` and ``fetch_site``: the headers, "" where not sent (apps and old browsers send
    neither; they hold no cookie that another site could misuse). ``host``: the Host header.
    """
    if fetch_site == "cross-site":
        return True
    return bool(origin) and not is_ours(origin, host=host, public_url=public_url)


def is_ours(url: str, *, host: str, public_url: str) -> bool:
    """Whether an origin, or a page's address, is the gate's own."""
    try:
        theirs = origin_of(urlsplit(url))
        if theirs == origin_of(urlsplit(public_url)):
            return True
        # Where shoppers come by https, a page that came by http may be anybody's on the way.
        schemes = ("https",) if public_url.startswith("https:") else ("http", "https")
        ours = {origin_of(urlsplit(f"{scheme}://{host}")) for scheme in schemes}
    except ValueError:
        return False
    return theirs in ours

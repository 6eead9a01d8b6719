"""Addresses that carry a handover in their query: put in, and taken out again. Pure."""

from urllib.parse import unquote_plus, urlsplit, urlunsplit

NAME = "wr_handover"
"""The query parameter that carries a handover to a shop on another host."""


def with_handover(target: str, token: str) -> str:
    """``target`` with the handover in its query, before any fragment."""
    parts = urlsplit(target)
    # One that was used already, in an address that somebody kept, would be found first.
    _, rest = split_handover(parts.query)
    pairs = [pair for pair in rest.split("&") if pair]
    return urlunsplit(parts._replace(query="&".join((*pairs, f"{NAME}={token}"))))


def split_handover(query: str) -> tuple[str | None, str]:
    """The first handover in a query, and the query without any: all else byte for byte."""
    rest = []
    handover = None
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if unquote_plus(name) != NAME:
            rest.append(part)
        elif handover is None:
            handover = unquote_plus(value)
    return handover, "&".join(rest)

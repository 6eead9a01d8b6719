"""The verdict's look at every single answer: what the protocol lets a shopper be told. Pure."""

from loadtests.evidence import Evidence
from loadtests.finding import Finding, finding
from loadtests.records import Answer

STORE_DOWN = (503, "store_down")
DOCUMENTED: dict[str, frozenset[tuple[int, str]]] = {
    "arrive": frozenset({(200, "")}),
    "static": frozenset({(200, "")}),
    "join": frozenset(
        {
            *((201, ""), (200, ""), (409, "not_yet"), (409, "closed"), (409, "sold_out")),
            *((429, "too_many"), STORE_DOWN),
        }
    ),
    "status": frozenset({(200, ""), STORE_DOWN}),
    "pass": frozenset(
        {
            *((200, ""), (409, "not_called"), (409, "door"), (409, "full"), (409, "paused")),
            *((410, "lapsed"), (410, "closed"), (410, "sold_out"), STORE_DOWN),
        }
    ),
    "pass after leaving": frozenset({(410, "left"), (409, "not_called"), STORE_DOWN}),
    "leave": frozenset({(204, ""), STORE_DOWN}),
    "shop": frozenset({(200, "")}),
    "item": frozenset({(200, "")}),
    "buy": frozenset({(200, ""), (409, "")}),
}
"""What docs/protocol.md (and the shop) lets a shopper of ours be told, by a call's first words."""
SHOP = ("arrive", "shop", "item", "buy")
"""Calls that the shop may answer itself: its 503 is a page, with a time to come back."""


def sold_out(answer: Answer) -> bool:
    """Whether the shop says that the last piece is gone."""
    return answer.call.startswith("buy ") and answer.status == 409


def _kind(answer: Answer) -> str:
    """``buy oak-stool`` is a ``buy``."""
    return "buy" if answer.call.startswith("buy ") else answer.call


def _is_documented_503(answer: Answer) -> bool:
    known = (answer.status, answer.error) == STORE_DOWN or _kind(answer) in SHOP
    return answer.status == 503 and known and answer.retry_after_ms > 0


def no_server_error(evidence: Evidence) -> Finding:
    """Every question is answered, and with no 5xx but the documented 503."""
    wrong = (
        f"{a.call} of shopper {a.shopper}: {a.status or 'no answer'} {a.error}".rstrip()
        for a in evidence.answers
        if a.status == 0 or (a.status >= 500 and not _is_documented_503(a))
    )
    refused = sum(map(_is_documented_503, evidence.answers))
    looked_at = f"{len(evidence.answers):,} answers, {refused} of them the documented 503"
    return finding("no answer of 5xx but the documented 503", looked_at, wrong)


def only_documented_answers(evidence: Evidence) -> Finding:
    """Each call is answered as docs/protocol.md says, by status and code."""
    wrong = (
        f"{a.call} of shopper {a.shopper}: {a.status} {a.error}".rstrip()
        for a in evidence.answers
        if a.status not in (0, *range(500, 600))
        and (a.status, a.error) not in DOCUMENTED.get(_kind(a), ())
    )
    calls = len({_kind(answer) for answer in evidence.answers})
    return finding("no answer but the documented ones", f"{calls} kinds of calls", wrong)

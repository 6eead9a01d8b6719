"""The verdict's look at every single answer: what the protocol lets a shopper be told. Pure."""

from loadtests.evidence import Evidence
from loadtests.finding import Finding, finding

STORE_DOWN = (503, "store_down")
DOCUMENTED: dict[str, frozenset[tuple[int, str]]] = {
    "page": frozenset({(200, "")}),
    "static": frozenset({(200, "")}),
    "join": frozenset(
        {(201, ""), (200, ""), (409, "not_yet"), (409, "closed"), (429, "too_many"), STORE_DOWN}
    ),
    "status": frozenset({(200, ""), STORE_DOWN}),
    "pass": frozenset(
        {
            *((200, ""), (409, "not_called"), (409, "door"), (409, "full"), (409, "paused")),
            *((410, "lapsed"), (410, "closed"), STORE_DOWN),
        }
    ),
    "pass after leaving": frozenset({(410, "left"), (409, "not_called"), STORE_DOWN}),
    "leave": frozenset({(204, ""), STORE_DOWN}),
    "shop": frozenset({(200, "")}),
    "buy": frozenset({(200, "")}),
}
"""What docs/protocol.md lets a shopper of ours be told, by call."""


def no_server_error(evidence: Evidence) -> Finding:
    """Every question is answered, and with no 5xx but the documented 503."""
    wrong = (
        f"{a.call} of shopper {a.shopper}: {a.status or 'no answer'} {a.error}".rstrip()
        for a in evidence.answers
        if a.status == 0
        or (a.status >= 500 and not ((a.status, a.error) == STORE_DOWN and a.retry_after_ms > 0))
    )
    refused = sum((a.status, a.error) == STORE_DOWN for a in evidence.answers)
    looked_at = f"{len(evidence.answers):,} answers, {refused} of them the documented 503"
    return finding("no answer of 5xx but the documented 503", looked_at, wrong)


def only_documented_answers(evidence: Evidence) -> Finding:
    """Each call is answered as docs/protocol.md says, by status and code."""
    wrong = (
        f"{a.call} of shopper {a.shopper}: {a.status} {a.error}".rstrip()
        for a in evidence.answers
        if a.status not in (0, *range(500, 600))
        and (a.status, a.error) not in DOCUMENTED.get(a.call, ())
    )
    calls = len({answer.call for answer in evidence.answers})
    return finding("no answer but the documented ones", f"{calls} kinds of calls", wrong)

"""What the description of the API says in words: of the whole, of fields, of refusals. Pure."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from waitingroom.console.faults import HTTP_CODES, STATUS
from waitingroom.console.knobs import KNOBS, Kind

WHOLE: Final = """\
Whatever the console can do, for programs.

**Keys.** Every operation wants `Authorization: Bearer KEY`. An operator's key (`POST
/api/v1/keys`, or `waitingroom operator key add NAME --role ROLE`) has a role: viewer, support,
operator or admin; each may do what those before it may, and `x-role` says which an operation
takes. The shop's calls (`redeem`, `leases/renew`, `leases/release`, `health`, `stock`) take a
shop's key (`POST /api/v1/shop-keys`).

**Times** are whole milliseconds since 1970, UTC, in fields that end in `_at_ms`; durations, in
other fields that end in `_ms`, are milliseconds. Rates are a minute.

**Bodies** are JSON objects, with `Content-Type: application/json`. Fields that are not named
here are refused.

**Refusals** are `{"error": CODE, "message": …}`, with `fields` where some are wrong; the code
is stable. 409: the request is whole, and things as they are do not allow it; look again. 422:
what it says cannot be, whatever the state. Nothing was changed then; after 503 a change may have
been done: look first.
`Retry-After` says when to ask again. Every answer has an `X-Request-ID`, under which the logs
tell of it.

**Versions.** Answers about one room tell its version as `ETag`. Sent back as `If-Match`, a
change is done only if nobody else changed the room meanwhile.

**Lists** are whole: nothing here has pages. A record tells the newest `count` entries, and all
of them as `record.jsonl` or `record.csv`.
"""

MOMENT: Final = "Milliseconds since 1970, UTC."
_MOMENTS = re.compile(r"(.+_)?(at|by|until|begins|ends|now)_ms")
_UNITS: Mapping[str, str] = {
    "_per_min": "A minute.",
    "_ms": "Milliseconds.",
    "_us": "Microseconds.",
    "_s": "Seconds.",
}
_NAMES: Mapping[str, str] = {
    "about": "What was tried, in a few words.",
    "after": "With the change.",
    "ahead": "People before this place.",
    "answers": "Of the shop to people with a pass.",
    "arrival": "The place in the order of joining.",
    "at_door": "Called, come, and waiting a moment for the strict limit.",
    "before": "Without the change.",
    "brand": "How the room looks and speaks, beside what is usual.",
    "by": "Who did it.",
    "called": "Numbers called since this running began.",
    "cause": "A reason that pages say in each language.",
    "closed_at_ms": f"{MOMENT} When it closed; 0: it has not.",
    "code": "A word of ours, which stays the same.",
    "colours": "By `light-accent`, `dark-card` and the like: `#rrggbb`.",
    "commitment": "SHA-256 of the draw's seed, in hex.",
    "counters": "Counts of this running, which only grow.",
    "drawn": "How many took part in the draw; null before it.",
    "end_code": "Why it is draining or closed, as a cause; empty where none was given.",
    "end_reason": "The same in an operator's words.",
    "entered": "People who went in since this running began.",
    "epoch": "The running of the room; a reset raises it, and ends all older tickets and passes.",
    "expires_at_ms": f"{MOMENT} When the place in the shop ends, if it is not renewed.",
    "failures": "Of these, failures of the shop's own (5xx).",
    "field": "The knob that is turned.",
    "first": "Where a ramp begins.",
    "inside": "People in the shop.",
    "joins": "Whether new people may join; those in line stay in any case.",
    "key": "What its holder sends as `Authorization: Bearer`. It is told this once.",
    "knob": "`rate_per_min` or `capacity`.",
    "knobs": "Knobs by their names.",
    "lang": "A language, like `de`.",
    "lapsed": "Every number up to this one may come no more.",
    "last": "Where a ramp ends.",
    "late": "Entries after the call had timed out.",
    "lease": "The place in the shop that a pass occupies.",
    "leases": "Places taken in the shop.",
    "left": "People who left the line since this running began.",
    "links": "By `help`, `contact`, `terms`, `imprint`, `privacy`: an https address.",
    "made_by": "Who made it.",
    "mark": "For `since`, the next time.",
    "minutes": "How long it lasts at most.",
    "name": "What it is called: lower-case letters, digits and a few signs.",
    "news": "What shoppers were told lately.",
    "no_show": "Calls that nobody answered in time, since this running began.",
    "no_shows": "Calls that nobody answered in time, since this running began.",
    "no_show_share": "Of those who went in or did not come, from 0 to 1; null: nobody was called.",
    "number": "The place in line, fixed once; null before the draw.",
    "open_calls": "Called, and neither come nor given up.",
    "opened_at_ms": f"{MOMENT} When it opened; 0: it has not.",
    "origins": "Where the shop is, like https://shop.example.com.",
    "password": "12 to 200 characters, of them at least four different ones.",
    "pause_code": "Why it is paused, as a cause; empty where none was given.",
    "pause_reason": "The same in an operator's words.",
    "p50_s": "Seconds by when half of them were in; null: of nobody.",
    "p90_s": "Seconds by when nine in ten of them were in; null: of nobody.",
    "paused": "Whether it is paused, in whichever phase.",
    "people": "How many people.",
    "phase": "scheduled, early (people may join), open, paused, draining or closed.",
    "ramp": "The ramp that a step belongs to, or one that is asked for; null: none.",
    "reason": "What shoppers read, in an operator's words.",
    "refused": "Knocks of called people who were asked to wait a moment.",
    "released": "Places in the shop given back.",
    "role": "What it may do: each role also what those before it may.",
    "room": "A room's id.",
    "rooms": "Rooms by their ids; of a shop's key, none: all of them.",
    "schedule": "Knobs that are turned at a time.",
    "seed": "The draw's seed, in hex; null before the draw.",
    "sentence": "The page's own sentence, in English.",
    "serving": "The highest number called so far.",
    "staff_epoch": "Staff passes of an earlier one count no more.",
    "state": "Where it stands.",
    "steps": "Steps in order of time.",
    "stock": "What the shop has left, as it reports; null: it does not.",
    "tail": "The last number given out.",
    "text": "What is said.",
    "texts": "What pages say in one language instead of one of our sentences.",
    "time_zone": "For pages without a script, like `Europe/Warsaw`.",
    "title": "The room's name, as shoppers read it; empty: its id.",
    "waits": "How long people waited who went in.",
    "value": "A whole number; of `joins`, true or false.",
    "version": "Moves with each change of the room: what a change is based on.",
    "waiting": "Numbers that have not been called yet.",
}
IN: Mapping[tuple[str, str], str] = {
    ("Fault", "message"): "The same in words, for people.",
    ("Finding", "sentence"): "Where it shows, in words.",
    ("Forecast", "left"): "What the shop has left, as it reports; null: it does not.",
    ("Forecast", "stock"): "Whether that ends with those in line now.",
    ("LeaseState", "state"): "Whether it is good.",
    ("RoomFigures", "capacity_in_s"): "Where more are inside than the capacity allows: in about how"
    " many seconds enough will have left; else null.",
    ("MadePass", "name"): "For whom it was made.",
    ("NewRamp", "to"): "Where it ends.",
    ("News", "code"): "What happened: a word that stays the same.",
    ("Place", "code"): "What the shopper's page shows.",
    ("Place", "released"): "Whether the shop gave the place back, where it was inside.",
    ("Row", "title"): "What is looked at.",
    ("Running", "version"): "Of the software.",
    ("Shown", "name"): "As Prometheus calls it.",
    ("StaffPass", "name"): "For whom it was made.",
    ("Verdict", "before"): "Entries from before the chain.",
}
"""Where a document's field is something else than others of its name."""


def of_field(name: str, document: str = "") -> str:
    """What a field called ``name`` is; "" where only its ``document`` can say."""
    if said := IN.get((document, name)) or _NAMES.get(name):
        return said
    if name in KNOBS:
        return of_knob(name)
    if _MOMENTS.fullmatch(name):
        return MOMENT
    return next((said for unit, said in _UNITS.items() if name.endswith(unit)), "")


def of_knob(name: str) -> str:
    """The same of a knob, in the console's words."""
    knob = KNOBS[name]
    match knob.kind:
        case Kind.MOMENT:
            return f"{knob.label}, in milliseconds since 1970, UTC; 0: {knob.none}."
        case Kind.DURATION:
            return f"{knob.label}, in milliseconds: {knob.hint}."
        case _:
            return f"{knob.label}: {knob.hint}."


def of_status(status: int, phrase: str) -> str:
    """What a refusal with ``status`` may say, as ``error``."""
    theirs = [code for code, found in STATUS.items() if found == status]
    # A form that is not whole, but a document with a field that cannot be.
    theirs = [code for code in theirs if (code, status) != ("bad_setting", 400)]
    theirs += ["bad_setting"] if status == 422 else []
    if status in HTTP_CODES and HTTP_CODES[status] not in theirs and status != 415:
        theirs.append(HTTP_CODES[status])
    return f"{phrase}: {', '.join(f'`{code}`' for code in theirs)}." if theirs else phrase


def of_view(view: Callable[..., Any]) -> dict[str, str]:
    """An operation's name, what it does in a sentence, and what else is to be known of it."""
    first, _, rest = (view.__doc__ or "").partition("\n\n")
    told = {"operationId": view.__name__, "summary": plain(first)}
    return told | ({"description": plain(rest)} if rest else {})


def plain(docstring: str | None) -> str:
    """A docstring of ours as one paragraph of Markdown."""
    text = re.sub(r"\bNone\b", "null", docstring or "")
    text = re.sub(r":\w+:`~?([^`]*\.)?([^`]+)`", r"`\2`", text)
    return " ".join(text.replace("``", "`").split())

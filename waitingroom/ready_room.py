"""Rows of readiness that are of one room. Pure."""

from datetime import UTC, datetime

from waitingroom.brand import LANGUAGES, zone_of
from waitingroom.model import OUTSIDE, Phase
from waitingroom.readiness import Door, Facts, Judged, State

WEEK_MS = 7 * 86_400_000
OLD_MS = 90 * 86_400_000


def shop(facts: Facts) -> Judged:
    """It answers, and its guard lets nobody in without a pass."""
    asked, outside = facts.asked, facts.room.phase in OUTSIDE
    guard = "Put the guard before it (docs/integrations.md), for this room."
    match asked.door:
        case Door.REFUSED:
            return State.READY, f"{asked.url} sends whoever has no pass to the gate."
        case Door.LET_IN:
            says = f"{asked.url} let in somebody without a pass ({asked.detail})"
            if not outside:
                return State.NOT_READY, f"{says}.", guard
            return (
                State.NOTE,
                f"{says}, while there is no sale.",
                "That is right where the guard is set to `open` outside a sale. Look again when "
                "people may join.",
            )
        case Door.ELSEWHERE:
            says = f"{asked.url} sends whoever has no pass elsewhere than to this room’s page"
            return State.NOT_READY, f"{says} at the gate ({asked.detail}).", guard
        case Door.FAILED | Door.SILENT:
            says = f"{asked.url} does not answer as a shop should ({asked.detail})."
            return State.NOT_READY, says, "Look at the shop’s log; see that this host reaches it."
        case _:
            return _not_asked(facts)


def _not_asked(facts: Facts) -> Judged:
    room = facts.room.room
    if facts.asked.door is Door.NO_ADDRESS:
        return (
            State.NOT_READY,
            "The room does not know its shop: nobody could be sent back to it.",
            f"`waitingroom room set {room} --origin https://shop.example.com`",
        )
    return (
        State.NOTE,
        f"{facts.asked.url} is at a private address, which the console asks only where "
        "WAITINGROOM_SHOP_URL names it.",
        f"Run `waitingroom ready {room}` on a host that reaches it.",
    )


def opening(facts: Facts) -> Judged:
    """A time to come, and in which zone."""
    room = facts.room
    if room.phase is Phase.CLOSED:
        mend = f"`waitingroom room reset {room.room}` begins a new running."
        return State.NOT_READY, "The sale is over.", mend
    if room.phase not in (Phase.SCHEDULED, Phase.EARLY):
        return State.READY, f"The room is {room.phase}: the sale is on."
    if not room.opens_at_ms:
        # A time to come, so that it does as it stands there.
        soon = datetime.fromtimestamp((facts.now_ms + WEEK_MS) / 1000, UTC)
        return (
            State.NOT_READY,
            "No opening time is set: the room opens when somebody opens it.",
            f"`waitingroom room set {room.room} --opens-at {soon:%Y-%m-%d}T14:00+00:00`",
        )
    zone = zone_of(room.brand.time_zone)
    opens = datetime.fromtimestamp(room.opens_at_ms / 1000, UTC)
    local = f", {opens.astimezone(zone):%a %d %b %Y %H:%M} in {zone}" if zone else ""
    says = f"It opens on {opens:%a %d %b %Y %H:%M} UTC{local}"
    if room.paused:
        return State.NOT_READY, f"{says}, but it is paused.", "Resume it."
    if zone:
        return State.READY, f"{says}."
    return (
        State.READY,
        f"{says}; shoppers read it in their own time zone, or without a script in UTC.",
    )


def words(facts: Facts) -> Judged:
    """The operator's own texts, in every language."""
    said: dict[str, set[str]] = {}
    for one in facts.room.brand.texts:
        said.setdefault(one.sentence, set()).add(one.lang)
    for sentence, langs in said.items():
        if lacking := [lang for lang in LANGUAGES if lang not in langs]:
            return (
                State.NOT_READY,
                f"“{_short(sentence)}” has a text of yours, but not in {', '.join(lacking)}.",
                f"`waitingroom room brand {facts.room.room}` sets texts, or takes them away.",
            )
    if facts.room.message:
        return (
            State.NOTE,
            "The message to those who wait is in one language.",
            "Write it so that all of them can read it, or take it away.",
        )
    own = f"; {len(said)} of them {'is' if len(said) == 1 else 'are'} yours" if said else ""
    return State.READY, f"Every text is there in {len(LANGUAGES)} languages{own}."


def brand(facts: Facts) -> Judged:
    """How the pages look."""
    room = facts.room
    if not room.title:
        mend = f"`waitingroom room set {room.room} --title …`"
        return State.NOT_READY, "The room has no title for its pages.", mend
    links = {name for name, _ in room.brand.links}
    lacking = [] if room.brand.logo else ["logo"]
    lacking += [] if room.brand.colours else ["colours"]
    lacking += [f"link to {name}" for name in ("imprint", "privacy") if name not in links]
    if lacking:
        mend = f"`waitingroom room brand {room.room}` sets them, where you want them."
        return State.NOTE, f"It has a title, and no {', no '.join(lacking)}.", mend
    return State.READY, "It has a title, a logo, colours, imprint and privacy."


def load_test(facts: Facts) -> Judged:
    """The last that was recorded."""
    last, mend = facts.load_test, f"`make loadtest LOADTEST='--record {facts.room.room}'`"
    if last is None:
        return State.NOTE, "None recorded.", mend
    day = f"{datetime.fromtimestamp(last.at_ms / 1000, UTC):%d %b %Y}"
    says = f"On {day}, {last.people:,} people{f' ({last.about})' if last.about else ''}"
    if not last.passed:
        return State.NOT_READY, f"{says}: not every rule held.", f"Mend what it found, then {mend}"
    if facts.now_ms - last.at_ms > OLD_MS:
        return State.NOTE, f"{says}: passed, but that is long ago.", mend
    if last.people < facts.expected:
        return State.NOTE, f"{says}: passed, with fewer people than you expect.", mend
    return State.READY, f"{says}: passed."


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"

"""What a change would do to the people in line now, in words. Pure."""

from dataclasses import dataclass

from waitingroom import zones
from waitingroom.console.acts import people
from waitingroom.console.figures import NONE, number, span
from waitingroom.whatif import IN_WORDS, SENTENCES, Forecast, WhatIf


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that is foretold: as it is, and with the change."""

    label: str
    before: str
    after: str


def rows(told: WhatIf, zone: str) -> list[Row]:
    """In the order in which they happen."""
    names = {
        "front_s": "The first tenth go in",
        "middle_s": "Half go in",
        "end_s": "The last goes in",
    }
    found = [
        Row(label, _in(told.before, name, zone), _in(told.after, name, zone))
        for name, label in names.items()
    ]
    found.append(
        Row(
            "Not in before it closes",
            number(told.before.shut_out),
            number(told.after.shut_out),
        )
    )
    found.append(Row("Stock ends", *(_stock(one, zone) for one in (told.before, told.after))))
    return found


def sentences(told: WhatIf) -> list[str]:
    """What the rows do not say: who is meant, why there are no times, how long a lowered capacity
    takes, and what is assumed.
    """
    after = told.after
    found = []
    if after.waiting:
        found.append(f"{people(after.waiting)} in line now, {number(after.inside)} inside.")
    holds = {"As it is": told.before.hold, "With the change": after.hold}
    if told.before.hold is after.hold:
        holds = {"": after.hold}
    for name, hold in holds.items():
        if hold:
            sentence = SENTENCES[hold]
            found.append(f"{name}: {sentence}." if name else f"{sentence.capitalize()}.")
    if after.shut_out > told.before.shut_out:
        found.append(f"{people(after.shut_out)} will not get in before it closes.")
    if after.capacity_in_s and after.capacity_in_s != told.before.capacity_in_s:
        found.append(emptying(after))
    if told.before == after:
        found.append("For those in line now nothing becomes different.")
    found.append(
        f"Assumed: {after.numbers_per_entry} places in line for one who goes in, and a stay of "
        f"{span(1000 * after.stay_s)} inside."
    )
    if after.sold_per_entry is not None and after.left:
        found.append(
            f"{number(after.left)} in stock; {after.sold_per_entry} are sold for each who goes in."
        )
    return found


def emptying(told: Forecast) -> str:
    """How long it takes until no more are inside than the capacity allows."""
    return (
        "More are inside than the capacity allows. It takes about "
        f"{span(1000 * (told.capacity_in_s or 0))} until enough have left; nobody is thrown out."
    )


def _in(told: Forecast, name: str, zone: str) -> str:
    seconds = getattr(told, name)
    if seconds is None:
        return NONE
    in_words = f"in {span(1000 * seconds)}"
    if name == "end_s" and told.last_in_at_ms:
        return f"{in_words}, at {zones.shown(1000 * (told.last_in_at_ms // 1000), zone)}"
    return in_words


def _stock(told: Forecast, zone: str) -> str:
    """When it ends, to the minute that anybody could mean, or why that is not told."""
    if told.stock_ends_at_ms is None:
        return IN_WORDS[told.stock]
    return zones.shown(1000 * (told.stock_ends_at_ms // 1000), zone)

"""What a change would do to the people in line now, as commands show it."""

from dataclasses import asdict

import click

from waitingroom.commands.output import print_json, print_table
from waitingroom.commands.values import shown_time
from waitingroom.durations import shown_duration
from waitingroom.whatif import IN_WORDS, SENTENCES, Forecast, WhatIf


def show_what_if(room_id: str, told: WhatIf, as_json: bool) -> None:
    """What would become of those in line now, without a change and with it."""
    if as_json:
        print_json(asdict(told))
        return
    before, after = told.before, told.after
    click.echo(
        f"{room_id}: {before.waiting} in line, {before.inside} inside; nothing was changed "
        f"(version {told.version})"
    )
    rows = zip(_rows(before).items(), _rows(after).values(), strict=True)
    print_table(("", "AS IT IS", "WITH IT"), [(name, one, other) for (name, one), other in rows])
    for name, forecast in (("as it is", before), ("with it", after)):
        if forecast.hold:
            click.echo(f"{name}: {SENTENCES[forecast.hold]}")
    click.echo(
        f"assumed: {after.numbers_per_entry} places in line an entry, a stay of "
        f"{shown_duration(1000 * after.stay_s)} in the shop"
    )


def _rows(told: Forecast) -> dict[str, str]:
    return {
        "a tenth are called in": _span(told.front_s),
        "half are called in": _span(told.middle_s),
        "all are called in": _span(told.end_s),
        "the last, at": shown_time(told.last_in_at_ms or 0),
        "not called when it closes": str(told.shut_out),
        "capacity is kept in": _span(told.capacity_in_s),
        "stock ends": IN_WORDS.get(told.stock) or shown_time(told.stock_ends_at_ms or 0),
    }


def _span(seconds: int | None) -> str:
    return "-" if seconds is None else shown_duration(1000 * seconds)

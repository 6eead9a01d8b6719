"""Charts as SVG, drawn here by pygal: lines over time, readable without a script."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from waitingroom import zones
from waitingroom.history import Sample, rates

# For maps, which we do not draw, pygal adds a finder to the imports of this process; Python 3.11
# warns of it each time that a module is not found, and fails where warnings are errors.
sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, pygal.PluginImportFixer)]

Points = Sequence[tuple[int, float]]
MOST_POINTS = 240
"""A line has as many at most: more than that no screen shows."""

WIDE, NARROW = (520, 240), (340, 220)
"""Width and height, of screens and of phones: letters are as large in both."""
LIGHT = ("#fffefb", "#1b2b2d", "#55666a", "#dcd8cd", ("#0b6b60", "#b4540a", "#4d5bc7"))
DARK = ("#182224", "#e8efed", "#a2b2b3", "#2b393b", ("#6fd0bc", "#f3a15f", "#a3adff"))
"""Ground, ink, soft ink, guides, lines."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart by name: its title, and what its lines are made of."""

    title: str
    unit: str


CHARTS = {
    "line": Chart("People in line", "people"),
    "inside": Chart("People inside", "people"),
    "entries": Chart("Entries a minute", "a minute"),
    "no-shows": Chart("No-shows a minute", "a minute"),
}


def lines_of(name: str, samples: Sequence[Sample]) -> Mapping[str, Points]:
    """What a chart shows, by the name of each line."""
    if name == "line":
        return {"in line": [(one.at_ms, one.waiting) for one in samples]}
    if name == "inside":
        limited = [(one.at_ms, one.capacity) for one in samples if one.capacity]
        inside = {"inside": [(one.at_ms, one.inside) for one in samples]}
        return inside | ({"capacity": limited} if limited else {})
    if name == "entries":
        rate = [(one.at_ms, one.rate_per_min) for one in samples]
        return {"entries": rates(samples, "entered"), "rate": rate}
    return {"no-shows": rates(samples, "no_show")}


def draw(
    name: str, samples: Sequence[Sample], zone: str, *, dark: bool, narrow: bool = False
) -> str:
    """The chart ``name`` as an SVG document, with the times of a ``zone`` below it."""
    here = zones.zone(zone)
    lines = {title: thinned(points) for title, points in lines_of(name, samples).items()}
    chart = _empty(dark, NARROW if narrow else WIDE)
    moments = [at for points in lines.values() for at, _ in points]
    if moments:
        first, last = min(moments), max(moments)
        chart.x_labels = _marks(first, last, 3 if narrow else MARKS, here)
        form = "%a %H:%M" if last - first > DAY_MS else "%H:%M"
        # pygal asks with the time of UTC, and without saying so.
        chart.x_value_formatter = lambda at: f"{at.replace(tzinfo=UTC).astimezone(here):{form}}"
        chart.show_y_guides = chart.show_x_labels = chart.show_y_labels = True
        chart.show_legend = len(lines) > 1
        # One moment alone makes no line.
        chart.show_dots = first == last
    for title, points in lines.items():
        chart.add(title, [(_time(at), value) for at, value in points])
    tree = chart.render_tree()
    # pygal leaves a note for a script of its own, which we do not use.
    for parent in list(tree.iter()):
        for script in [child for child in parent if str(child.tag).rpartition("}")[2] == "script"]:
            parent.remove(script)
    return ElementTree.tostring(tree, encoding="unicode")


def _empty(dark: bool, size: tuple[int, int]) -> "pygal.DateTimeLine":
    """A chart of nothing: it says so, and shows no figures on its sides."""
    ground, ink, soft, edge, colours = DARK if dark else LIGHT
    return pygal.DateTimeLine(
        width=size[0],
        height=size[1],
        margin=4,
        margin_top=10,
        margin_right=10,
        show_dots=False,
        show_x_labels=False,
        show_y_labels=False,
        show_y_guides=False,
        show_legend=False,
        max_scale=5,
        order_min=0,
        truncate_legend=-1,
        truncate_label=-1,
        js=(),
        disable_xml_declaration=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        range=(0, None),
        value_formatter=lambda value: f"{value:,.0f}",
        no_data_text="Nothing was recorded yet",
        style=Style(
            background=ground,
            plot_background=ground,
            foreground=soft,
            foreground_strong=ink,
            foreground_subtle=soft,
            colors=colours,
            opacity=1,
            stroke_width=2,
            font_family="system-ui, sans-serif",
            label_font_size=13,
            major_label_font_size=13,
            legend_font_size=14,
            no_data_font_size=16,
            guide_stroke_dasharray="0",
            guide_stroke_color=edge,
            major_guide_stroke_dasharray="0",
            major_guide_stroke_color=edge,
        ),
    )


def thinned(points: Points) -> Points:
    """At most ``MOST_POINTS``, evenly, the last one among them."""
    step = -(-len(points) // MOST_POINTS) or 1
    return points[::-1][::step][::-1]


MARKS = 5
DAY_MS = 86_400_000
_MS = timedelta(milliseconds=1)


def _marks(first_ms: int, last_ms: int, wanted: int, here: tzinfo) -> list[datetime]:
    """The times below the chart, evenly from the first moment to the last; whole minutes, round
    ones of the clock ``here``, and in the first of them the moment itself.
    """
    step = max(60_000, (last_ms - first_ms) // wanted // 60_000 * 60_000)
    ahead_ms = round((_time(first_ms).astimezone(here).utcoffset() or timedelta()) / _MS)
    begin = -(-(first_ms + ahead_ms) // step) * step - ahead_ms
    return [_time(at) for at in range(begin, last_ms + 1, step)] or [_time(first_ms)]


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)

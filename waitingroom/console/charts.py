"""Charts as SVG, drawn here by pygal: lines over time, readable without a script."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

import pygal
from pygal.style import Style

from waitingroom.history import Sample, rates

# For maps, which we do not draw, pygal adds a finder to the imports of this process; Python 3.11
# warns of it each time that a module is not found, and fails where warnings are errors.
sys.meta_path[:] = [one for one in sys.meta_path if not isinstance(one, pygal.PluginImportFixer)]

Points = Sequence[tuple[int, float]]
MOST_POINTS = 240
"""A line has as many at most: more than that no screen shows."""

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


def draw(name: str, samples: Sequence[Sample], *, dark: bool) -> str:
    """The chart ``name`` as an SVG document."""
    ground, ink, soft, edge, colours = DARK if dark else LIGHT
    lines = {title: thinned(points) for title, points in lines_of(name, samples).items()}
    chart = pygal.DateTimeLine(
        width=520,
        height=240,
        margin=4,
        show_dots=False,
        show_y_guides=True,
        max_scale=5,
        truncate_legend=-1,
        js=(),
        disable_xml_declaration=True,
        legend_at_bottom=True,
        legend_at_bottom_columns=2,
        range=(0, None),
        x_value_formatter=lambda at: at.strftime("%H:%M"),
        value_formatter=lambda value: f"{value:,.0f}",
        x_labels=_marks(lines),
        stroke_style={"width": 2.5},
        no_data_text="Nothing was recorded yet",
        style=Style(
            background=ground,
            plot_background=ground,
            foreground=soft,
            foreground_strong=ink,
            foreground_subtle=soft,
            colors=colours,
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
    for title, points in lines.items():
        chart.add(title, [(_time(at), value) for at, value in points])
    tree = chart.render_tree()
    # pygal leaves a note for a script of its own, which we do not use.
    for parent in list(tree.iter()):
        for script in [child for child in parent if str(child.tag).rpartition("}")[2] == "script"]:
            parent.remove(script)
    return ElementTree.tostring(tree, encoding="unicode")


def thinned(points: Points) -> Points:
    """At most ``MOST_POINTS``, evenly, the last one among them."""
    step = -(-len(points) // MOST_POINTS) or 1
    return points[::-1][::step][::-1]


MARKS = 5


def _marks(lines: Mapping[str, Points]) -> list[datetime]:
    """The times below the chart, evenly from the first moment to the last; whole minutes."""
    moments = [at for points in lines.values() for at, _ in points]
    if not moments:
        return []
    first, last = min(moments), max(moments)
    step = max(60_000, (last - first) // MARKS // 60_000 * 60_000)
    begin = -(-first // step) * step
    return [_time(at) for at in range(begin, last + 1, step)]


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, UTC)

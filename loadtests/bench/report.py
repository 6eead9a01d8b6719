"""What was measured, as figures with a target and as a table in Markdown. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from loadtests.bench.measure import Pair, Slot

BEGIN = "<!-- the bench writes from here -->"
END = "<!-- to here -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure with a target. ``values``: one per round; the median counts.

    ``most``: the target is a ceiling, and not a floor. ``beside``: what a reader should know.
    """

    what: str
    values: tuple[float, ...]
    target: float
    most: bool = False
    unit: str = ""
    beside: str = ""

    @property
    def median(self) -> float:
        """The middle of all rounds."""
        return median(self.values)

    @property
    def reached(self) -> bool:
        """Whether the median keeps to the target."""
        return self.median <= self.target if self.most else self.median >= self.target


def ratio(what: str, pairs: Sequence[Pair], target: float) -> Figure:
    """A figure from pairs; beside it the same ratio by processor time."""
    by_cpu = median(pair.cpu_ratio for pair in pairs)
    beside = f"{by_cpu:.2f} by the workers' processor time"
    return Figure(what, tuple(pair.ratio for pair in pairs), target, beside=beside)


def figures_table(figures: Iterable[Figure]) -> str:
    """A line per figure."""
    lines = [
        "| what | target | median | lowest to highest | reached | |",
        "|---|---|---|---|---|---|",
    ]
    for figure in figures:
        sign, unit = "≤" if figure.most else "≥", figure.unit and f" {figure.unit}"
        spread = f"{_short(min(figure.values))} to {_short(max(figure.values))}"
        lines.append(
            f"| {figure.what} | {sign} {figure.target:g}{unit} | **{_short(figure.median)}**{unit} "
            f"| {spread} | {'yes' if figure.reached else '**no**'} | {figure.beside} |"
        )
    return "\n".join(lines)


def slots_table(slots: Iterable[Slot]) -> str:
    """A line per subject: how quick, at what price, and who had nothing left to give."""
    by_subject: dict[str, list[Slot]] = {}
    for slot in slots:
        by_subject.setdefault(slot.subject, []).append(slot)
    lines = [
        "| asked for | answers a second | lowest to highest | worker's processor time an answer "
        "| worker busy | generator busy |",
        "|---|---|---|---|---|---|",
    ]
    for subject, found in by_subject.items():
        rates = [slot.per_second for slot in found]
        lines.append(
            f"| {subject} | {median(rates):,.0f} | {min(rates):,.0f} to {max(rates):,.0f} "
            f"| {_median(found, 'cpu_us'):.0f} µs | {_median(found, 'worker_busy'):.0%} "
            f"| {_median(found, 'generator_busy'):.0%} |"
        )
    return "\n".join(lines)


def ceiling(slots: Iterable[Slot]) -> float:
    """Answers a second that the generator could take with a whole core of its own."""
    return median(
        slot.per_second / max(1e-9, slot.generator_busy)
        for slot in slots
        if slot.subject == "hello"
    )


def facts_list(facts: Mapping[str, str]) -> str:
    """How and where it was measured."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def inserted(document: str, block: str) -> str:
    """``document`` with ``block`` between its marks. Raises ValueError where it has none."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the document lacks the marks {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{block}\n\n{END}{after}"


def _median(slots: list[Slot], name: str) -> float:
    values: list[float] = [getattr(slot, name) for slot in slots]
    return median(values)


def _short(value: float) -> str:
    return f"{value:.1f}" if value >= 2 else f"{value:.2f}"

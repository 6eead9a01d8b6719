"""``make bench``: how fast the gate is, as ratios within one run. See docs/benchmarks.md.

Ends with status 1 where a figure misses its target, 2 where an answer was not as it should be.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from statistics import median

import redis

from loadtests.bench import micro, report
from loadtests.bench.measure import CONNECTIONS, LEAST_BUSY, Pair, Slot, run_pair, run_slot
from loadtests.bench.report import Figure
from loadtests.bench.servers import CHECKOUT, Bench, bench
from loadtests.bench.watched import disturbed as disturbed_watching
from loadtests.bench.watched import watched_pairs
from waitingroom.run.parts import parser

PAIRS = {
    ("status", "hello"): ("status ÷ hello", 0.8),
    ("join", "hello"): ("durable joins ÷ hello", 0.45),
    ("check", "hello"): ("checks of a pass ÷ hello", 0.25),
    ("join", "flask"): ("durable joins ÷ the same join as a plain Flask view", 4.0),
}
"""What is held against what, how the table names it, and the least ratio."""
WATCHED = ("join", 10)
"""What is asked for while an operator watches, and how many pairs."""
WATCHED_SAID = "durable joins with the console open and its history kept ÷ without"
WATCHED_LEAST = 0.9
MOST_TRIES = 2
"""A pair that somebody else's work disturbed is measured once more; then it counts as it is."""
GUARD_MOST = 15.0
STORE_MOST_US = 10.0
DOCUMENT = CHECKOUT / "docs" / "benchmarks.md"


def main(words: list[str]) -> int:
    """Measure, print, and write the table if asked to; the exit status."""
    asked = _arguments(words)
    load_before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="wr-bench-") as folder, bench(Path(folder)) as running:
        measured, slots = _pairs(running, asked.rounds, asked.seconds)
        figures = [
            report.ratio(what, measured[pair], target) for pair, (what, target) in PAIRS.items()
        ]
        watched = watched_pairs(running, Path(folder), *WATCHED, asked.watched_seconds)
        figures.append(report.ratio(WATCHED_SAID, watched, WATCHED_LEAST))
        figures += [_guard(), _store(running)]
        disturbed = sum(pair.disturbed for pairs in measured.values() for pair in pairs)
        facts = {
            **_facts(running, Path(folder), slots, load_before),
            "disturbed": f"{disturbed} of {asked.rounds * len(PAIRS)} pairs, in which hello or "
            f"status got less than {LEAST_BUSY:.0%} of a core; with the console open "
            f"{sum(map(disturbed_watching, watched))} of {len(watched)}",
        }
    rounds = f"`make bench` ({asked.rounds} rounds, {asked.seconds:g} s a slot)"
    block = "\n\n".join(
        (
            report.figures_table(figures),
            report.slots_table(slots),
            report.facts_list({"command": rounds, **facts}),
        )
    )
    print(f"\n{block}\n")
    if asked.write:
        document = report.inserted(DOCUMENT.read_text("utf-8"), block)
        DOCUMENT.write_text(document, "utf-8")
        print(f"Written to {DOCUMENT.relative_to(CHECKOUT)}.")
    if failed := sum(slot.failed for slot in slots):
        whose = ", ".join(sorted({slot.subject for slot in slots if slot.failed}))
        print(f"{failed} answers were not as they should be: these figures count for nothing.")
        print(f"They were of: {whose}.")
        return 2
    return 0 if all(figure.reached for figure in figures) else 1


def _arguments(words: list[str]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    asked.add_argument("--rounds", type=int, default=7, help="pairs of each kind (7)")
    asked.add_argument("--seconds", type=float, default=1.2, help="of each slot (1.2)")
    asked.add_argument(
        "--watched-seconds", type=float, default=3, help="of each slot with the console open (3)"
    )
    asked.add_argument("--write", action="store_true", help="write the table to the document")
    return asked.parse_args(words)


def _pairs(
    running: Bench, rounds: int, seconds: float
) -> tuple[dict[tuple[str, str], list[Pair]], list[Slot]]:
    """Every pair once a round; all slots too. The first slot of each subject warms it up."""
    slots: list[Slot] = []
    measured: dict[tuple[str, str], list[Pair]] = {pair: [] for pair in PAIRS}
    for subject in running.subjects.values():
        run_slot(subject, seconds / 2)
    for number in range(1, rounds + 1):
        for one, other in PAIRS:
            for _ in range(MOST_TRIES):
                pair = run_pair(running.subjects[one], running.subjects[other], seconds)
                if not pair.disturbed:
                    break
            measured[one, other].append(pair)
            slots += [*pair.one, *pair.other]
            note = " (disturbed)" if pair.disturbed else ""
            print(
                f"round {number} of {rounds}: {one} ÷ {other} = {pair.ratio:.2f}{note}", flush=True
            )
    return measured, slots


def _guard() -> Figure:
    rounds = micro.guard_ratios()
    beside = f"{median(us for _, us in rounds):.1f} µs a check"
    values = tuple(ratio for ratio, _ in rounds)
    what = "the guard's offline check ÷ one HMAC-SHA256 of the same bytes"
    return Figure(what, values, GUARD_MOST, most=True, beside=beside)


def _store(running: Bench) -> Figure:
    rounds = micro.store_joins(running.store_url)
    beside = f"{median(us for _, us in rounds):.1f} µs as a client sees it, fsync included"
    values = tuple(us for us, _ in rounds)
    what = f"the store's time for a join, in batches of {micro.BATCH}"
    return Figure(what, values, STORE_MOST_US, most=True, unit="µs", beside=beside)


def _facts(running: Bench, folder: Path, slots: list[Slot], load_before: float) -> dict[str, str]:
    with redis.Redis.from_url(running.store_url) as server:
        info = server.info("server")
    store = (
        f"{info.get('server_name', 'redis')} {info.get('valkey_version', info['redis_version'])}"
    )
    packages = ("gunicorn", "uvloop", "redis", "hiredis", "flask")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return {
        "measured": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}; one-minute "
        f"load before the run {load_before:.1f}; one write with fsync takes "
        f"{micro.fsync_us(folder):.0f} µs",
        "HTTP parser": {"fast": "gunicorn_h1c (C)", "python": "gunicorn's own (Python)"}[parser()]
        + (f" {version('gunicorn_h1c')}" if parser() == "fast" else ""),
        "versions": f"Python {platform.python_version()}, {versions}, store {store}",
        "load generator": f"our own (`loadtests/bench/generator.py`), {CONNECTIONS} connections; "
        f"with a core to itself it could take {report.ceiling(slots):,.0f} answers a second",
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

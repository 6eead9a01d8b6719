"""``make loadtest``: a crowd against a system of its own, and a verdict.

Ends with status 0 where every rule held, 1 where one did not, 2 where nothing could be run, 130
after Ctrl-C.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from dataclasses import dataclass, replace
from pathlib import Path

from loadtests import evidence, records, scenarios, verdict
from loadtests.observer import Observer
from loadtests.plan import Plan, character
from loadtests.progress import HEAD, Progress, summary_lines
from loadtests.scenarios import Scenario
from loadtests.system import CHECKOUT, CannotRun, environment_of, make_room, system
from storefront.catalogue import DEMO
from waitingroom import clock
from waitingroom.errors import StoreDown
from waitingroom.model import DrawMethod, Snapshot
from waitingroom.run.child import spawn
from waitingroom.run.folder import Running

ROOM = "sale"
START_MS = 4_000
"""From making the room to the first shopper: Locust's own start."""
LOOK_S = 0.2
SHOW_S = 5
ENV = "LOADTEST_"


@dataclass(frozen=True, slots=True)
class Run:
    """One load test: what to replay, on what."""

    scenario: Scenario
    workers: int
    shop: bool
    record: str = ""


def main(words: list[str]) -> int:
    """Run, show, judge; the exit status."""
    asked = _arguments(words)
    scenario = scenarios.load(asked.scenario)
    crowd = replace(scenario.crowd, shoppers=asked.shoppers or scenario.crowd.shoppers)
    rate = asked.rate or scenario.rate_per_min
    most_s = asked.most_s or scenario.most_s
    scenario = replace(scenario, crowd=crowd, rate_per_min=rate, most_s=most_s)
    run = Run(scenario, asked.workers, shop=asked.shop == "on", record=asked.record)
    print(f"{asked.scenario}: {scenario.title}")
    for sale, what in scenario.replays.items():
        print(textwrap.fill(f"{sale}: {what}", 79, initial_indent="  ", subsequent_indent="    "))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with tempfile.TemporaryDirectory(prefix="wr-load-") as folder:
            return _run(run, Path(folder))
    except CannotRun as problem:
        print(problem, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted: no verdict", file=sys.stderr)
        return 130


def _arguments(words: list[str]) -> argparse.Namespace:
    asked = argparse.ArgumentParser(prog="python -m loadtests.run", description=__doc__)

    def add(name: str, default: str, about: str, **more: object) -> None:
        variable = ENV + name.upper().replace("-", "_")
        shown = f"{about} ({variable})"
        value = os.environ.get(variable, default)
        asked.add_argument(f"--{name}", default=value, help=shown, **more)  # type: ignore[arg-type]

    def count(text: str) -> int:
        if not (text.isascii() and text.isdigit()):
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on")
        return int(text)

    add("scenario", "opening", "which sale", choices=scenarios.names())
    add("shoppers", "0", "how many come; 0: as the scenario has it", type=count)
    add("rate", "0", "entries a minute; 0: as the scenario has it", type=count)
    add("most-s", "0", "seconds at most, from the first shopper; 0: the scenario's", type=count)
    add("workers", "2", "processes of the gate", type=count)
    add("record", "", "the room of a system of yours for which the verdict is recorded")
    add("shop", "on", "whether the shop runs behind the room", choices=("on", "off"))
    return asked.parse_args(words)


def _run(run: Run, folder: Path) -> int:
    env = environment_of(folder, ROOM, workers=run.workers, shop=run.shop)
    with system(folder, env) as running:
        plan = _make_room(run, folder, env, running)
        plan.write(folder / "plan.json")
        observer = Observer(running.store_url, ROOM)
        sender = _send_crowd(folder)
        try:
            room = _watch(plan, observer, sender)
        finally:
            _end(sender)
            observer.close()
    if sender.returncode:
        log = (folder / "locust.log").read_text(errors="replace")
        raise CannotRun(f"Locust ended with status {sender.returncode}:\n{log[-4_000:]}")
    found = _evidence(run.scenario, plan, observer, room)
    lines = verdict.verdict_lines(verdict.judge(found))
    print("\n".join((*summary_lines(found, plan), "", *lines)))
    passed = lines[-1] == "PASSED"
    if run.record:
        record(run, passed=passed)
    return 0 if passed else 1


def record(run: Run, *, passed: bool) -> None:
    """Write the verdict down for the room of a system that runs from this folder, or that REDIS_URL
    names, by the command that an operator has for it.
    """
    people = str(run.scenario.crowd.shoppers)
    about = f"{run.scenario.title}; {run.workers} workers"[:200]
    verdict = "--passed" if passed else "--failed"
    words = ("room", "load-test", run.record, "--people", people, verdict, "--about", about)
    done = subprocess.run((sys.executable, "-m", "waitingroom", *words), check=False, timeout=60)
    if done.returncode:
        print("the verdict was not recorded", file=sys.stderr)


def _make_room(run: Run, folder: Path, env: dict[str, str], running: Running) -> Plan:
    scenario = run.scenario
    before_ms = START_MS + round(1000 * scenario.crowd.early_s)
    knobs = (
        *("--rate", str(scenario.rate_per_min), "--burst", str(scenario.burst)),
        *("--capacity", str(scenario.capacity), "--early-at", "now"),
        *("--opens-at", f"+{before_ms}ms", "--call-timeout", f"{scenario.call_timeout_s}s"),
        *("--claim-grace", f"{scenario.claim_grace_s}s", *scenario.knobs),
    )
    origin = ("--origin", running.shop_url) if run.shop else ()
    made = make_room(folder, env, ROOM, *knobs, *origin)
    opens_at_ms = int(made["opens_at_ms"])
    return Plan(
        room=ROOM,
        gate_url=running.gate_url,
        shop_url=running.shop_url if run.shop else "",
        records=str(folder / "records.jsonl"),
        opens_at_ms=opens_at_ms,
        ends_at_ms=opens_at_ms + 1000 * scenario.most_s - round(1000 * scenario.crowd.early_s),
        call_timeout_ms=1000 * scenario.call_timeout_s,
        stock={goods.slug: goods.stock for goods in DEMO} if run.shop else {},
        crowd=scenario.crowd,
    )


def _send_crowd(folder: Path) -> "subprocess.Popen[bytes]":
    """Locust in a process of its own: it patches what this one uses as it is."""
    words = ("-f", str(Path(__file__).with_name("locustfile.py")), "--headless", "--only-summary")
    quiet = ("--loglevel", "WARNING", "--exit-code-on-error", "0", "--stop-timeout", "1")
    env = {**os.environ, "LOADTEST_PLAN": str(folder / "plan.json"), "PYTHONPATH": str(CHECKOUT)}
    argv = (sys.executable, "-m", "locust", *words, *quiet)
    return spawn(argv, log=folder / "locust.log", env=env, cwd=folder)


def _watch(plan: Plan, observer: Observer, sender: "subprocess.Popen[bytes]") -> Snapshot:
    """Look at the store until the crowd is through; the room as it is then."""
    progress = Progress(plan)
    # Locust ends by itself; the margin is for one that does not.
    give_up_ms = plan.ends_at_ms + 30_000
    print(HEAD, flush=True)
    shown_at = time.monotonic()
    while sender.poll() is None and clock.now_ms() < give_up_ms:
        try:
            room = observer.look()
        except StoreDown as problem:
            print(f"the store: {problem}", flush=True)
        else:
            if time.monotonic() - shown_at >= SHOW_S:
                shown_at = time.monotonic()
                print(progress.line(room, clock.now_ms()), flush=True)
        time.sleep(LOOK_S)
    return observer.look()


def _end(sender: "subprocess.Popen[bytes]") -> None:
    """Locust, and only the one that we started."""
    if sender.poll() is None:
        sender.terminate()
        try:
            sender.wait(10)
        except subprocess.TimeoutExpired:
            sender.kill()
            sender.wait()


def _evidence(
    scenario: Scenario, plan: Plan, observer: Observer, room: Snapshot
) -> evidence.Evidence:
    # As the store does: two seconds of the rate, at least 2.
    automatic = max(2, -(-scenario.rate_per_min // 30))
    facts = evidence.RoomFacts(
        room=plan.room,
        epoch=room.epoch,
        rate_per_min=scenario.rate_per_min,
        burst=scenario.burst or automatic,
        capacity=scenario.capacity,
        call_timeout_ms=plan.call_timeout_ms,
        fifo=room.draw is DrawMethod.FIFO,
        drawn=room.drawn,
        seed=room.seed,
        commitment=room.commitment,
        entered=room.counters.entered,
    )
    crowd = range(plan.crowd.shoppers)
    return evidence.Evidence.sorted(
        records.read(Path(plan.records)),
        facts=facts,
        characters=tuple(character(n, plan.crowd, plan.call_timeout_ms) for n in crowd),
        entries=observer.entries,
        served=tuple(observer.served),
        most_inside=observer.most_inside,
        waited_until_ms=observer.waited_until_ms,
        stock=plan.stock,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

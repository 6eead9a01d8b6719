"""What is printed while a load test runs, and what it came to beside the verdict."""

from collections.abc import Sequence
from pathlib import Path

from loadtests.evidence import Evidence
from loadtests.plan import Plan
from loadtests.records import Answer, parsed
from waitingroom.model import Snapshot

HEAD = "  TIME  PHASE     CAME  WAITING  INSIDE SO FAR  AT DOOR  NO-SHOWS  ANSWERS  BAD"
"""Above the lines of :meth:`Progress.line`; ``BAD``: 5xx, or no answer at all."""


class Progress:
    """Reads what the crowd has written so far, a little at a time."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file = Path(plan.records)
        self._read_to = 0
        self._answers = 0
        self._failed = 0

    def line(self, room: Snapshot, now_ms: int) -> str:
        """One line: the time from the opening, the room, and how the crowd is answered."""
        self._catch_up()
        at_s = (now_ms - self._plan.opens_at_ms) / 1000
        return (
            f"{at_s:+5.0f}s  {room.phase:8}{room.tail:>6}{room.waiting:>9}"
            f"{room.counters.entered:>15}{room.at_door:>9}{room.counters.no_show:>10}"
            f"{self._answers:>9,}{self._failed:>5}"
        )

    def _catch_up(self) -> None:
        if not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._read_to)
            lines = file.readlines()
        whole = [line for line in lines if line.endswith(b"\n")]
        self._read_to += sum(map(len, whole))
        for record in parsed(line.decode() for line in whole):
            if isinstance(record, Answer):
                self._answers += 1
                self._failed += record.status == 0 or record.status >= 500


def percentile(values: Sequence[int], share: float) -> int:
    """The smallest value that at least ``share`` of all are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]


def summary_lines(evidence: Evidence, plan: Plan) -> list[str]:
    """Answer times per call, how the visits ended, entries a minute while people waited."""
    took: dict[str, list[int]] = {}
    for answer in evidence.answers:
        call = "buy" if answer.call.startswith("buy ") else answer.call
        took.setdefault(call, []).append(answer.at_ms - answer.sent_ms)
    lines = ["", f"{'ANSWERS':20}{'count':>8}{'median':>9}{'95 %':>8}{'99 %':>8}{'most':>8}  ms"]
    for call, values in sorted(took.items()):
        shares = [percentile(values, share) for share in (0.5, 0.95, 0.99, 1.0)]
        numbers = f"{shares[0]:>9}{shares[1]:>8}{shares[2]:>8}{shares[3]:>8}"
        lines.append(f"{call:20}{len(values):>8,}{numbers}")
    endings = ", ".join(f"{count} {how}" for how, count in evidence.how_many().most_common())
    lines += ["", f"VISITS   {endings}"]
    lines.append(f"ENTRIES  {_pace(evidence, plan)}")
    for sender in evidence.senders:
        lines.append(f"SENDER   Locust used {sender.busy:.0%} of one core")
    return lines


def _pace(evidence: Evidence, plan: Plan) -> str:
    """How near to the rate people went in while somebody waited."""
    waited_ms = max(1, evidence.waited_until_ms - plan.opens_at_ms)
    entered = sum(at_ms <= evidence.waited_until_ms for at_ms in evidence.entries.values())
    rate, made = evidence.facts.rate_per_min, entered * 60_000 / waited_ms
    refused = sum(a.call == "pass" and a.error == "door" for a in evidence.answers)
    return (
        f"{len(evidence.entries)}; {entered} of them in the {waited_ms / 1000:.0f} s in which "
        f"somebody waited: {made:.0f} a minute, {made / rate:.0%} of the rate; "
        f"{refused} refusals at the door"
    )

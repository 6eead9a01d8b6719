"""Keeps the parts of a system alive: starts them, restarts who dies, ends them in order."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from waitingroom.clock import monotonic_ms
from waitingroom.errors import WaitingRoomError
from waitingroom.run.child import Child, Part, last_words
from waitingroom.run.signals import Signals

log = logging.getLogger("waitingroom.supervisor")
START_PATIENCE_MS = 60_000
"""A part that does not answer for this long after its first start has failed."""
YOUNG_MS = 5_000
"""Who ends this soon after a start is worth showing its last words."""


class PartFailed(WaitingRoomError):
    """A part ended or stayed silent at its first start; the text has its last words."""

    code = "part_failed"


class Interrupted(WaitingRoomError):
    """An ending was asked for while the system was starting."""

    code = "interrupted"


@dataclass
class Supervisor:
    """The children of one system, in the order in which they start; they end in reverse.

    ``say``: takes a line for the terminal. Restarts never give up: a part that cannot run now
    (a full disk) may run when somebody has made room.
    """

    signals: Signals
    say: Callable[[str], None]
    children: list[Child] = field(default_factory=list)

    def start(self, parts: Sequence[Part]) -> None:
        """Start ``parts`` side by side and wait until each answers.

        Raises :class:`PartFailed`, or :class:`Interrupted`; then ``stop`` is the caller's.
        """
        fresh = [Child(part) for part in parts]
        for child in fresh:
            self.children.append(child)
            child.start(monotonic_ms())
            _log(logging.INFO, "part_started", child, "started")
        deadline = monotonic_ms() + START_PATIENCE_MS
        waiting = fresh
        while waiting:
            for child in waiting:
                if not child.running:
                    raise PartFailed(_report(child.part, "ended at once"))
            waiting = [child for child in waiting if not child.part.ready()]
            if waiting and monotonic_ms() > deadline:
                raise PartFailed(_report(waiting[0].part, "does not answer"))
            if self.signals.wait(0.05 if waiting else 0):
                raise Interrupted("interrupted while starting")

    def pids(self) -> dict[str, int]:
        """Each part's process id, 0 for one that is between two starts."""
        return {child.part.name: child.pid for child in self.children}

    def look_after(self) -> bool:
        """One round: note who ended, start who is due. Whether any process changed."""
        changed = [self._look_after(child, monotonic_ms()) for child in self.children]
        return any(changed)

    def _look_after(self, child: Child, now_ms: int) -> bool:
        if child.process is not None and not child.running:
            self._note_end(child, now_ms)
        elif child.process is None and not child.done and now_ms >= child.start_again_at_ms:
            self._start_again(child, now_ms)
        else:
            return False
        return True

    def _note_end(self, child: Child, now_ms: int) -> None:
        """Say how a child ended and what comes next."""
        young = now_ms - child.started_at_ms < YOUNG_MS
        how = child.ended(now_ms)
        if child.done:
            self.say(f"{child.part.name} is done: {last_words(child.part.log, 1)}")
            _log(logging.INFO, "part_done", child, "is done")
            return
        what = f"ended ({how}); {_when(child, now_ms)}"
        self.say(f"{child.part.name} {what}")
        _log(logging.ERROR, "part_ended", child, what)
        if young:
            self.say(_indented(last_words(child.part.log, 3)))

    def _start_again(self, child: Child, now_ms: int) -> None:
        """Start, or say why not: a machine that is out of memory or files now may not be later."""
        try:
            child.start(now_ms)
        except OSError as error:
            child.put_off(now_ms)
            what = f"cannot be started ({error.strerror or error}); {_when(child, now_ms)}"
            self.say(f"{child.part.name} {what}")
            _log(logging.ERROR, "part_not_started", child, what)
        else:
            _log(logging.WARNING, "part_started", child, "started again")

    def stop(self) -> None:
        """End every child, the last started first, each before the next.

        Whoever asks again while this goes on gets it at once (the store loses nothing by it:
        what it acknowledged is on disk).
        """
        patient_until = max(1, self.signals.asked)
        for child in reversed(self.children):
            child.ask_to_end()
            deadline = monotonic_ms() + round(child.part.patience_s * 1000)
            while child.running and monotonic_ms() < deadline:
                self.signals.wait(0.1)
                if self.signals.asked > patient_until:
                    break
            child.make_sure()
            _log(logging.INFO, "part_stopped", child, "was stopped")
        self.children.clear()


def _log(level: int, event: str, child: Child, what: str) -> None:
    """The same for a log as for people; the pid is the child's."""
    about = {"event": event, "child": child.part.name, "child_pid": child.pid or None}
    log.log(level, "%s %s", child.part.name, what, extra=about)


def _when(child: Child, now_ms: int) -> str:
    return f"starting it again in {(child.start_again_at_ms - now_ms) / 1000:g} s"


def _report(part: Part, what: str) -> str:
    return f"{part.name} {what}; the end of {part.log}:\n{_indented(last_words(part.log))}"


def _indented(text: str) -> str:
    return "\n".join(f"  | {line}" for line in text.splitlines())

"""Ctrl-C and its kin, as something to wait for."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While entered, the signals that end a run only set ``asked`` (how often) and wake ``wait``.

    Main thread only. The signals' earlier meaning comes back on leaving.
    """

    def __init__(self) -> None:
        self.asked = 0
        self._before: dict[signal.Signals, object] = {}
        self._reader, self._writer = -1, -1

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        for number in ENDINGS:
            before = signal.signal(number, self._note)
            if number is signal.SIGHUP and before is signal.SIG_IGN:
                signal.signal(number, before)  # nohup: meant to outlive the terminal
            else:
                self._before[number] = before
        # A child's end interrupts a wait, so that its restart does not wait for the next round.
        self._before[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda _n, _f: None)
        signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        signal.set_wakeup_fd(-1)
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type] # what signal() gave us
        os.close(self._reader)
        os.close(self._writer)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        self.asked += 1

    def wait(self, timeout_s: float) -> bool:
        """Sleep until a signal comes or the time is over; whether an ending was asked for."""
        select.select([self._reader], [], [], timeout_s)
        try:
            while os.read(self._reader, 512):
                pass
        except BlockingIOError:
            pass
        return self.asked > 0

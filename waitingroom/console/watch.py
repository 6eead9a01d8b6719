"""A keeper's look at the alarms: judges every case, keeps how they stand, sends what is to be told.

Each system's keeper judges the rooms and its own gate. Two of them do no harm.
"""

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from prometheus_client.core import Metric

from waitingroom import conditions
from waitingroom.alarms import ALARMS
from waitingroom.beats import FORGOTTEN_MS, Beat
from waitingroom.conditions import LONGEST_MS, Reading
from waitingroom.console.notices import Post
from waitingroom.console.readings import gate_skew_ms, reading
from waitingroom.history import Sample
from waitingroom.model import Phase, Snapshot
from waitingroom.standing import AlarmNotice, Case, Kept, step
from waitingroom.store.client import Store

AWAY = "WaitingRoomStoreAway"
SILENT = "WaitingRoomMetricsAway"
log = logging.getLogger("waitingroom.keeper")
MOST_KEPT = 2 + LONGEST_MS // 5_000
"""Samples and readings: one of every five seconds that an alarm looks back over."""


class Watch:
    """Of one ``system`` (HOST:PORT of its metrics). ``counts``: what its gate has counted.
    ``marker``: a file that is there while it was told that the store is away.
    """

    def __init__(
        self,
        store: Store,
        system: str,
        counts: Callable[[], Iterable[Metric]],
        post: Post,
        marker: Path,
        *,
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._system = system
        self._counts = counts
        self._post = post
        self._now_ms = now_ms
        self._samples: dict[str, deque[Sample]] = {}
        self._readings: deque[Reading] = deque(maxlen=MOST_KEPT)
        self._marker = marker
        self._away_since_ms = 0
        self._away_told_ms = _read(marker)

    def lose(self) -> None:
        """The store does not answer. After a while that is told, without it: there is no queue, and
        that it was told is written to a file.
        """
        now_ms, alarm = self._now_ms(), ALARMS[AWAY]
        self._away_since_ms = self._away_since_ms or now_ms
        if self._away_told_ms or now_ms - self._away_since_ms < alarm.for_ms:
            return
        self._away_told_ms = now_ms
        try:
            self._marker.write_text(str(now_ms))
        except OSError as error:
            # A full disk, which may be why the store is away: a restart of ours would tell again.
            log.warning("that the store is away is noted nowhere: %s", error.strerror)
        self._post.at_once(AlarmNotice(Case(AWAY, self._system), now_ms, 0, 0))

    def look(self, rooms: Mapping[str, Snapshot], samples: Mapping[str, Sample]) -> None:
        """Judge all cases. ``samples``: of each room, of this moment."""
        ours_ms = self._now_ms()
        now_ms = self._store.now_ms()
        counts = list(self._counts())
        self._readings.append(reading(counts, ours_ms))
        gate = self._readings[-1]
        judged = self._rooms(rooms, samples)
        judged |= {
            Case(name, self._system): value
            for name, value in conditions.of_gate(self._readings).items()
        }
        beats = self._store.alarms.beats()
        others = {name: beat for name, beat in beats.items() if name != self._system}
        judged |= {
            Case(SILENT, name): (now_ms - beat.at_ms) / 1000 if beat.is_silent(now_ms) else None
            for name, beat in others.items()
        }
        judged[Case(SILENT, self._system)] = judged[Case(AWAY, self._system)] = None

        def stepped(kept: Kept) -> tuple[Kept, list[AlarmNotice]]:
            gone = [case for case in kept if _is_gone(case, rooms, beats)]
            return step(kept, {**judged, **dict.fromkeys(gone)}, now_ms)

        self._store.alarms.change(stepped, self._post, self._was_away())
        self._away_since_ms = self._away_told_ms = 0
        self._marker.unlink(missing_ok=True)
        beat = Beat(
            at_ms=now_ms,
            skew_ms=ours_ms - now_ms,
            workers_configured=gate.workers_configured,
            workers=gate.workers,
            gate_skew_ms=gate_skew_ms(counts),
            mails=self._post.mails,
            webhook=self._post.webhook,
        )
        forgotten = [name for name, one in others.items() if now_ms - one.at_ms > FORGOTTEN_MS]
        self._store.alarms.beat(self._system, beat, forgotten)

    def end(self) -> None:
        """This system ends in good order."""
        self._store.alarms.sign_off(self._system)

    def _rooms(
        self, rooms: Mapping[str, Snapshot], samples: Mapping[str, Sample]
    ) -> dict[Case, float | None]:
        judged: dict[Case, float | None] = {}
        for gone in self._samples.keys() - rooms.keys():
            del self._samples[gone]
        unseen = {name: one.now_ms - LONGEST_MS for name, one in rooms.items()}
        unseen = {name: since for name, since in unseen.items() if name not in self._samples}
        for name, known in self._store.history.lately(unseen).items():
            self._samples[name] = deque(known, maxlen=MOST_KEPT)
        for name, room in rooms.items():
            seen = self._samples[name]
            now = samples[name]
            ours = [one for one in seen if one.epoch == now.epoch and one.at_ms < now.at_ms]
            seen.append(now)
            found = conditions.of_room([*ours, now], is_open=room.phase is Phase.OPEN)
            judged |= {Case(alarm, name): value for alarm, value in found.items()}
        return judged

    def _was_away(self) -> list[AlarmNotice]:
        """That it is over, where it was told that the store is away; by our own clock, as that."""
        if not self._away_told_ms:
            return []
        return [AlarmNotice(Case(AWAY, self._system), self._away_told_ms, self._now_ms(), 0)]


def _read(marker: Path) -> int:
    """When it was told that the store is away; 0 for not."""
    try:
        return int(marker.read_text())
    except (OSError, ValueError):
        return 0


def _is_gone(case: Case, rooms: Mapping[str, Snapshot], beats: Mapping[str, Beat]) -> bool:
    """Whether what a case is of is there no more."""
    return case.subject not in (rooms if ALARMS[case.name].room else beats)

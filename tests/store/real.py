"""A room of the real store, with the verbs spelled as the reference room spells them."""

from types import SimpleNamespace

from waitingroom.clock import monotonic_ms
from waitingroom.model import Settings, Snapshot
from waitingroom.reasons import Reason
from waitingroom.store import support
from waitingroom.store.client import Store
from waitingroom.store.keys import TEXTS_TOLD, RoomKeys
from waitingroom.store.state import read_status, status

T0 = 1_800_000_000_000
"""2027-01-15: when the rooms of the tests begin."""
ME = {"actor": "tests"}


def ttl_since(began_ms: int, pttl_ms: int) -> int:
    """What a key had to live that was written after ``began_ms`` and is looked at now, at most."""
    return pttl_ms + monotonic_ms() - began_ms


class RealRoom:
    """``at`` does one verb at one moment, through the client that everybody uses."""

    def __init__(self, store: Store, name: str, settings: Settings, now_ms: int) -> None:
        self.store, self.name, self.keys = store, name, RoomKeys.of(name)
        self.redis = store._redis
        store.create(name, settings, **ME, now_ms=now_ms)

    def at(self, now_ms: int, verb: str, *args):
        """What the verb answers; raises what it raises."""
        if hasattr(self, verb):
            return getattr(self, verb)(now_ms, *args)
        return getattr(self.store, verb)(self.name, *args, now_ms=now_ms)

    def crowd(self, now_ms, count):
        """So many people join, none of them from a counted network; answers their arrivals."""
        return self.join(now_ms, [None] * count).arrivals

    def knock(self, now_ms, arrival, epoch=1):
        """The ticket's holder comes; in a room without a shuffle the number is the arrival."""
        return self.store.enter(self.name, epoch, arrival, arrival, now_ms=now_ms)

    def ask_for_time(self, now_ms, arrival, epoch=1):
        """The ticket's holder wants more time."""
        return self.store.extend(self.name, epoch, arrival, arrival, now_ms=now_ms)

    def go(self, now_ms, arrival, epoch=1):
        """The ticket's holder leaves the line."""
        return self.store.leave(self.name, epoch, arrival, arrival, now_ms=now_ms)

    def second_chance(self, now_ms, epoch, arrival, number):
        """Support wants the place to be called once more."""
        place = SimpleNamespace(
            room=self.name, epoch=epoch, arrival=arrival, number=number, code="K7Q2-9MXD"
        )
        call = support.second_chance(place, actor="tests", now_ms=now_ms)
        return support.read_chance(self.store.run(call))

    def run_until(self, begin_ms, end_ms, every_ms=500):
        """Gates look twice a second; answers what the last look saw."""
        for now_ms in range(begin_ms, end_ms, every_ms):
            self.status(now_ms)
        return self.status(end_ms)

    def status(self, now_ms):
        return self.store.status(self.name, now_ms=now_ms)

    def gate_looks(self, now_ms):
        """As ``status``, by a gate, whose being away the room then knows of."""
        return self.store._snapshot(self.name, status(self.name, gate=True, now_ms=now_ms))

    def join(self, now_ms, networks, seen=(0, 0), appointments=()):
        return self.store.join(
            self.name, networks=networks, seen=seen, appointments=appointments, now_ms=now_ms
        )

    def express(self, now_ms, network=None):
        return self.store.express(self.name, network=network, now_ms=now_ms)

    def set(self, now_ms, changes, version=None):
        return self.store.set(self.name, changes, **ME, version=version, now_ms=now_ms)

    def plan(self, now_ms, steps, version=None):
        return self.store.plan(self.name, steps, **ME, version=version, now_ms=now_ms)

    def undo(self, now_ms, version=None):
        return self.store.undo(self.name, **ME, version=version, now_ms=now_ms)

    def act(self, now_ms, name, reason: Reason | str = ""):
        return self.store.act(self.name, name, **ME, reason=reason, now_ms=now_ms)

    def open(self, now_ms, reason: Reason | str = ""):
        return self.store.open(self.name, **ME, reason=reason, now_ms=now_ms)

    def reset(self, now_ms, opens_at_ms=0, reason: Reason | str = ""):
        return self.store.reset(
            self.name, **ME, opens_at_ms=opens_at_ms, reason=reason, now_ms=now_ms
        )

    def stock_left(self, now_ms, left, age_ms=0):
        """The shop tells what it has left."""
        return self.store.stock(self.name, left, **ME, age_ms=age_ms, now_ms=now_ms)

    def standing(self, places):
        return self.store.standing(self.name, places)

    def redeem(self, epoch, nonce):
        return self.store.redeem(self.name, epoch, nonce)

    def written(self) -> Snapshot:
        """The room as it is on disk: no time passes."""
        texts = self.redis.hmget(self.keys.texts, *TEXTS_TOLD)
        news = self.redis.lrange(self.keys.news, 0, -1)
        return read_status(self.name, [self.redis.get(self.keys.state), b"", texts, news])

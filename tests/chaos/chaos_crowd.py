"""A crowd of native clients on threads: they join, knock, leave, ask again and release."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from chaos_ledger import Ledger, Place
from chaos_wire import Answer, Wire

MOST_PLACES = 40
"""Open places of one client: it joins until it holds so many, so that the line has an end."""
PAUSE_S = 0.01


class Client(threading.Thread):
    """One connection, many shoppers. What it does next is up to a seed."""

    def __init__(self, ledger: Ledger, room: str, gate: str, shop: "Shop", seed: str) -> None:
        super().__init__(daemon=True)
        self.stop = threading.Event()
        self._ledger = ledger
        self._room = room
        self._wire = Wire(gate)
        self._shop = shop
        self._random = random.Random(seed)
        self._places: list[Place] = []
        self._inside: list[Place] = []

    def run(self) -> None:
        """Act until told to stop."""
        acts = (self._join, self._knock, self._knock, self._ask_again, self._leave, self._release)
        weights = (30, 25, 25, 8, 4, 8)
        try:
            while not self.stop.wait(PAUSE_S):
                self._look()
                (act,) = self._random.choices(acts, weights)
                act()
        except Exception as error:
            self._ledger.oddities.append(f"a client failed: {error!r}")
            raise
        finally:
            self._wire.close()

    def _look(self) -> None:
        """Read the status now and then."""
        if self._random.random() < 0.1:
            answer = self._wire.ask("GET", f"/{self._room}/status.json")
            if self._ledger.take("status", answer):
                self._ledger.status(answer.value)

    def _join(self) -> None:
        if len(self._places) >= MOST_PLACES:
            return
        answer = self._wire.ask("POST", f"/{self._room}/ticket", {})
        if self._ledger.take("join", answer):
            self._places.append(self._ledger.joined(answer.value))

    def _ask_again(self) -> None:
        """Reload: the ticket's place, and after the draw its number."""
        fresh = [place for place in self._places if place.number is None]
        known = fresh if self._ledger.drawn is not None and fresh else self._places
        if known:
            ask_again(self._wire, self._ledger, self._room, self._random.choice(known))

    def _knock(self) -> None:
        """Knock for a called place whose time at the door has come."""
        now_s = time.monotonic()
        called = [
            place
            for place in self._places
            if place.number is not None
            and place.number <= self._ledger.serving
            and place.knock_at_s <= now_s
        ]
        if not called:
            if self._ledger.drawn is not None:
                self._ask_again()
            return
        place = min(called, key=lambda place: place.number or 0)
        answer = self._wire.ask("POST", f"/{self._room}/pass", bearer=place.ticket)
        if self._ledger.take("knock", answer):
            self._ledger.entered(place, answer.value["expires_at_ms"])
            if self._random.random() < 0.8:
                self._places.remove(place)
                self._inside.append(place)
        else:
            place.knock_at_s = now_s + answer.value.get("retry_after_ms", 100) / 1000

    def _leave(self) -> None:
        waiting = [place for place in self._places if not place.told]
        if waiting:
            place = self._random.choice(waiting)
            place.given_up = True
            self._places.remove(place)
            answer = self._wire.ask("DELETE", f"/{self._room}/ticket", bearer=place.ticket)
            self._ledger.take("leave", answer)

    def _release(self) -> None:
        """What the shop does after a checkout: give the place back."""
        if self._inside:
            place = self._inside.pop(0)
            place.given_up = True
            self._ledger.take("release", self._shop.release(place))


class Shop:
    """The shop's line to the room API, shared by all clients."""

    def __init__(self, console: str, key: str, room: str) -> None:
        self._wire = Wire(console)
        self._key = key
        self._path = f"/api/v1/rooms/{room}/leases/release"
        self._lock = threading.Lock()

    def release(self, place: Place) -> Answer:
        """Give one lease back."""
        with self._lock:
            return self._wire.ask("POST", self._path, {"leases": [place.lease]}, bearer=self._key)

    def close(self) -> None:
        """Hang up."""
        self._wire.close()


def ask_again(wire: Wire, ledger: Ledger, room: str, place: Place) -> int:
    """Show the ticket of a place; the status of the answer."""
    answer = wire.ask("POST", f"/{room}/ticket", {}, bearer=place.ticket)
    if ledger.take("join", answer):
        if answer.status == 200:
            ledger.seen_again(place, answer.value)
        else:
            ledger.joined(answer.value)
            if not place.given_up:
                ledger.oddities.append(f"place {place.arrival} is lost: now {answer.value}")
    return answer.status


@contextmanager
def crowd(
    ledger: Ledger, room: str, gate: str, shop: Shop, *, clients: int, seed: object
) -> Iterator[list[Client]]:
    """Clients that act while the context is open."""
    made = [Client(ledger, room, gate, shop, f"{seed}.{n}") for n in range(clients)]
    for client in made:
        client.start()
    try:
        yield made
    finally:
        for client in made:
            client.stop.set()
        for client in made:
            client.join(30)
        shop.close()
        assert not any(client.is_alive() for client in made)

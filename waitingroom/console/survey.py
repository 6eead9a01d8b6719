"""Gathers the facts of readiness: from the store, the settings, and the shop itself."""

from collections import Counter
from itertools import chain

from waitingroom.config import ConsoleConfig
from waitingroom.console import probe
from waitingroom.errors import StoreUnfit
from waitingroom.model import Snapshot
from waitingroom.readiness import Asked, Door, Facts, Row, Secrets
from waitingroom.ready import rows
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring


def survey(
    store: Store, config: ConsoleConfig, room: str, *, expected: int = 0, private: bool = False
) -> list[Row]:
    """Look at all of it now. ``private``: whether shops at private addresses may be asked, of
    whoever is on this machine anyway.
    """
    found = store.status(room)
    unfit = not_durable = ""
    try:
        not_durable = store.check_fitness()
    except StoreUnfit as error:
        unfit = str(error)
    seen = store.alarms.seen()
    return rows(
        Facts(
            room=found,
            secrets=_secrets(config, store.statuses()),
            beats=seen.beats,
            asked=_asked(config, found, private=private),
            unfit=unfit,
            not_durable=not_durable,
            appendfsync=store.appendfsync(),
            load_test=store.load_tests.last(room),
            expected=expected,
            now_ms=seen.now_ms,
        )
    )


def _secrets(config: ConsoleConfig, rooms: dict[str, Snapshot]) -> Secrets:
    """What each should have alone: settings their secret, rooms their keys and their seed."""
    twice = []
    if {key.hex() for key in config.keys}.intersection(config.shop_keys):
        twice.append("WAITINGROOM_SHOP_KEY is one of WAITINGROOM_SECRET_KEYS")
    keyring = Keyring(config.keys)
    keys = Counter(keyring.room_keys(name).export().rpartition(".")[2] for name in rooms)
    if any(count > 1 for count in keys.values()):
        twice.append("rooms share the keys of their passes")
    seeds = Counter(room.commitment for room in rooms.values())
    shared = [name for name, room in rooms.items() if seeds[room.commitment] > 1]
    if shared:
        twice.append(f"the rooms {', '.join(shared)} share a seed, and so their draw")
    return Secrets(len(config.keys), not config.production, tuple(twice))


def _asked(config: ConsoleConfig, room: Snapshot, *, private: bool) -> Asked:
    """The shop at the setting's address, where the room is one of its or sends people there; else
    at the room's first origin.
    """
    paths = {name: path for path, _, name in (pair.partition("=") for pair in config.rooms)}
    ours = config.shop_url if room.room in paths or config.shop_url in room.origins else ""
    origin = ours or next(chain(room.origins), "")
    if not origin:
        return Asked(Door.NO_ADDRESS)
    url = origin + paths.get(room.room, "/")
    return probe.ask(url, f"{config.gate_url}/{room.room}", private=private or bool(ours))

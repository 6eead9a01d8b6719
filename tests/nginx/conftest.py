"""Sites behind nginx: one to look at for a whole file, and ones to break."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest
from gates import KEYS
from rooms import Room, make
from sites import Site, site

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, RoomKeyring

_NAMES = count(1)


@pytest.fixture(scope="package")
def store(embedded: EmbeddedStore) -> Iterator[Store]:
    """What operators use."""
    made = Store.connect(embedded.url, timeout_s=10)
    yield made
    made.close()


@contextmanager
def building(
    store_url: str, store: Store, folders: pytest.TempPathFactory
) -> Iterator[Callable[..., tuple[Site, Room]]]:
    """Makes sites and their rooms, open and with 200 that may enter at once."""
    with ExitStack() as stack:

        def one(**words: object) -> tuple[Site, Room]:
            name = f"nginx-{next(_NAMES)}"
            made = stack.enter_context(site(store_url, folders.mktemp(name), name, **words))
            origins = (str(words.get("public", made.origin)),)
            return made, make(store, name, origins=origins, rate_per_min=6_000, burst=200)

        yield one


@pytest.fixture
def build(
    store_url: str, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., tuple[Site, Room]]]:
    """Makes sites that end with the test."""
    with building(store_url, store, tmp_path_factory) as one:
        yield one


@pytest.fixture(scope="module")
def standing(
    embedded: EmbeddedStore, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Room]]:
    """A site that a file's tests share, and leave as they found it."""
    with building(embedded.url, store, tmp_path_factory) as one:
        yield one()


@pytest.fixture
def shop(standing: tuple[Site, Room]) -> Site:
    """The site."""
    return standing[0]


@pytest.fixture
def room(standing: tuple[Site, Room]) -> Room:
    """Its room."""
    return standing[1]


@pytest.fixture
def keys(room: Room) -> RoomKeyring:
    """What the gate signs the room's passes with."""
    return Keyring(KEYS).room_keys(room.name)

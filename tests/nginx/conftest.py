"""Sites behind nginx: one to look at for a whole file, and ones to break."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count

import pytest
from gates import KEYS
from rooms import Room, make
from sites import Site, site

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, RoomKeyring

_NAMES = count(1)


@pytest.fixture(scope="session")
def store(embedded: EmbeddedStore) -> Iterator[Store]:
    """What operators use."""
    made = Store.connect(embedded.url, timeout_s=10)
    yield made
    made.close()


@pytest.fixture(scope="session")
def build(
    embedded: EmbeddedStore, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., tuple[Site, Room]]]:
    """Makes a site and its room, open and with 200 that may enter at once."""
    with ExitStack() as stack:

        def one(**words: object) -> tuple[Site, Room]:
            name = f"nginx-{next(_NAMES)}"
            folder = tmp_path_factory.mktemp(name)
            made = stack.enter_context(site(embedded.url, folder, name, **words))
            room = make(
                store,
                name,
                origins=(str(words.get("public", made.origin)),),
                rate_per_min=6_000,
                burst=200,
            )
            return made, room

        yield one


@pytest.fixture(scope="module")
def standing(build: Callable[..., tuple[Site, Room]]) -> tuple[Site, Room]:
    """A site that a file's tests share, and leave as they found it."""
    return build()


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

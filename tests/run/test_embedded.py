"""The embedded store starts wherever people put their folders."""

import os
from pathlib import Path

import pytest
from redis import Redis

from waitingroom.run.embedded import EmbeddedStore

NAMES = ["a shop with blanks", "100%25", "sale #1", "really?", "a=b", "Läden", "long" * 40]


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_good_for_the_store(tmp_path: Path, name: str) -> None:
    """Its address can be read back, by redis-py and from its own list of clients, as RQ does."""
    store = EmbeddedStore(tmp_path / name)
    store.start()
    socket = store.socket
    try:
        with Redis.from_url(store.url) as client:
            assert str(socket) in client.client_info()["addr"]
        assert len(os.fsencode(socket)) <= 107
    finally:
        store.stop()
    assert not socket.exists()


def test_a_plain_folder_holds_its_own_socket(tmp_path: Path) -> None:
    """Nothing outside the data folder unless it must be."""
    assert EmbeddedStore(tmp_path).socket == tmp_path.resolve() / "store.sock"

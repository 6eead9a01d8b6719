"""A store that closes its connections: what the driver makes of it, and what we do."""

import uvloop

from waitingroom.errors import StoreDown
from waitingroom.model import Settings
from waitingroom.store.aclient import AsyncStore
from waitingroom.store.client import Store


def test_a_connection_that_has_just_closed_is_a_store_that_does_not_answer(
    store_url: str, room_id: str
) -> None:
    """uvloop raises RuntimeError for a write to it, which is no fault of ours and no 500."""
    store = Store.connect(store_url, timeout_s=10)
    store.create(room_id, Settings(opens_at_ms=1), actor="test")
    store.close()

    async def meet() -> str:
        gate = AsyncStore.connect(store_url, timeout_s=10)
        try:
            await gate.join(room_id, [None])
            for connection in gate._redis.connection_pool._available_connections:
                connection._writer.transport.abort()
            await gate.join(room_id, [None])
        except StoreDown as error:
            return str(error)
        finally:
            await gate.close()
        return "joined"

    assert "does not answer" in uvloop.run(meet())

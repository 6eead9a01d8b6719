"""All groups of operations. A new one is one line here."""

from waitingroom.console.access import Access
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.rooms import Rooms
from waitingroom.store.client import Store


def operations(store: Store, access: Access) -> list[Group]:
    """What operators' keys open."""
    bearers = Bearers(store.keys, access)
    return [
        Rooms(store, bearers).group(),
    ]

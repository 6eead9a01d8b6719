"""All groups of operations. A new one is one line here."""

from waitingroom.codes import Codes
from waitingroom.config import ConsoleConfig
from waitingroom.console.access import Access
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.frame import Group
from waitingroom.console.api.history import Figures
from waitingroom.console.api.knobs import Knobs
from waitingroom.console.api.operators import Operators
from waitingroom.console.api.passes import Passes
from waitingroom.console.api.preparing import Preparing
from waitingroom.console.api.previewing import Previewing
from waitingroom.console.api.record import Records
from waitingroom.console.api.rooms import Rooms
from waitingroom.console.api.support import Support
from waitingroom.console.api.system import System
from waitingroom.console.api.watching import Watching
from waitingroom.console.key_uses import Uses
from waitingroom.console.previews import Previews
from waitingroom.console.releases import Releases
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring


def operations(
    store: Store, access: Access, config: ConsoleConfig, releases: Releases
) -> list[Group]:
    """What operators' keys open. ``releases``: what the room API remembers."""
    bearers = Bearers(store.keys, access, Uses(store.keys, "key", access.now_ms))
    return [
        System(store, bearers, releases).group(),
        Rooms(store, bearers).group(),
        Figures(store, bearers).group(),
        Knobs(store, bearers).group(),
        Preparing(store, bearers).group(),
        Previewing(Previews(store, access, config.templates), bearers).group(),
        Records(store, bearers).group(),
        Operators(store, bearers).group(),
        Passes(store, bearers, Keyring(config.keys)).group(),
        Watching(store, bearers, config).group(),
        Support(store, bearers, Codes(config.keys)).group(),
    ]

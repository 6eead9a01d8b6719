"""Whether a server may keep our rooms, from what it says of itself. Pure."""

from collections.abc import Mapping
from typing import Any

from waitingroom.errors import StoreUnfit

SECTIONS = ("server", "memory", "persistence")
"""The parts of ``INFO`` that :func:`judge` reads, all in one mapping."""
OLDEST_SERVER = 7
"""The first with function libraries."""


def judge(info: Mapping[str, Any], appendfsync: str | None) -> str:
    """Refuse a server that may lose places by its own settings; answer a warning, or "".

    ``appendfsync``: that setting, None where the server does not tell (a managed one). Raises
    :class:`StoreUnfit` where it may evict keys or is too old.
    """
    version = str(info["redis_version"])
    if int(version.split(".", maxsplit=1)[0]) < OLDEST_SERVER:
        raise StoreUnfit(f"the store is version {version}; it must be {OLDEST_SERVER} or newer")
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise StoreUnfit(
            f"the store may evict keys (maxmemory-policy is {policy}, must be noeviction): "
            "places would be lost"
        )
    if not info.get("aof_enabled"):
        return "the store keeps no append-only file: a crash of it loses places"
    if appendfsync not in (None, "always"):
        return "the store's appendfsync is not “always”: a crash may lose the last second's places"
    return ""

"""Which servers may keep our rooms."""

import pytest

from waitingroom.errors import StoreUnfit
from waitingroom.store.fitness import judge

GOOD = {"redis_version": "7.0.15", "maxmemory_policy": "noeviction", "aof_enabled": 1}


def test_a_durable_server_that_keeps_what_it_has_is_fit() -> None:
    """No word of warning; a server that does not tell all of its settings is believed."""
    assert judge(GOOD, "always") == ""
    assert judge(GOOD, None) == ""
    assert judge({"redis_version": "9.1.2", "aof_enabled": 1}, "always") == ""


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl", "allkeys-random"])
def test_a_server_that_may_evict_is_refused(policy: str) -> None:
    """Places have no time to live, but counters and handovers have: any policy loses something."""
    with pytest.raises(StoreUnfit, match=f"maxmemory-policy is {policy}, must be noeviction"):
        judge(GOOD | {"maxmemory_policy": policy}, "always")


@pytest.mark.parametrize("version", ["6.2.14", "5.0.3"])
def test_a_server_without_functions_is_refused(version: str) -> None:
    """Before 7.0 there are none."""
    with pytest.raises(StoreUnfit, match=f"is version {version}; it must be 7 or newer"):
        judge(GOOD | {"redis_version": version}, "always")


@pytest.mark.parametrize("fsync", ["everysec", "no"])
def test_a_server_that_may_lose_the_last_second_is_warned_of(fsync: str) -> None:
    """It works; a crash may cost places."""
    assert "appendfsync" in judge(GOOD, fsync)
    assert "append-only file" in judge(GOOD | {"aof_enabled": 0}, "always")

"""What the console itself puts into the system's record."""

from desks import Desk

from waitingroom.console.access import MOST_FAILURES
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM, login_key


def test_log_ins_and_who_is_shut_out_are_recorded(
    store_url: str, people: dict[Role, str], store: Store
) -> None:
    """With the address; of a flood of guesses one entry, so that it drives nothing else out."""
    desk, name = Desk(store_url, address="198.51.100.99"), people[Role.VIEWER]
    desk.log_in(name)
    desk.post("/logout", {})
    desk.post("/logout", {})
    for _ in range(MOST_FAILURES + 20):
        desk.log_in(name, "guessed guessed")
    store._redis.delete(login_key(f"network:{desk.address}"))
    found = store.record.newest(SYSTEM, 5)[::-1]
    told = [(entry.act, entry.actor, entry.text("from"), entry.detail) for entry in found[1:]]
    assert found[0].act == "operator_add"
    assert told == [
        ("log_in", f"console:{name}", desk.address, "viewer"),
        ("log_out", f"console:{name}", desk.address, ""),
        ("log_in_throttled", "console", desk.address, f"name:{name}"),
        ("log_in_throttled", "console", desk.address, f"network:{desk.address}"),
    ]
    assert store.record.verify(SYSTEM).findings == []

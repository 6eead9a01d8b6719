"""What the console itself puts into the system's record."""

import json
from datetime import UTC, datetime

from desks import Desk

from waitingroom.console.access import MOST_FAILURES
from waitingroom.model import Actor, Brand, Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM, RoomKeys, login_key


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
    found = store.record.newest(SYSTEM, 4)[::-1]
    network = found[-1].detail
    store._redis.delete(login_key(network))
    told = [(entry.act, entry.actor, entry.text("from"), entry.detail) for entry in found[1:]]
    assert found[0].act == "operator_add"
    assert told == [
        ("log_in", f"console:{name}", desk.address, "viewer"),
        ("log_out", f"console:{name}", desk.address, ""),
        ("log_in_throttled", "console", desk.address, network),
    ]
    assert network.startswith("network:")
    assert desk.address not in network, "a name, as everywhere; who was shut out can be told by it"
    assert store.record.verify(SYSTEM).findings == []


def test_a_rooms_record_is_read_and_taken_away(
    desk: Desk, people: dict[Role, str], store: Store, room_id: str
) -> None:
    """By anybody who may look; whatever somebody wrote as a reason is text."""
    store.create(room_id, Settings(opens_at_ms=0), actor=Actor("cli:ada", "host", "<b>why</b>"))
    store.set(room_id, {"rate_per_min": 7}, actor="cli:bob")
    store.act(room_id, "close", actor="cli:bob")
    desk.log_in(people[Role.VIEWER])
    assert f'href="/rooms/{room_id}/record"' in desk.get(f"/rooms/{room_id}").text
    page = desk.get(f"/rooms/{room_id}/record").text
    assert page.index("cli:bob") < page.index("cli:ada")
    assert "<bdi>Rate: 60 → 7 a minute</bdi>" in page, "in words; exports have the JSON"
    assert "<code>{" not in page
    assert "because “&lt;b&gt;why&lt;/b&gt;”" in page
    entries = list(store.record.entries(room_id))
    days = [datetime.fromtimestamp(entry.at_ms / 1000, UTC) for entry in entries]
    assert all(f"{day:%Y-%m-%d %H:%M:%S}" in page for day in days)
    lines = desk.get(f"/rooms/{room_id}/record.jsonl")
    assert lines.headers["Content-Disposition"] == f'attachment; filename="record-{room_id}.jsonl"'
    assert [json.loads(line)["hash"] for line in lines.text.splitlines()] == [
        entry.hash for entry in entries
    ]
    assert len(desk.get(f"/rooms/{room_id}/record.csv").text.splitlines()) == 4
    for nowhere in (f"{room_id}/record.exe", "nowhere/record", "nowhere/record.csv"):
        assert desk.get(f"/rooms/{nowhere}").status_code == 404


def test_a_records_page_says_whether_it_was_edited(
    desk: Desk, people: dict[Role, str], store: Store, room_id: str
) -> None:
    """Here its newest entry was taken out by hand."""
    store.create(room_id, Settings(opens_at_ms=0), actor="cli:ada")
    store.act(room_id, "close", actor="cli:bob")
    desk.log_in(people[Role.VIEWER])
    fine = desk.get(f"/rooms/{room_id}/record").text
    assert "Unedited" in fine and 'role="alert"' not in fine
    (newest,) = store.record.newest(room_id, 1)
    assert f"<code>{newest.hash}</code>" in fine, "to be noted elsewhere"
    store._redis.xdel(RoomKeys.of(room_id).log, newest.id)
    edited = desk.get(f"/rooms/{room_id}/record").text
    assert "This record was edited" in edited and "Unedited" not in edited
    assert f"removed: entries {newest.seq} to {newest.seq}, the newest, are missing" in edited


def test_an_entry_of_any_time_is_shown_in_any_zone(
    desk: Desk, people: dict[Role, str], store: Store, room_id: str
) -> None:
    """Somebody put it in: in Tokyo the year 10000, which calendars do not know, has begun then."""
    tokyo = Brand(time_zone="Asia/Tokyo")
    store.create(room_id, Settings(opens_at_ms=0), actor="cli:ada", look=tokyo)
    desk.log_in(people[Role.VIEWER])
    last = "253402300799999"
    store._redis.xadd(RoomKeys.of(room_id).log, {"act": "closed", "at_ms": last})
    store._redis.xadd(RoomKeys.of(room_id).log, {"act": "closed", "detail": f"due {last}"})
    page = desk.get(f"/rooms/{room_id}/record")
    assert page.status_code == 200
    assert "This record was edited" in page.text and f"due {last}" in page.text


def test_log_ins_and_accounts_are_for_admins_to_read(
    store_url: str, people: dict[Role, str]
) -> None:
    """Also not by the way of a room of that name."""
    for role, status in ((Role.OPERATOR, 403), (Role.ADMIN, 200)):
        desk = Desk(store_url, address="198.51.100.98")
        assert desk.get("/record").status_code == 303, "nobody without a session"
        desk.log_in(people[role])
        assert ('href="/record"' in desk.get("/").text) == (status == 200)
        for path in ("/record", "/record.jsonl", "/record.csv"):
            assert desk.get(path).status_code == status
        for path in (f"/rooms/{SYSTEM}/record", f"/rooms/{SYSTEM}/record.csv"):
            assert desk.get(path).status_code == 404

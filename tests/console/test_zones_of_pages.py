"""In which zone times are told of what belongs to a room, and of what belongs to none."""

import re
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from desks import Desk, text

from waitingroom import clock
from waitingroom.brand import Brand
from waitingroom.console.figures import clock_time
from waitingroom.console.knobs import common_zone
from waitingroom.model import Phase, Settings
from waitingroom.operators import Role
from waitingroom.standing import Case, step
from waitingroom.store.client import Store
from waitingroom.store.keys import ALARM_STANDINGS, ROOMS

pytestmark = pytest.mark.usefixtures("no_counts", "no_shop_keys")
WARSAW, SAIGON = "Europe/Warsaw", "Asia/Ho_Chi_Minh"
HOUR_MS = 3_600_000
MINUTE_MS = 60_000
OF_THE_SYSTEM = ("/keys", "/shop-keys", "/operators", "/record", "/account")


def make(store: Store, name: str, zone: str) -> str:
    """A room that opens in an hour, and has a shop."""
    settings = Settings(opens_at_ms=clock.now_ms() + HOUR_MS, origins=("https://shop.example",))
    version = store.create(name, settings, actor="test").version
    store.brand(name, Brand(time_zone=zone), actor="test", version=version)
    return name


@pytest.fixture
def warsaw(store: Store, room_id: str) -> str:
    """A room of there, and no other."""
    store._redis.delete(ROOMS)
    return make(store, room_id, WARSAW)


def there(at_ms: int, zone: str) -> str:
    """A time as pages tell it."""
    at = datetime.fromtimestamp(at_ms / 1000, ZoneInfo(zone))
    return f"{at:%Y-%m-%d %H:%M} ({at.isoformat()[-6:]})"


def test_what_belongs_to_no_room_is_told_in_the_zone_that_the_rooms_share(
    admin: Desk, store: Store, warsaw: str, people: dict[Role, str]
) -> None:
    """Where they share one, and however it is called: the page names it."""
    account = store.accounts.find(people[Role.ADMIN])
    admin.post("/shop-keys", {"name": "every", "rooms": "", "all": "1"})
    (key,) = store.shop_keys.all()
    for path in OF_THE_SYSTEM:
        assert f"times in {WARSAW}" in text(admin.get(path)), path
    assert there(account.made_at_ms, WARSAW) in text(admin.get("/operators"))
    assert there(key.made_at_ms, WARSAW) in text(admin.get("/shop-keys"))
    logged_in = text(admin.get("/account"))
    assert re.search(r"\d\d:\d\d:\d\d \(\+0[12]:00\) from 192\.0\.2\.1", logged_in)
    assert f"{WARSAW} (+0" in text(admin.get(f"/operators/{account.name}"))
    make(store, f"{warsaw}-b", SAIGON)
    for path in OF_THE_SYSTEM:
        assert "times in UTC" in text(admin.get(path)), path
    assert there(key.made_at_ms, WARSAW) not in text(admin.get("/shop-keys"))
    store.act(f"{warsaw}-b", "close", actor="test")
    assert f"times in {WARSAW}" in text(admin.get("/keys")), "what is closed has no say"


def test_rooms_that_are_all_closed_still_have_a_zone(store: Store, warsaw: str) -> None:
    """The day after a sale its times read as they did; without any room they are in UTC."""
    room = store.status(warsaw)
    closed = replace(room, phase=Phase.CLOSED)
    plain = replace(room, brand=Brand())
    assert common_zone([closed, closed]) == WARSAW
    assert common_zone([closed, plain]) == "UTC"
    assert common_zone([room, plain]) == "UTC"
    assert common_zone([]) == "UTC"


def test_staff_passes_are_told_in_the_rooms_zone(admin: Desk, store: Store, warsaw: str) -> None:
    """Also where other rooms have another."""
    make(store, f"{warsaw}-b", SAIGON)
    made = text(admin.post(f"/rooms/{warsaw}/staff", {"name": "Ada", "for": "60", "to": "/"}))
    (one,) = store.staff.all(warsaw)
    assert re.search(rf"good until [-\d]+ [:\d]+ {WARSAW} \(\+0[12]:00\), [:\d]+ UTC, or", made)
    listed = text(admin.get(f"/rooms/{warsaw}/staff"))
    assert f"Times in {WARSAW}." in listed
    for at_ms in (one.made_at_ms, one.until_ms):
        assert there(at_ms, WARSAW) in listed
    store.staff.revoke(warsaw, one.lease, actor="test")
    (one,) = store.staff.all(warsaw)
    revoked = f"revoked {there(one.revoked_at_ms, WARSAW)} by test"
    assert revoked in text(admin.get(f"/rooms/{warsaw}/staff"))


def test_on_the_page_of_all_rooms_each_alarm_names_its_own_zone(
    admin: Desk, store: Store, warsaw: str
) -> None:
    """A room's that of the room; the system's, where rooms differ, UTC."""
    saigon = make(store, f"{warsaw}-b", SAIGON)
    cases = [Case("WaitingRoomStandsStill", room) for room in (warsaw, saigon)]
    cases.append(Case("WaitingRoomForgedCredentials", "a:8003"))
    now_ms, held = store.now_ms(), dict.fromkeys(cases, 1500.0)
    try:
        for ago_ms in (2 * MINUTE_MS, MINUTE_MS, 0):
            at_ms = now_ms - ago_ms
            store.alarms.change(lambda kept, at_ms=at_ms: step(kept, held, at_ms), lambda *_: None)
        live = admin.get("/live.json").json["alarms"]
        page = text(admin.get("/"))
    finally:
        store._redis.delete(ALARM_STANDINGS)
    zones = [WARSAW, SAIGON, "UTC"]
    assert [one["since"] for one in live] == [
        f"since {clock_time(now_ms, zone)} {zone}" for zone in zones
    ]
    for one in live:
        assert one["since"] in page

"""The pages of shops' keys and of staff passes: made, shown once, listed, revoked."""

import re
from collections.abc import Callable

import pytest
from desks import Desk, hidden, read, shown_secret
from test_room_api import call

from waitingroom import clock
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.staff import PassState
from waitingroom.store import keys, staff
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM
from waitingroom.tokens import Keyring

pytestmark = pytest.mark.usefixtures("no_counts", "no_shop_keys")
People = dict[Role, str]
SHOP = "https://shop.example"
ASKS = {"leases": []}


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """A room whose shop is known; it opens in an hour."""
    wanted = Settings(opens_at_ms=clock.now_ms() + 3_600_000, origins=(SHOP,))
    store.create(room_id, wanted, actor="test")
    return room_id


@pytest.fixture
def confirmed(admin: Desk) -> Callable[..., object]:
    """Opens a page that asks, and sends it."""

    def one(path: str, **fields: str) -> object:
        return admin.post(path, hidden(admin.get(path)) | fields)

    return one


def test_a_shops_key_is_shown_once_opens_its_room_and_is_revoked(
    admin: Desk, store: Store, room: str, confirmed: Callable[..., object], people: People
) -> None:
    """From the page to the shop's call; both acts are in the record with who and why."""
    answer = admin.post("/shop-keys", {"name": "spring", "rooms": room})
    assert answer.status_code == 200
    key = shown_secret(answer)
    assert "Set it as WAITINGROOM_SHOP_KEY" in answer.text
    assert call(admin.client, f"{room}/leases/renew", ASKS, key).status_code == 200
    listed = read(admin.get("/shop-keys"))
    secret = key.partition(".")[2]
    assert secret not in listed
    for told in ("spring", room, people[Role.ADMIN]):
        assert told in listed
    again = admin.post("/shop-keys", {"name": "spring", "rooms": room})
    assert (again.status_code, secret in again.text) == (409, False)
    asked = read(admin.get("/shop-keys/spring/revoke"))
    assert "Give it another key first." in asked
    assert "Last used:" in asked
    done = confirmed("/shop-keys/spring/revoke", why="lost a laptop")
    assert (done.status_code, done.location) == (303, "/shop-keys")
    assert "opens nothing any more" in read(admin.get("/shop-keys"))
    assert call(admin.client, f"{room}/leases/renew", ASKS, key).status_code == 401
    entry = store.record.newest(SYSTEM, 1)[0]
    told = (entry.act, entry.actor, entry.detail, entry.text("why"))
    assert told == (
        "shop_key_revoke", f"console:{people[Role.ADMIN]}", "spring", "lost a laptop",
    )  # fmt: skip
    assert admin.get("/shop-keys/spring/revoke").status_code == 404


def test_one_key_may_be_for_several_rooms_or_for_all(admin: Desk, store: Store, room: str) -> None:
    """Rooms as people write lists."""
    store.create(f"{room}-b", Settings(), actor="test")
    admin.post("/shop-keys", {"name": "both", "rooms": f" {room},  {room}-b\n"})
    admin.post("/shop-keys", {"name": "every", "rooms": "", "all": "1"})
    both, every = store.shop_keys.all()
    assert (both.rooms, every.rooms) == ((room, f"{room}-b"), ())
    assert "all rooms" in admin.get("/shop-keys").text


BAD_KEYS: list[tuple[dict[str, str], str]] = [
    ({"name": "Spring Shop"}, "Write lower-case letters, digits and _ -"),
    ({"rooms": ""}, "Say which rooms it is for"),
    ({"rooms": "x", "all": "1"}, "Say which rooms it is for"),
    ({"rooms": "nowhere"}, "There is no room “nowhere”."),
    ({"rooms": "No_Room"}, "“No_Room” cannot name a room."),
    ({"rooms": "a " * 51}, "A key names at most 50"),
]


def test_a_key_that_cannot_be_is_refused_in_a_sentence(admin: Desk, store: Store) -> None:
    """Beside its field; nothing is made."""
    for fields, says in BAD_KEYS:
        answer = admin.post("/shop-keys", {"name": "spring", "rooms": "x"} | fields)
        assert answer.status_code == 400
        assert says in read(answer)
    assert store.shop_keys.all() == []


def test_a_page_that_is_older_than_the_key_revokes_nothing(
    admin: Desk, store: Store, room: str
) -> None:
    """Another admin made it anew meanwhile."""
    admin.post("/shop-keys", {"name": "spring", "rooms": room})
    page = hidden(admin.get("/shop-keys/spring/revoke"))
    store.shop_keys.revoke("spring", actor="test")
    admin.clock_ms += 1
    admin.post("/shop-keys", {"name": "spring", "rooms": room})
    assert admin.post("/shop-keys/spring/revoke", page).status_code == 404
    assert [one.name for one in store.shop_keys.all()] == ["spring"]


def passes(store: Store, room: str) -> dict[str, PassState]:
    """For whom there is one, and whether it is good."""
    now = store.status(room)
    found = store.staff.all(room)
    return {one.name: one.state(now.staff_epoch, now.now_ms) for one in found}


def test_a_staff_pass_is_a_link_that_is_shown_once(
    admin: Desk, store: Store, room: str, people: People
) -> None:
    """Good for what was chosen; the list has whose it is, and never the link."""
    fields = {"name": "Zoë <b>", "for": "480", "to": "/sale/?a=1"}
    answer = admin.post(f"/rooms/{room}/staff", fields)
    assert answer.status_code == 200
    url = shown_secret(answer)
    assert url.startswith(f"{SHOP}/sale/?a=1&wr_handover=h1.")
    keyring = Keyring((b"k" * 32,)).room_keys(room)
    found = keyring.read_handover(url.partition("wr_handover=")[2], now_ms=clock.now_ms())
    assert found.carried.staff
    assert found.pass_ends_at_ms - found.issued_at_ms == 8 * 3_600_000
    assert store.redeem(room, found.epoch, found.nonce, staff=found.lease) is True
    page = admin.get(f"/rooms/{room}/staff").text
    assert "h1." not in page
    assert "Zoë &lt;b&gt;" in page
    assert found.lease in page
    (made,) = store.staff.all(room)
    assert made.by == f"console:{people[Role.ADMIN]}"
    assert "/staff" in admin.get(f"/rooms/{room}").text


def test_one_pass_is_revoked_and_then_all(
    admin: Desk, store: Store, room: str, confirmed: Callable[..., object]
) -> None:
    """Told what it means first; the list says who ended which."""
    for name in ("Ada L.", "Ben K.", "Cem Y."):
        admin.post(f"/rooms/{room}/staff", {"name": name, "for": "60"})
    ada = next(one for one in store.staff.all(room) if one.name == "Ada L.")
    path = f"/rooms/{room}/staff/{ada.lease}/revoke"
    assert "within about six seconds" in read(admin.get(path))
    assert confirmed(path, why="left").status_code == 303
    assert passes(store, room)["Ada L."] is PassState.REVOKED
    assert passes(store, room)["Ben K."] is PassState.GOOD
    page = read(admin.get(f"/rooms/{room}/staff"))
    assert "The pass of Ada L. has ended." in page
    assert re.search(r"revoked \d{4}-\d\d-\d\d \d\d:\d\d by admin", page)
    assert confirmed(path).status_code == 303
    assert "was over already" in read(admin.get(f"/rooms/{room}/staff"))
    asked = read(admin.get(f"/rooms/{room}/staff/revoke"))
    assert "Ben K." in asked
    assert "Ada L." not in asked
    assert confirmed(f"/rooms/{room}/staff/revoke").status_code == 303
    assert set(passes(store, room).values()) == {PassState.REVOKED, PassState.ENDED}
    told = [entry.act for entry in store.record.newest(room, 3)]
    assert told == ["revoke_staff", "revoke_pass", "staff_pass"]


def test_all_are_not_revoked_from_a_page_that_others_made_old(
    admin: Desk, store: Store, room: str
) -> None:
    """409, and nothing ends."""
    admin.post(f"/rooms/{room}/staff", {"name": "Ada", "for": "60"})
    page = hidden(admin.get(f"/rooms/{room}/staff/revoke"))
    store.set(room, {"rate_per_min": 7}, actor="test")
    answer = admin.post(f"/rooms/{room}/staff/revoke", page)
    assert answer.status_code == 409
    assert "somebody changed this room" in answer.text
    assert passes(store, room) == {"Ada": PassState.GOOD}


BAD_PASSES: list[tuple[dict[str, str], str]] = [
    ({"name": " "}, "Say who it is for."),
    ({"name": "x" * 61}, "At most 60 characters, and no line breaks."),
    ({"name": "a\tb"}, "At most 60 characters, and no line breaks."),
    ({"for": "99999999"}, "Choose one of these."),
    ({"for": "-60"}, "Choose one of these."),
    ({"to": "//evil.example"}, "Write where in the shop"),
    ({"to": "https://evil.example/"}, "Write where in the shop"),
    ({"to": "/a b"}, "Write where in the shop"),
    ({"to": "/\\evil.example"}, "Write where in the shop"),
]


def test_a_pass_that_cannot_be_is_refused_in_a_sentence(
    admin: Desk, store: Store, room: str
) -> None:
    """Beside its field; nothing is made."""
    for fields, says in BAD_PASSES:
        answer = admin.post(f"/rooms/{room}/staff", {"name": "Ada", "for": "60"} | fields)
        assert answer.status_code == 400
        assert says in read(answer)
    assert store.staff.all(room) == []


def test_a_room_that_knows_no_shop_or_has_too_many_passes_says_so(
    admin: Desk, store: Store, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what to do; nothing is made or recorded."""
    store.create(f"{room}-b", Settings(), actor="test")
    page = read(admin.get(f"/rooms/{room}-b/staff"))
    assert f"waitingroom room set {room}-b --origin" in page
    answer = admin.post(f"/rooms/{room}-b/staff", {"name": "Ada", "for": "60"})
    assert (answer.status_code, store.staff.all(f"{room}-b")) == (409, [])
    monkeypatch.setattr(staff, "MOST_STAFF_PASSES", 1)
    assert keys.MOST_STAFF_PASSES > 1
    admin.post(f"/rooms/{room}/staff", {"name": "Ada", "for": "60"})
    answer = admin.post(f"/rooms/{room}/staff", {"name": "Ben", "for": "60"})
    assert answer.status_code == 409
    assert "has 1 staff passes that are not over" in read(answer)
    for path in ("/rooms/nowhere/staff", f"/rooms/{room}/staff/s-0000000000000000/revoke"):
        assert admin.get(path).status_code == 404

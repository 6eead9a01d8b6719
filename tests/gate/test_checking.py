"""`GET /{room}/check`: a proxy asks about each request whether there is a good pass."""

import signal
import time
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

import pytest
from gates import Answer, Browser, LocalGate, Native, RunningGate
from rooms import MINUTE_MS, Room, now_ms

from waitingroom.gate import lease
from waitingroom.model import Settings, WhileNoSale
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.staff import StaffPass
from waitingroom.tokens import Pass, Ticket

SESSION_MS = Settings().session_ms
WITHIN_S = lease.RENEWED_WITHIN_S
TRIES = 3
Rooms = Callable[..., Room]
Gates = Callable[..., LocalGate]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store has more time than half a second: a machine may stand still for that long, and then
    the signature alone would count. (One test here has it as it is.)
    """
    monkeypatch.setattr(lease, "RENEWED_WITHIN_S", 10)


def check(gate: LocalGate, room: Room, raw: str, *, bearer: bool = False) -> Answer:
    """The gate's answer to a pass."""
    shown = (
        {"Authorization": f"Bearer {raw}"} if bearer else {"Cookie": f"wr-pass-{room.name}={raw}"}
    )
    answer = gate.ask("GET", f"/{room.name}/check", shown)
    assert answer.status in (204, 401)
    assert answer.header("cache-control") == "no-store"
    if answer.status == 401:
        assert answer.error == "no_pass"
    return answer


@pytest.fixture
def room(make_room: Rooms) -> Room:
    """The room that is asked about."""
    return make_room()


@pytest.fixture
def good() -> Callable[[Room], Pass]:
    """A pass that is good."""

    def one(room: Room) -> Pass:
        start_ms = now_ms()
        return Pass(room.name, 1, "1-1", start_ms, start_ms + MINUTE_MS, start_ms + 4 * MINUTE_MS)

    return one


def test_a_pass_from_the_gate_is_good(running_gate: RunningGate, make_room: Rooms) -> None:
    """204 and nothing more, by cookie as by bearer."""
    room = make_room()
    shopper = Browser(running_gate, room.name)
    shopper.join()
    shopper.enter()
    answer = shopper.ask("GET", f"/{room.name}/check")
    assert (answer.status, answer.body) == (204, b"")
    app = Native(running_gate, room.name)
    app.join()
    app.enter()
    headers = {"Authorization": f"Bearer {app.passed}"}
    assert running_gate.ask("GET", f"/{room.name}/check", headers).status == 204


def test_without_a_pass_it_is_401(gate: LocalGate, room: Room) -> None:
    """No cookie, an empty one, nonsense."""
    assert gate.ask("GET", f"/{room.name}/check").status == 401
    for raw in ("", "x", "p1", "p1.." + "." * 5, "\xff" * 50, "p1." * 1000):
        assert check(gate, room, raw).status == 401
        assert check(gate, room, raw, bearer=True).status == 401


def test_only_a_pass_of_this_room_epoch_and_kind_counts(
    gate: LocalGate, make_room: Rooms, room: Room, good: Callable[[Room], Pass]
) -> None:
    """Each of the others is somebody's honest credential, for something else."""
    value, other = good(room), make_room()
    keys = gate.keyring.room_keys(room.name)
    assert check(gate, room, keys.sign_pass(value)).status == 204
    assert check(gate, other, keys.sign_pass(value)).status == 401
    assert check(gate, room, keys.sign_pass(replace(value, epoch=2))).status == 401
    assert check(gate, room, keys.sign_pass(replace(value, epoch=0))).status == 401
    assert (
        check(gate, room, gate.keyring.sign_ticket(Ticket(room.name, 1, 1, now_ms()))).status == 401
    )
    theirs = gate.keyring.room_keys(other.name).sign_pass(replace(value, room=other.name))
    assert check(gate, room, theirs).status == 401


def test_a_pass_counts_until_its_end_by_the_gates_clock(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """To the millisecond; and a reasonable lead of the issuer's clock is put up with."""
    value = good(room)
    raw = gate.keyring.room_keys(room.name).sign_pass(value)
    for clock_ms, status in (
        (value.issued_at_ms, 204),
        (value.expires_at_ms - 1, 204),
        (value.expires_at_ms, 401),
        (value.issued_at_ms - 30_000, 204),
        (value.issued_at_ms - 30_001, 401),
    ):
        gate.clock_ms = clock_ms
        assert check(gate, room, raw).status == status, clock_ms - value.issued_at_ms


def test_a_pass_ends_with_the_running_of_the_room(gate: LocalGate, room: Room) -> None:
    """A reset ends all of the older ones."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    raw = shopper.cookies[f"wr-pass-{room.name}"]
    room.reset()
    gate.refresh()
    assert check(gate, room, raw).status == 401


def test_a_staff_pass_counts_until_staff_is_revoked(
    gate: LocalGate, make_room: Rooms, good: Callable[[Room], Pass]
) -> None:
    """It goes by an epoch of its own, in every phase, also before the opening."""
    room = make_room(opens_at_ms=0, early_at_ms=now_ms() + MINUTE_MS)
    value = replace(good(room), lease="s-0123456789abcdef")
    raw = gate.keyring.room_keys(room.name).sign_pass(value)
    assert check(gate, room, raw).status == 204
    room.act("revoke_staff", "all of them")
    gate.refresh()
    assert check(gate, room, raw).status == 401
    anew = gate.keyring.room_keys(room.name).sign_pass(replace(value, epoch=2))
    assert check(gate, room, anew).status == 204


def test_one_staff_pass_counts_until_it_is_revoked(gate: LocalGate, make_room: Rooms) -> None:
    """At once, and none beside it; its link, if nobody has used it yet, is worth nothing either."""
    room = make_room(opens_at_ms=0, early_at_ms=now_ms() + MINUTE_MS)
    keys, staff = gate.keyring.room_keys(room.name), room.store.staff
    made = [staff.make(room.name, name, MINUTE_MS, actor="test") for name in ("Ada", "Ben")]

    def counts(one: StaffPass) -> bool:
        start_ms = one.made_at_ms
        value = Pass(room.name, one.epoch, one.lease, start_ms, one.until_ms, one.until_ms)
        return check(gate, room, keys.sign_pass(value)).status == 204

    assert [counts(one) for one in made] == [True, True]
    staff.revoke(room.name, made[0].lease, actor="test")
    assert [counts(one) for one in made] == [False, True]
    assert room.store.redeem(room.name, made[0].epoch, "n", staff=made[0].lease) is None


def test_revoking_staff_ends_no_shoppers_pass(gate: LocalGate, room: Room) -> None:
    """The two epochs are apart."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    room.act("revoke_staff", "all of them")
    gate.refresh()
    assert check(gate, room, shopper.cookies[f"wr-pass-{room.name}"]).status == 204


def test_whatever_the_proxy_passes_on_changes_nothing(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """The shopper's own headers come along with a sub-request."""
    raw = gate.keyring.room_keys(room.name).sign_pass(good(room))
    headers = {
        "Cookie": f"x=y; wr-pass-{room.name}={raw}",
        "Origin": "https://shop.example",
        "Content-Length": "12345678",
        "Content-Type": "multipart/form-data",
        "Sec-Fetch-Site": "cross-site",
        "Accept": "text/html",
    }
    assert gate.ask("GET", f"/{room.name}/check", headers).status == 204
    assert gate.ask("HEAD", f"/{room.name}/check", headers).status == 204


def test_a_check_keeps_the_place_in_the_shop(gate: LocalGate, room: Room) -> None:
    """The lease is renewed, as a guard would: nobody who shops is taken for gone."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    raw = shopper.cookies[f"wr-pass-{room.name}"]
    room.jump_on(SESSION_MS - MINUTE_MS)
    assert room.status().leases == 1
    time.sleep(0.1)
    before_ms = now_ms()
    answer = check(gate, room, raw)
    assert (answer.status, answer.header("wr-lease")) == (204, "1-1")
    # Without the renewal it would have ended by then.
    ahead_ms = before_ms + SESSION_MS - 1
    assert room.store.status(room.name, now_ms=ahead_ms).leases == 1


def test_a_released_pass_is_good_no_longer(gate: LocalGate, room: Room) -> None:
    """Released by the shop; or by its holder, who is told 204 as often as they like."""
    for leaves in (True, False):
        shopper = Browser(gate, room.name)
        shopper.join()
        shopper.enter()
        raw = shopper.cookies[f"wr-pass-{room.name}"]
        inside = check(gate, room, raw).header("wr-lease")
        if leaves:
            for _ in range(2):
                answer = shopper.ask("DELETE", f"/{room.name}/pass")
                assert (answer.status, answer.header("cache-control")) == (204, "no-store")
            assert shopper.cookies[f"wr-pass-{room.name}"] == ""
        else:
            room.store.release(room.name, [inside])
        assert check(gate, room, raw).status == 401
    assert room.status().counters.released == 2


def test_another_sites_page_gives_nobodys_place_away(gate: LocalGate, room: Room) -> None:
    """And without a pass there is nothing to give."""
    shopper = Browser(gate, room.name)
    shopper.join()
    shopper.enter()
    path = f"/{room.name}/pass"
    assert shopper.ask("DELETE", path, {"Origin": "https://evil.example"}).status == 403
    assert shopper.ask("DELETE", path, {"Sec-Fetch-Site": "cross-site"}).status == 403
    assert Browser(gate, room.name).ask("DELETE", path).status == 204
    assert room.status().leases == 1


def test_an_aged_pass_is_replaced_by_a_later_one(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """On the way by which it came; never beyond its end; and such an answer is for no cache."""
    value, keys = good(room), gate.keyring.room_keys(room.name)
    raw, path = keys.sign_pass(value), f"/{room.name}/check?hold=600"
    cookie = {"Cookie": f"wr-pass-{room.name}={raw}"}
    gate.clock_ms = value.issued_at_ms + MINUTE_MS // 3
    assert not gate.ask("GET", path, cookie).set_cookies
    gate.clock_ms += 1
    answer = gate.ask("GET", path, cookie)
    later = keys.read_pass(answer.cookies[f"wr-pass-{room.name}"], now_ms=gate.clock_ms)
    assert later == replace(
        value, issued_at_ms=gate.clock_ms, expires_at_ms=gate.clock_ms + MINUTE_MS
    )
    assert answer.header("cache-control") == "no-store"
    assert not answer.header("wr-pass")
    answer = gate.ask("GET", path, {"Authorization": f"Bearer {raw}"})
    assert keys.read_pass(answer.header("wr-pass"), now_ms=gate.clock_ms) == later
    assert (answer.header("cache-control"), answer.set_cookies) == ("no-store", [])
    last = replace(value, expires_at_ms=value.ends_at_ms)
    gate.clock_ms = value.ends_at_ms - 1
    answer = gate.ask("GET", path, {"Authorization": f"Bearer {keys.sign_pass(last)}"})
    assert (answer.status, answer.header("wr-pass")) == (204, "")


def test_a_proxy_may_hold_a_verdict_as_long_as_it_says_but_not_beyond_the_pass(
    gate: LocalGate, room: Room, good: Callable[[Room], Pass]
) -> None:
    """A 401 is never held, and nothing is unless it was asked for."""
    value = good(room)
    shown = {"Authorization": f"Bearer {gate.keyring.room_keys(room.name).sign_pass(value)}"}
    gate.clock_ms = value.issued_at_ms

    def kept(query: str) -> str:
        return gate.ask("GET", f"/{room.name}/check{query}", shown).header("cache-control")

    rule = "max-age=5, stale-while-revalidate=5, stale-if-error="
    assert kept("?hold=30") == f"{rule}30"
    assert kept("?hold=600") == f"{rule}55"
    assert kept("") == kept("?hold=0") == kept("?hold=5") == "no-store"
    gate.clock_ms = value.expires_at_ms - 9_000
    assert kept("?hold=600") == "no-store"
    for wrong in ("-1", "x", "1e3", "", "123456", "٣"):
        answer = gate.ask("GET", f"/{room.name}/check?hold={quote(wrong)}", shown)
        assert (answer.status, answer.error) == (400, "bad_request"), wrong
    answer = gate.ask("GET", f"/{room.name}/check?hold=600")
    assert (answer.status, answer.header("cache-control")) == (401, "no-store")


def test_while_the_store_does_not_answer_the_signature_counts(
    gate_over: Gates,
    embedded: EmbeddedStore,
    room: Room,
    good: Callable[[Room], Pass],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Within half a second: a guard would do the same. One worker of three may be held up by the
    machine, and the store's own time-out is none of theirs."""
    assert WITHIN_S == 0.5
    monkeypatch.setattr(lease, "RENEWED_WITHIN_S", WITHIN_S)
    gates = [gate_over(embedded.url) for _ in range(TRIES)]
    raw = gates[0].keyring.room_keys(room.name).sign_pass(good(room))
    changed = raw[:-2] + ("B" if raw[-2] == "A" else "A") + raw[-1]
    assert [check(gate, room, raw).status for gate in gates] == [204] * TRIES
    assert embedded.process is not None
    took_s: list[float] = []
    embedded.process.send_signal(signal.SIGSTOP)
    try:
        for gate in gates:
            began = time.monotonic()
            assert check(gate, room, raw).status == 204
            took_s.append(time.monotonic() - began)
            assert check(gate, room, changed).status == 401
            if took_s[-1] < 1.5:
                break
    finally:
        embedded.process.send_signal(signal.SIGCONT)
    assert min(took_s) < 1.5, took_s


def outside(gate: LocalGate, room: Room, words: str, **headers: str) -> tuple[int, str]:
    """What a shop that is open outside a sale is told: the status, and what caches may do."""
    answer = gate.ask("GET", f"/{room.name}/check?{words}", headers)
    return answer.status, answer.header("cache-control")


def test_outside_a_sale_a_shop_may_be_open_to_all(gate: LocalGate, make_room: Rooms) -> None:
    """Where its proxy says so; once joining begins it is not."""
    room = make_room(early_at_ms=now_ms() + 60 * MINUTE_MS, opens_at_ms=now_ms() + 120 * MINUTE_MS)
    kept = "max-age=5, stale-while-revalidate=5, stale-if-error=30"
    assert outside(gate, room, "hold=30&outside=open") == (204, kept)
    for words in ("hold=30", "hold=30&outside=blocked"):
        assert outside(gate, room, words) == (401, "no-store")
    assert outside(gate, room, "outside=open") == (204, "no-store")
    # Whoever shows something is let in too, and nothing is kept: it may be made up.
    for headers in ({"Cookie": f"wr-pass-{room.name}=x"}, {"Authorization": "Bearer x"}):
        assert outside(gate, room, "hold=30&outside=open", **headers) == (204, "no-store")
    answer = gate.ask("GET", f"/{room.name}/check?outside=sometimes")
    assert (answer.status, answer.error) == (400, "bad_request")


def test_a_room_that_says_how_its_shop_is_without_a_sale_wins(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Whatever the proxy says; and a gate hears of it with its next look, twice a second."""
    room = make_room(opens_at_ms=now_ms() - MINUTE_MS)
    room.store.act(room.name, "close", actor="test")
    asked = {"open": "outside=open", "blocked": "outside=blocked"}
    for rule in (WhileNoSale.OPEN, WhileNoSale.BLOCKED, WhileNoSale.SHOP):
        room.store.set(room.name, {"outside": rule}, actor="test")
        gate.refresh()
        for own, words in asked.items():
            is_open = (own if rule is WhileNoSale.SHOP else rule) == "open"
            assert outside(gate, room, words)[0] == (204 if is_open else 401)


def test_the_word_that_there_is_no_sale_ends_where_one_begins(
    gate: LocalGate, make_room: Rooms
) -> None:
    """Also where the store has not been heard since."""
    begins_ms = now_ms() + 60 * MINUTE_MS
    room = make_room(early_at_ms=begins_ms, opens_at_ms=begins_ms + 60 * MINUTE_MS)
    asked = "hold=600&outside=open"
    assert outside(gate, room, asked)[0] == 204
    gate.clock_ms = begins_ms - 20_000
    assert outside(gate, room, asked)[1].endswith("stale-if-error=15")
    gate.clock_ms = begins_ms - 9_000
    assert outside(gate, room, asked) == (204, "no-store")
    gate.clock_ms = begins_ms
    assert outside(gate, room, asked) == (401, "max-age=1, stale-while-revalidate=5")


def test_in_a_sale_an_open_shop_turns_people_away(gate: LocalGate, room: Room) -> None:
    """That is the same for all who show nothing, so it may be held for a second; and closed is
    outside again."""
    asked = "hold=600&outside=open"
    assert outside(gate, room, asked) == (401, "max-age=1, stale-while-revalidate=5")
    assert outside(gate, room, asked, Authorization="Bearer x") == (401, "no-store")
    room.act("close")
    gate.refresh()
    assert outside(gate, room, asked)[0] == 204

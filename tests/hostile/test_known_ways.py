"""Known ways round waiting rooms: one entry each, refused by a real gate or a real guarded shop.

And counted: the counters are read as an operator's monitoring would. Each rule has finer tests of
its own; an entry names where.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from gates import Answer, Browser
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from rooms import Room, make, now_ms
from sale import SHOP_KEY, Sale, sale
from systems import eventually

from waitingroom.outcomes import lease_id
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.tokens import Handover, Pass, Ticket

LOOKS = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
EVIL = {"Origin": "https://evil.example"}
GATE, BAD, GUARD = (
    "waitingroom_gate_refused_total",
    "waitingroom_gate_bad_credentials_total",
    "waitingroom_guard_refused_total",
)
SHOP_COUNTS = "shop-metrics"
Counted = tuple[str, str]
"""A counter, and the value of its last label."""


@dataclass
class Scene:
    """The sale, its room (open, with a line), another room, one that a network may join once a
    minute, and who attacks."""

    sale: Sale
    room: Room
    other: Room
    limited: Room

    @property
    def me(self) -> Browser:
        """A browser that has nothing yet."""
        return Browser(self.sale.gate, self.room.name)

    def inside(self) -> tuple[str, Pass]:
        """Somebody's good pass, as a cookie's value and as what it says."""
        shopper = self.me
        shopper.join()
        shopper.enter()
        raw = shopper.cookies[f"wr-pass-{self.room.name}"]
        keys = self.sale.keyring.room_keys(self.room.name)
        return raw, keys.read_pass(raw, now_ms=now_ms())

    def signed(self, value: Pass) -> str:
        """As the gate signs it."""
        return self.sale.keyring.room_keys(value.room).sign_pass(value)

    def at_the_shop(self, raw: str = "", path: str = "/", **headers: str) -> Answer:
        """A look at the shop, with ``raw`` as the pass."""
        sent = LOOKS | headers
        if raw:
            sent["Cookie"] = f"wr-pass-{self.room.name}={raw}"
        return self.sale.shop.ask("GET", path, sent)

    def knocks(self, raw: str) -> Answer:
        """With ``raw`` as the ticket."""
        shopper = self.me
        shopper.cookies[f"wr-ticket-{self.room.name}"] = raw
        return shopper.enter()

    def count(self, counted: Counted) -> float:
        """How often it was counted so far, over all processes: the gate's and the shop's."""
        registry = CollectorRegistry()
        for folder in ("metrics", SHOP_COUNTS):
            MultiProcessCollector(registry, str(self.sale.folder / folder))
        name, label = counted
        return sum(
            sample.value
            for metric in registry.collect()
            for sample in metric.samples
            if sample.name == name and label in sample.labels.values()
        )


@pytest.fixture(scope="module")
def scene(embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """All up, for the whole table."""
    folder = tmp_path_factory.mktemp("ways")
    metrics = folder / SHOP_COUNTS
    metrics.mkdir()
    store = Store.connect(embedded.url, timeout_s=10)
    with sale(embedded.url, folder, "ways", PROMETHEUS_MULTIPROC_DIR=str(metrics)) as running:
        origins = (running.shop.origin,)
        room = make(store, "ways", origins=origins, burst=1_000, rate_per_min=60_000)
        room.reset()  # so that there was an earlier running
        other = make(store, "ways-2", origins=origins, burst=1_000)
        limited = make(store, "ways-3", join_limit=1)
        yield Scene(running, room, other, limited)
    store.close()


def refused_at_the_shop(answer: Answer) -> bool:
    """Sent to the gate, or told that a pass is needed, or that the address is not good."""
    to_gate = answer.status == 303 and "/ways/go?" in answer.header("location")
    return to_gate or answer.status in (400, 401, 403)


WAYS: dict[str, tuple[Counted, Callable[[Scene], bool]]] = {}


def way(name: str, counter: str, label: str) -> Callable[[Callable[[Scene], bool]], None]:
    """An entry: its name, where it is counted, and the attack, which answers whether it failed."""

    def note(attack: Callable[[Scene], bool]) -> None:
        WAYS[name] = ((counter, label), attack)

    return note


# Skipping, by what the client says of itself. (tests/gate/test_malformed_input.py, tests/guard)


@way("skip flags in the body", GATE, "unknown_field")
def _(scene: Scene) -> bool:
    flags = ({"skip": "1"}, {"number": "1"}, {"serving": "9"}, {"vip": "true"}, {"bypass": "1"})
    answers = [
        scene.me.post(f"/ways/{verb}", flag) for flag in flags for verb in ("ticket", "pass")
    ]
    return all((answer.status, answer.error) == (400, "unknown_field") for answer in answers)


@way("skip flags in the query and in cookies", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    queries = ("?skip=1", "?queueittoken=x", "?wr-pass-ways=1", "?pass=1&wr_staff=1", "?bypass")
    cookies = ("wr-entered=1", "wr-pass=1", "waitingroom=inside", "wr-try=1")
    answers = [scene.at_the_shop(path=f"/{query}") for query in queries]
    answers += [scene.at_the_shop(Cookie=cookie) for cookie in cookies]
    return all(map(refused_at_the_shop, answers))


@way("spoofed headers", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    lies = (
        {"User-Agent": "Googlebot/2.1 (+http://www.google.com/bot.html)"},
        {"User-Agent": "curl/8", "Accept": "*/*"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"X-Real-Ip": "127.0.0.1", "Forwarded": "for=127.0.0.1;host=localhost"},
        {"X-Original-Url": "/static/shop.css", "X-Rewrite-Url": "/static/shop.css"},
        {"X-Http-Method-Override": "OPTIONS"},
        {"Wr-Lease": "1.1", "Wr-Pass": "1", "Waitingroom.pass": "1", "Waitingroom-Pass": "1"},
        {"Authorization": "Bearer x"},
        {"Referer": scene.sale.gate.origin, "Sec-Purpose": "prefetch"},
    )
    return all(refused_at_the_shop(scene.at_the_shop(**lie)) for lie in lies)


@way("the shop's own address instead of the public one", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    hosts = ("127.0.0.1", "localhost", "internal.example", "ways", "")
    return all(refused_at_the_shop(scene.at_the_shop(Host=host)) for host in hosts)


@way("other methods", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    methods = ("HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND", "GETX")
    answers = [scene.sale.shop.ask(method, "/checkout", LOOKS) for method in methods]
    return all(map(refused_at_the_shop, answers))


# Paths. (tests/guard/test_guard_paths.py has the whole list)


@way("paths with two readings", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    paths = (
        "/static/../items/oak-stool", "/static/%2e%2e/items/oak-stool", "/static/..%2fitems",
        "/static/..;/items/oak-stool", "/static//../items", "/static/%252e%252e/items",
        "/static/..%5citems", "/static/.%2e/checkout", "/static/x/../../checkout",
    )  # fmt: skip
    answers = [scene.at_the_shop(path=path) for path in paths]
    return all(map(refused_at_the_shop, answers))


@way("paths that look like open ones", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    paths = (
        "/STATIC/shop.css", "/items/oak-stool.css", "/items/oak-stool/static/shop.css",
        "/staticx", "/healthz/../", "/items?x=/static/", "/items/oak-stool#/static/", "/%73tatic",
    )  # fmt: skip
    answers = [scene.at_the_shop(path=path) for path in paths]
    return all(refused_at_the_shop(answer) or answer.status == 404 for answer in answers)


# Credentials. (tests/gate/test_forged_credentials.py, tests/test_tokens.py)


@way("another holder's ticket", BAD, "forged")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    raw = shopper.cookies["wr-ticket-ways"]
    kind, room, epoch, arrival, *rest = raw.split(".")
    others = (
        ".".join((kind, room, epoch, str(number), *rest))
        for number in (int(arrival) + 1, int(arrival) + 9)
    )
    return all(scene.knocks(other).error == "bad_ticket" for other in others)


@way("a ticket that is cut, longer or encoded anew", BAD, "malformed")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    raw = shopper.cookies["wr-ticket-ways"]
    bent = (raw[:-1] + "*", raw.replace(".", "..", 1), f"0{raw}", raw + "=", "x", raw.upper())
    return all(scene.knocks(one).error == "bad_ticket" for one in bent)


@way("another room's ticket", BAD, "wrongroom")
def _(scene: Scene) -> bool:
    shopper = Browser(scene.sale.gate, scene.other.name)
    shopper.join()
    return scene.knocks(shopper.cookies["wr-ticket-ways-2"]).error == "bad_ticket"


@way("another room's pass", GUARD, "bad_pass")
def _(scene: Scene) -> bool:
    _, value = scene.inside()
    raw = scene.signed(replace(value, room="ways-2"))
    return refused_at_the_shop(scene.at_the_shop(raw))


@way("a ticket for a pass", GUARD, "bad_pass")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    return refused_at_the_shop(scene.at_the_shop(shopper.cookies["wr-ticket-ways"]))


@way("a pass for a ticket", BAD, "ticket")
def _(scene: Scene) -> bool:
    raw, value = scene.inside()
    handover = a_handover(scene, value)
    return all(scene.knocks(one).error == "bad_ticket" for one in (raw, handover))


@way("a handover for a pass, and a pass for a handover", GUARD, "bad_handover")
def _(scene: Scene) -> bool:
    raw, value = scene.inside()
    answers = (
        scene.at_the_shop(a_handover(scene, value)),
        scene.at_the_shop(path=f"/?wr_handover={raw}"),
    )
    return all(map(refused_at_the_shop, answers))


@way("an expired pass, sent again", GUARD, "bad_pass")
def _(scene: Scene) -> bool:
    _, value = scene.inside()
    past = now_ms() - 60_000
    old = replace(value, issued_at_ms=past - 1, expires_at_ms=past, ends_at_ms=past)
    return refused_at_the_shop(scene.at_the_shop(scene.signed(old)))


@way("an expired pass, shown to the proxy's check", BAD, "expired")
def _(scene: Scene) -> bool:
    _, value = scene.inside()
    past = now_ms() - 60_000
    old = replace(value, issued_at_ms=past - 1, expires_at_ms=past, ends_at_ms=past)
    headers = {"Authorization": f"Bearer {scene.signed(old)}"}
    return scene.sale.gate.ask("GET", "/ways/check", headers).status == 401


@way("a handover, used again", GUARD, "replayed_handover")
def _(scene: Scene) -> bool:
    _, value = scene.inside()
    link = f"/?wr_handover={a_handover(scene, value)}"
    first, again, shared = (scene.at_the_shop(path=link) for _ in range(3))
    assert first.status == 303 and first.set_cookies
    return all(refused_at_the_shop(one) and not one.set_cookies for one in (again, shared))


@way("a handover, used again where the gate swaps it", BAD, "replayed")
def _(scene: Scene) -> bool:
    _, value = scene.inside()
    path = f"/ways/go?back=/x?wr_handover={a_handover(scene, value)}"
    first, again = scene.me, scene.me
    first.go_to(path)
    again.go_to(path)
    return "wr-pass-ways" in first.cookies and "wr-pass-ways" not in again.cookies


@way("a pass of an earlier running of the room", GUARD, "bad_pass")
def _(scene: Scene) -> bool:
    raw, value = scene.inside()
    old = scene.signed(replace(value, epoch=value.epoch - 1, lease=lease_id(value.epoch - 1, 1)))
    scene.at_the_shop(raw)  # the guard hears from the room API what runs now
    return bool(eventually(lambda: refused_at_the_shop(scene.at_the_shop(old)), "it heard"))


@way("a pass that was given back, shared or sent again", GUARD, "bad_pass")
def _(scene: Scene) -> bool:
    raw, value = scene.inside()
    friends = [scene.at_the_shop(raw).status for _ in range(3)]  # one place, whoever holds it
    told = {"Authorization": f"Bearer {SHOP_KEY}", "Content-Type": "application/json"}
    body = json.dumps({"leases": [value.lease]}).encode()
    path = "/api/v1/rooms/ways/leases/release"
    assert (set(friends), scene.sale.console.ask("POST", path, told, body).status) == ({200}, 200)
    # A guard hears of what others released within about 17 s (docs/decisions/releases.md).
    return bool(eventually(lambda: refused_at_the_shop(scene.at_the_shop(raw)), "it heard", 60))


@way("a pass that was given back, shown to the proxy's check", GATE, "no_pass")
def _(scene: Scene) -> bool:
    raw, value = scene.inside()
    scene.room.store.release("ways", [value.lease])
    headers = {"Authorization": f"Bearer {raw}"}
    return scene.sale.gate.ask("GET", "/ways/check", headers).status == 401


@way("a ticket whose turn has passed", GATE, "lapsed")
def _(scene: Scene) -> bool:
    shopper = Browser(scene.sale.gate, scene.other.name)
    assert shopper.join().status == 201
    kept = scene.other.status()
    scene.other.wind_on(kept.call_timeout_ms + kept.claim_grace_ms + 5_000)
    return shopper.enter().error == "lapsed"


@way("a used ticket, for a second visit", GATE, "spent")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    shopper.enter()
    keys = scene.sale.keyring.room_keys("ways")
    value = keys.read_pass(shopper.cookies["wr-pass-ways"], now_ms=now_ms())
    scene.room.store.release("ways", [value.lease])
    return scene.knocks(shopper.cookies["wr-ticket-ways"]).error == "spent"


@way("a ticket of an earlier running of the room", GATE, "old_epoch")
def _(scene: Scene) -> bool:
    ticket = Ticket("ways", 1, 1, now_ms())
    return scene.knocks(scene.sale.keyring.sign_ticket(ticket)).error == "old_epoch"


@way("a ticket from the future", BAD, "fromthefuture")
def _(scene: Scene) -> bool:
    ticket = Ticket("ways", 2, 1, now_ms() + 3_600_000)
    return scene.knocks(scene.sale.keyring.sign_ticket(ticket)).error == "bad_ticket"


# Return targets. (tests/gate/test_targets.py has the whole list)


@way("return targets elsewhere", GATE, "bad_target")
def _(scene: Scene) -> bool:
    shop = scene.sale.shop.origin
    targets = (
        "https://evil.example/", "//evil.example", "/\\evil.example", f"{shop}@evil.example",
        f"{shop}.evil.example", "javascript:alert(1)", "data:text/html,x", "/\r\nLocation: x",
        "https:evil.example", "\thttps://evil.example",
    )  # fmt: skip
    answers = [scene.me.post("/ways/ticket", {"to": to}) for to in targets]
    answers += [Browser(scene.sale.gate, "ways").post("/ways/pass", {"to": to}) for to in targets]
    return all(answer.error == "bad_target" for answer in answers)


# Many places for one person. (tests/gate/test_joining.py, tests/store/test_join_budget.py)


@way("made-up addresses, for more places than the network's", GATE, "too_many")
def _(scene: Scene) -> bool:
    names = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Cf-Connecting-Ip", "True-Client-Ip")
    lies = [{name: f"203.0.113.{number}"} for number, name in enumerate(names)]
    join = f"/{scene.limited.name}/ticket"
    first, *others = (scene.sale.gate.ask("POST", join, lie) for lie in ({}, *lies))
    return (first.status, {one.error for one in others}) == (201, {"too_many"})


@way("made-up appointments", BAD, "forged")
def _(scene: Scene) -> bool:
    join = f"/{scene.limited.name}/ticket"
    scene.sale.gate.ask("POST", join)
    told = scene.sale.gate.ask("POST", join).json["appointment"]
    kind, room, network, at_ms, signature = told.split(".")
    earlier = ".".join((kind, room, network, str(int(at_ms) - 59_000), signature))
    answer = Browser(scene.sale.gate, room).post(join, {"appointment": earlier})
    return answer.error == "too_many"


# Other sites' pages. (tests/gate/test_cross_site.py, test_pages.py)


@way("another site's page joins, knocks and leaves", GATE, "cross_site")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    calls = (("POST", "ticket"), ("POST", "pass"), ("POST", "leave"), ("DELETE", "ticket"))
    lies = (EVIL, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
    answers = [shopper.ask(*(m, f"/ways/{v}"), lie, b"{}") for m, v in calls for lie in lies]
    return all(one.error == "cross_site" for one in answers) and shopper.join().status == 200


@way("our pages in another page's frame", GATE, "framed")
def _(scene: Scene) -> bool:
    shopper = scene.me
    shopper.join()
    frames = ("iframe", "frame", "embed", "object")
    paths = ("/ways/en", "/ways/en/privacy", "/ways/wait")
    answers = [
        shopper.ask("GET", path, LOOKS | {"Sec-Fetch-Dest": frame})
        for path in paths
        for frame in frames
    ]
    return all(one.status == 403 and one.header("x-frame-options") for one in answers)


# Errors. (tests/guard/test_guard.py, tests/chaos)


@way("what makes software stumble", GUARD, "no_pass")
def _(scene: Scene) -> bool:
    noise = (
        "\xff" * 50,
        "a=" + "b" * 7_000,
        ";;;===",
        'wr-pass-ways="',
        "wr-pass-ways=" + "." * 900,
    )
    answers = [scene.at_the_shop(Cookie=cookie) for cookie in noise]
    answers.append(scene.at_the_shop(path="/?" + "&".join(f"wr_handover={n}" for n in range(200))))
    return all(map(refused_at_the_shop, answers))


def a_handover(scene: Scene, value: Pass) -> str:
    """A fresh one for the lease of a pass."""
    now = now_ms()
    handover = Handover(
        room=value.room,
        epoch=value.epoch,
        lease=value.lease,
        nonce=f"{now:016x}",
        issued_at_ms=now,
        expires_at_ms=now + 30_000,
        pass_expires_at_ms=value.expires_at_ms,
        pass_ends_at_ms=value.ends_at_ms,
    )
    return scene.sale.keyring.room_keys(value.room).sign_handover(handover)


@pytest.mark.parametrize("name", WAYS)
def test_a_known_way_round_is_refused_and_counted(scene: Scene, name: str) -> None:
    """By whom it concerns; nobody who tries gets in, and whoever runs it can see that they did."""
    counted, attack = WAYS[name]
    before = scene.count(counted)
    assert attack(scene)
    # A process may count what it has answered a moment later.
    eventually(lambda: scene.count(counted) > before, f"{counted} is counted")


def test_a_ticket_that_is_shared_is_one_place(scene: Scene) -> None:
    """Two browsers with one ticket get one lease, and one pass of it: counted once."""
    owner, friend = scene.me, scene.me
    owner.join()
    friend.cookies |= owner.cookies
    before = scene.room.status().counters.entered
    assert (owner.enter().status, friend.enter().status) == (200, 200)
    keys = scene.sale.keyring.room_keys("ways")
    leases = {
        keys.read_pass(one.cookies["wr-pass-ways"], now_ms=now_ms()).lease
        for one in (owner, friend)
    }
    assert len(leases) == 1
    assert scene.room.status().counters.entered == before + 1


def test_the_page_cannot_be_put_in_a_frame(scene: Scene) -> None:
    """Clickjacking: by both headers, on every page, whatever the browser says of itself."""
    paths = (
        "/ways/en", "/ways/pl/privacy", "/nowhere/en", "/ways/nothing", "/", "/static/none",
        "/ways/ticket", "/ways/go?to=https://evil.example",
    )  # fmt: skip
    for answer in (scene.sale.gate.ask("GET", path, LOOKS) for path in paths):
        assert answer.header("x-frame-options") == "DENY"
        assert "frame-ancestors 'none'" in answer.header("content-security-policy")


def test_with_gate_and_room_api_away_nobody_else_gets_in(
    embedded: EmbeddedStore, tmp_path: Path, store_url: str
) -> None:
    """The guard fails shut: a good pass goes on, everything else is refused as before."""
    store = Store.connect(store_url, timeout_s=10)
    with sale(store_url, tmp_path, "alone") as running:
        room = make(store, "alone", origins=(running.shop.origin,))
        scene = Scene(running, room, room, room)
        raw, value = scene.inside()
        running.stop("gate")
        running.stop("console")
        assert scene.at_the_shop(raw).status == 200
        for bad in ("", raw[:-1] + "x", scene.signed(replace(value, room="other"))):
            answer = scene.at_the_shop(bad)
            assert answer.status in (303, 401), answer
    store.close()

"""The store goes away at each moment of each page and form: it is said, and nothing is half done.

Before the first command, between any two, and before the last; where none is sent any more.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import redis
from desks import HASH, PASSWORD, Desk, held
from redis.client import Pipeline

from waitingroom import clock
from waitingroom.console import drafts, looks
from waitingroom.model import Settings
from waitingroom.operators import Operator, Role
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.store.keys import SYSTEM

ME, OTHER, ROOM, MADE = "ada", "zoe", "spring", "summer"
SHOP = "https://shop.example"
MOST_COMMANDS = 30
"""Of one request; more, and something goes round in circles."""
LONGER = "another one, longer"
AWAY = "The store is away"
KNOWN = "nothing was changed"
UNKNOWN = "did not say whether this was done"
COUNTED = "wr:login:"
"""Counts of attempts and of secrets made, and sessions: no state that anybody is told."""

PAGES = (
    *("/", "/account", "/new", f"/new?like={ROOM}", "/operators", f"/operators/{OTHER}"),
    *(f"/operators/{OTHER}/remove", "/record", "/record.csv", "/shop-keys"),
    *("/keys", "/shop-keys/shop/revoke", f"/rooms/{ROOM}"),
    *(
        f"/rooms/{ROOM}/{page}"
        for page in (
            *("acts", "acts/open", "acts/pause", "acts/close", "brand", "edit", "knobs"),
            *("knobs/pace", "knobs/plan", "plan", "preview/", "preview/paused/de", "ready"),
            *("record", "record.jsonl", "rehearsal", "staff", "staff/revoke", "support"),
        )
    ),
)

FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "/account": ("/account", {"current": PASSWORD, "password": LONGER, "again": LONGER}),
    "/new": ("/new", {"room": MADE, "title": "Summer", "origins": SHOP}),
    "/operators": ("/operators", {"name": "ben", "role": "viewer"}),
    f"/operators/{OTHER}/role": (f"/operators/{OTHER}", {"role": "support"}),
    f"/operators/{OTHER}/password": (f"/operators/{OTHER}", {}),
    f"/operators/{OTHER}/remove": (f"/operators/{OTHER}/remove", {}),
    "/shop-keys": ("/shop-keys", {"name": "till", "all": "1"}),
    "/shop-keys/shop/revoke": ("/shop-keys/shop/revoke", {}),
    "/keys": ("/keys", {"name": "robot", "role": "viewer"}),
    **{
        f"/rooms/{ROOM}/acts/{act}": (
            f"/rooms/{ROOM}/acts/{act}",
            {"name": ROOM} if act == "reset" else {},
        )
        for act in ("pause", "drain", "close", "reset")
    },
    f"/rooms/{ROOM}/brand": (
        f"/rooms/{ROOM}/brand",
        dict.fromkeys(drafts.names(looks.ENTRIES), "") | {"light-accent": "#004488"},
    ),
    f"/rooms/{ROOM}/edit": (
        f"/rooms/{ROOM}/edit",
        {"title": "Another", "message": "", "origins": ""},
    ),
    f"/rooms/{ROOM}/knobs/pace": (
        f"/rooms/{ROOM}/knobs/pace",
        {"rate_per_min": "77", "step": "apply"},
    ),
    f"/rooms/{ROOM}/knobs/plan": (
        f"/rooms/{ROOM}/knobs/plan",
        {"rate_per_min": "77", "when": "ramp", "over": "10m", "step": "apply"},
    ),
    f"/rooms/{ROOM}/undo": (f"/rooms/{ROOM}", {}),
    f"/rooms/{ROOM}/rehearsal": (f"/rooms/{ROOM}/rehearsal", {}),
    f"/rooms/{ROOM}/staff": (f"/rooms/{ROOM}/staff", {"name": "Eve", "to": "/"}),
    f"/rooms/{ROOM}/staff/revoke": (f"/rooms/{ROOM}/staff/revoke", {}),
}
"""Where each is sent: the page that it stands on, and what is typed there."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStore]:
    """A server for this file alone: whatever it holds may be compared."""
    server = EmbeddedStore(Path(tmp_path_factory.mktemp("own")))
    server.start()
    yield server
    server.stop()


@dataclass
class Away:
    """How many commands still reach the store; None: all of them."""

    left: int | None = None

    def pass_by(self, send: Callable[..., Any]) -> Callable[..., Any]:
        """Send, while the store is there."""

        def sent(*args: Any, **options: Any) -> Any:
            left = self.left
            if left is not None:
                if left <= 0:
                    raise redis.exceptions.ConnectionError("gone")
                self.left = None  # What it sends itself is part of it.
            try:
                return send(*args, **options)
            finally:
                self.left = left if left is None else left - 1

        return sent


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    """The store, which may go away between two commands."""
    made = Away()
    monkeypatch.setattr(redis.Redis, "execute_command", made.pass_by(redis.Redis.execute_command))
    monkeypatch.setattr(Pipeline, "execute", made.pass_by(Pipeline.execute))
    return made


@pytest.fixture
def ada(own: EmbeddedStore) -> Desk:
    """An admin's browser before a console with a room and one of everything."""
    with redis.Redis.from_url(own.url) as client:
        client.flushdb()
    store = Store.connect(own.url, timeout_s=10)
    for name, role in ((ME, Role.ADMIN), (OTHER, Role.VIEWER)):
        store.accounts.add(Operator(name, role, HASH, clock.now_ms()), actor="test")
    settings = Settings(rate_per_min=0, opens_at_ms=1, origins=(SHOP,))
    store.create(ROOM, settings, actor="test")
    store.status(ROOM)
    store.set(ROOM, {"rate_per_min": 5}, actor="test")
    store.shop_keys.add("shop", [ROOM], actor="test", now_ms=clock.now_ms())
    store.staff.make(ROOM, "Ada", 3_600_000, actor="test")
    store.close()
    desk = Desk(own.url)
    assert desk.log_in(ME).status_code == 303
    return desk


def kept(own: EmbeddedStore) -> dict[str, bytes]:
    """All that the store holds, but for counts."""
    with redis.Redis.from_url(own.url) as client:
        names = [name for name in client.keys("*") if not name.startswith(COUNTED.encode())]
        return {name.decode(): client.dump(name) for name in names}


def test_every_page_says_so_whenever_the_store_goes_and_comes_by_itself(
    ada: Desk, away: Away
) -> None:
    """503 with a sentence, and it looks again; as before when the store is back."""
    for path in PAGES:
        for commands in range(MOST_COMMANDS):
            away.left = commands
            answer = ada.get(path)
            away.left = None
            if answer.status_code == 200:
                break
            assert answer.status_code == 503, (path, commands)
            assert AWAY in answer.text
            assert "This page looks again by itself." in answer.text
            assert answer.headers["Retry-After"] == "2"
        assert commands, path
        assert answer.status_code == ada.get(path).status_code == 200


@pytest.mark.parametrize("to", FORMS)
def test_a_form_is_done_wholly_or_not_at_all_whenever_the_store_goes(
    ada: Desk, away: Away, own: EmbeddedStore, to: str
) -> None:
    """503 with what is known: that nothing was changed, or that nobody can tell. Sent again as it
    stands when the store is back, it is done, or told to be over."""
    page, typed = FORMS[to]
    form = held(ada.get(page), "" if to.endswith(("revoke", "remove")) else to) | typed
    token = form.pop("csrf_token")
    was, done = kept(own), None
    for commands in range(MOST_COMMANDS):
        away.left = commands
        answer = ada.post(to, form, token=token)
        away.left = None
        now = kept(own)
        if answer.status_code != 503:
            break
        assert AWAY in answer.text
        assert "data-again" not in answer.text, "a form is never sent again by itself"
        assert (KNOWN in answer.text) != (UNKNOWN in answer.text)
        if now != was:
            assert UNKNOWN in answer.text
            done = now
            break
    assert commands
    if done is None:
        assert answer.status_code in (200, 303), answer.text
        assert now != was, "the form does something"
    else:
        away.left = None
        assert ada.post(to, form, token=token).status_code in (200, 303, 400, 401, 404, 409)
    store = Store.connect(own.url, timeout_s=10)
    for room in (SYSTEM, *store.rooms()):
        assert store.record.verify(room).findings == []
    store.close()

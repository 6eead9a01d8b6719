"""The demo's crowd: who comes when, and that it speaks the real protocol."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from systems import Folder, eventually

from waitingroom.clock import monotonic_ms
from waitingroom.crowd.crowd import AFTER_S, Crowd, arrivals
from waitingroom.crowd.shopper import Answer, Browser, Ending, Sale, Shopper
from waitingroom.store.client import Store

GUARDED = """
import os
from urllib.parse import quote

def app(environ, start_response):
    gate, shop = os.environ["WAITINGROOM_GATE_URL"], os.environ["WAITINGROOM_SHOP_URL"]
    if environ["PATH_INFO"] != "/healthz" and "wr-pass-demo=" not in environ.get("HTTP_COOKIE", ""):
        to = quote(shop + environ["PATH_INFO"], safe="")
        start_response("303 See Other", [("Location", f"{gate}/demo/go?to={to}")])
        return []
    with open("seen", "a") as seen:
        seen.write(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}\\n")
    start_response("200 OK", [("Content-Type", "text/html")])
    return [b'<a href="/items/kettle">kettle</a><input name="once" value="1">']
"""


def test_seven_in_ten_come_early_and_the_others_soon_after() -> None:
    """Spread, so that somebody who watches sees the line grow before and after the opening."""
    times = arrivals(200, 30)
    early = [at_ms for at_ms in times if at_ms < 30_000]
    assert len(times) == 200
    assert len(early) == 140
    assert max(times) <= (30 + AFTER_S) * 1000
    for second in range(0, 28, 4):
        assert any(second * 1000 <= at_ms < (second + 4) * 1000 for at_ms in early)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_crowd_may_be_small(count: int) -> None:
    """Also nobody at all."""
    assert len(arrivals(count, 30)) == count
    Crowd([]).run()


def test_one_in_five_never_comes() -> None:
    """The share that the demo is to show."""
    sale = Sale("http://gate", "http://shop", "demo")
    crowd = [Shopper(n, sale) for n in range(200)]
    assert sum(not shopper.comes_when_called for shopper in crowd) == 40


def test_shoppers_go_from_the_shop_through_the_line_into_the_shop(folder: Folder) -> None:
    """By cookies and redirects alone, as a browser would: buying, looking around, never coming."""
    (folder.path / "guarded.py").write_text(GUARDED)
    run = folder.up(WAITINGROOM_SHOP="guarded:app")
    gate_url, shop_url = run.note["gate_url"], run.note["shop_url"]
    made = folder.do(
        *("room", "create", "demo", "--rate", "600", "--opens-at", "+1h", "--origin", shop_url)
    )
    assert made.returncode == 0, made.stderr
    sale = Sale(gate_url, shop_url, "demo")
    crowd = Crowd((monotonic_ms(), Shopper(n, sale)) for n in (0, 4, 10))
    # Nobody finds an open room without a line, through which they would go straight.
    with ThreadPoolExecutor(1) as pool:
        visits = pool.submit(crowd.run, threads=3)
        store = Store.connect(run.note["store_url"], timeout_s=10)
        eventually(lambda: store.status("demo").tail == 3, "all of them are in line")
        store.open("demo", actor="test")
        store.close()
        visits.result(60)
    assert crowd.endings == {Ending.LOOKED: 1, Ending.NEVER_CAME: 1, Ending.BOUGHT: 1}
    seen = (folder.path / "seen").read_text().replace("GET /healthz\n", "").splitlines()
    assert sorted(seen) == ["GET /", "GET /", "GET /items/kettle", "POST /items/kettle/checkout"]


def test_a_shopper_whose_gate_is_away_asks_again(folder: Folder) -> None:
    """The demo goes on when a part is restarted."""
    nobody = "http://127.0.0.1:" + folder.env["WAITINGROOM_GATE_PORT"]
    shopper = Shopper(0, Sale(nobody, nobody, "demo"))
    for step in (shopper.arrive, shopper.join, shopper.wait, shopper.enter):
        assert step() > 0
    assert shopper.ending is None


def test_a_shopper_whose_room_is_taken_away_goes_home() -> None:
    """Wherever they stand; an answer that is none of the gate's is asked for again."""
    for stand in ("join", "wait", "enter"):
        shopper = Shopper(1, Sale("http://gate", "http://shop", "gone"))
        shopper.browser = Answers(Answer(404, "", b'{"error": "no_such_room"}'))
        getattr(shopper, stand)()
        assert shopper.ending is Ending.TURNED_AWAY, stand
    shopper = Shopper(1, Sale("http://gate", "http://shop", "there"))
    shopper.browser = Answers(Answer(502, "", b'{"detail": "a proxy speaks"}'))
    assert shopper.wait() > 0
    assert shopper.ending is None


def test_a_shopper_goes_home_when_everything_is_sold() -> None:
    """Before the line, in it, and at its end."""
    said = {
        "join": Answer(409, "", b'{"error": "sold_out"}'),
        "wait": Answer(200, "", b'{"phase": "open", "stock": 0}'),
        "enter": Answer(410, "", b'{"error": "sold_out"}'),
    }
    for stand, answer in said.items():
        shopper = Shopper(1, Sale("http://gate", "http://shop", "there"))
        shopper.browser = Answers(answer)
        getattr(shopper, stand)()
        assert shopper.ending is Ending.TURNED_AWAY, stand


class Answers(Browser):
    """Says the same to everything."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def get(self, _url: str, *, accept: str = "text/html") -> Answer:
        return self._answer

    def post(self, _url: str, _form: dict[str, str] | None = None) -> Answer:
        return self._answer

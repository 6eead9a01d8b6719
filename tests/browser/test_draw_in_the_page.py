"""The draw as the page computes it: against the frozen vectors, without crypto, and read late."""

import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import redis
from sales import Sale, now_ms
from visitors import PLAIN_HOST, Visitor

from waitingroom.draw import MAX_DRAWN, number_of
from waitingroom.model import DrawMethod
from waitingroom.store.keys import RoomKeys

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
VECTORS = json.loads((Path(__file__).parent.parent / "vectors" / "draw.json").read_text())
COMPUTE = """async ([address, vectors]) => {
  const { number_of, commitment_of } = await import(address);
  const one = async (draw) => [
    await commitment_of(draw.seed),
    await Promise.all(draw.numbers.map(([arrival]) => number_of(arrival, draw))),
  ];
  return Promise.all(vectors.map(one));
}"""
WITHOUT_CRYPTO = "Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})"
NOTED = """addEventListener('DOMContentLoaded', () => {
  const card = document.getElementById('card');
  const note = () => { localStorage.noted = `${localStorage.noted ?? ''} ${card.className}`; };
  if (card) new MutationObserver(note).observe(card, { attributes: true });
})"""
"""Keeps each state that the page shows."""


def opening_soon() -> dict[str, object]:
    """Knobs of a room by draw, whose pages ask every two seconds: no test has to be ready by then,
    but opens it itself."""
    return {"opens_at_ms": now_ms() + 20_000, "draw": DrawMethod.SHUFFLE}


@pytest.mark.parametrize("script", ["0", WITHOUT_CRYPTO], ids=["WebCrypto", "without"])
def test_a_browser_draws_as_the_vectors_have_it(make_sale: Sales, come: Come, script: str) -> None:
    """With the browser's own SHA-256, and with the page's where there is none."""
    visitor = come()
    visitor.context.add_init_script(script)
    tab = visitor.opens(make_sale(rate_per_min=0).url)
    address = json.loads(tab.page.locator("#data").text_content() or "")["later"]
    assert tab.page.evaluate("!!crypto.subtle") == (script == "0")
    found = tab.page.evaluate(COMPUTE, [address, VECTORS])
    for draw, (commitment, numbers) in zip(VECTORS, found, strict=True):
        assert commitment == draw["commitment"]
        assert numbers == [number for _, number in draw["numbers"]]


def test_a_browser_draws_as_we_do_in_a_thousand_other_rooms(make_sale: Sales, come: Come) -> None:
    """Any seed, room, epoch and line, those at the edges of a block among them."""
    chance, edges = Random(3), (1, 2, 255, 256, 257, 1023, 1024, 1025, 2_120_000, MAX_DRAWN)
    draws: list[dict[str, Any]] = []
    for n in range(1_000):
        drawn = edges[n % 20] if n % 20 < len(edges) else chance.randint(1, 100_000)
        room, arrival = f"{chance.randrange(36**9):x}", chance.randint(1, drawn)
        case = {"room": room, "epoch": chance.randrange(10**6), "drawn": drawn}
        draws.append(case | {"seed": chance.randbytes(32).hex(), "numbers": [[arrival, None]]})
    tab = come().opens(make_sale(rate_per_min=0).url)
    address = json.loads(tab.page.locator("#data").text_content() or "")["later"]
    found = tab.page.evaluate(COMPUTE, [address, draws])
    for draw, (_, numbers) in zip(draws, found, strict=True):
        ((arrival, _),) = draw.pop("numbers")
        assert numbers == [number_of(arrival, **draw | {"seed": bytes.fromhex(draw["seed"])})], draw


def test_on_plain_http_a_page_draws_its_own_number_too(make_sale: Sales, come: Come) -> None:
    """Where browsers give a page no crypto and no locks. The gate is not asked."""
    sale = make_sale(rate_per_min=0, **opening_soon())
    sale.crowd(500)
    visitor = come()
    origin = sale.site.gate.replace("127.0.0.1", PLAIN_HOST)
    visitor.watch.origins = [origin]
    tab = visitor.opens(sale.url.replace(sale.site.gate, origin))
    tab.shows("early")
    assert not tab.page.evaluate("isSecureContext || crypto.subtle || navigator.locks")
    sale.open()
    (arrival,) = (
        int(cookie["value"].split(".")[3])
        for cookie in visitor.context.cookies()
        if cookie["name"] == f"wr-ticket-{sale.room}"
    )
    number, room = tab.number, sale.status()
    seed = bytes.fromhex(room.seed or "")
    assert number == number_of(arrival, seed=seed, room=sale.room, epoch=1, drawn=501)
    assert visitor.watch.count("POST", "/ticket") == 1
    tab.page.get_by_text("Check my place").click()
    tab.says("verdict", "It fits")


def test_whoever_reads_the_seed_last_has_not_lost_the_turn(make_sale: Sales, come: Come) -> None:
    """All are called at the opening, a call's time and its grace are four seconds, and the page
    reads near the end of a window of five: by the store's own clock."""
    sale = make_sale(
        rate_per_min=600_000,
        burst=11_000,
        call_timeout_ms=1_000,
        claim_grace_ms=3_000,
        **opening_soon(),
    )
    sale.crowd(10_000)
    visitor = come()
    visitor.context.add_init_script("Math.random = () => 0.9")
    visitor.context.add_init_script(NOTED)
    tab = visitor.opens(sale.url)
    tab.shows("early")
    # The page asks every two seconds, and so hears of it before it comes.
    sale.set(opens_at_ms=now_ms() + 6_000)
    sale.calls(10_001)
    tab.arrives(sale.shop_url)
    room = sale.status()
    assert room.counters.entered == 1
    with redis.Redis.from_url(sale.site.run.note["store_url"]) as client:
        ((_, entered_at_ms),) = client.hgetall(RoomKeys.of(sale.room).entered).items()
    opened_at_ms = next(line.at_ms for line in room.news if line.code == "opened")
    assert int(entered_at_ms) - opened_at_ms > 4_000
    tab.page.goto(f"{sale.site.gate}/healthz")
    assert "drawing" in tab.page.evaluate("localStorage.noted").split()


def test_a_place_that_does_not_fit_what_was_published_is_told(make_sale: Sales, come: Come) -> None:
    """Another seed than the one that was promised before: by the page, which remembers that."""
    sale = make_sale(rate_per_min=0, **opening_soon())
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.shows("early")
    sale.open()
    tab.shows("waiting")
    visitor.context.add_init_script(
        f"""const [name, promised] = ['wr-{sale.room}', '{"0" * 64}'];
            const place = JSON.parse(localStorage[name]);
            localStorage[name] = JSON.stringify({{...place, promised}});"""
    )
    tab.page.reload()
    tab.page.get_by_text("Check my place").click()
    tab.says("verdict", "This does not fit what was published.")
    tab.says("command", f"--commitment {'0' * 64}")


def test_a_page_that_cannot_compute_is_told_its_number(make_sale: Sales, come: Come) -> None:
    """Where the script for it cannot be had: asked of the gate, once, and the same number."""
    sale = make_sale(rate_per_min=0, **opening_soon())
    sale.crowd(500)
    visitor = come()
    visitor.context.route("**/later.js?*", lambda route: route.abort())
    tab = visitor.opens(sale.url)
    tab.shows("early")
    sale.open()
    number, seed = tab.number, bytes.fromhex(sale.status().seed or "")
    assert number == number_of(501, seed=seed, room=sale.room, epoch=1, drawn=501)
    assert visitor.watch.count("POST", "/ticket") == 2

"""Every state of the shopper's pages, brought about in real rooms: for who checks them all alike.

A scene ends with a tab that stands still in its state. With a script it is the page; without one it
is what the same shopper gets as plain pages.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sales import Sale, Site, now_ms
from systems import eventually
from visitors import Tab, Visitor

from waitingroom.model import DrawMethod

MINUTE_MS = 60_000
PHONE = {"width": 390, "height": 844}
NO_COOKIES = {"profile": {"default_content_setting_values": {"cookies": 2}}}
EXPECTED = (401, 404, 409, 410, 429, 503)
"""Statuses that some scene is about."""


@dataclass
class Stage:
    """Where a scene is played. ``script``: whether the visitor's browser runs one."""

    site: Site
    make_sale: Callable[..., Sale]
    come: Callable[..., Visitor]
    come_with_a_browser: Callable[..., Visitor]
    script: bool
    until_the_end: ExitStack = field(default_factory=ExitStack)

    def visitor(self) -> Visitor:
        """Somebody with a phone."""
        return self.come(
            tolerates=EXPECTED, java_script_enabled=self.script, viewport=PHONE, has_touch=True
        )

    def joins(self, sale: Sale, visitor: Visitor | None = None) -> Tab:
        """Somebody takes a place, or is told why not."""
        tab = (visitor or self.visitor()).opens(sale.url)
        if not self.script:
            tab.page.get_by_role("button", name="Take a place in line").click()
        return tab

    @contextmanager
    def away(self, sale: Sale) -> Iterator[Visitor]:
        """Somebody who took a place and has no tab open while something happens."""
        visitor = self.visitor()
        tab = self.joins(sale, visitor)
        tab.shows("waiting")
        tab.page.close()
        yield visitor
        sale.is_heard()

    @contextmanager
    def meanwhile(self, sale: Sale) -> Iterator[Tab]:
        """Somebody waits whose network is gone while something happens."""
        visitor = self.visitor()
        tab = self.joins(sale, visitor)
        tab.shows("waiting")
        visitor.context.set_offline(True)
        yield tab
        visitor.context.set_offline(False)
        sale.is_heard()
        if not self.script:
            tab.page.goto(f"{sale.base}/wait")


Scene = Callable[[Stage], Tab]
WITH_SCRIPT: dict[str, tuple[str, Scene]] = {}
WITHOUT: dict[str, tuple[str, Scene]] = {}
"""By name: the class that the card must have, and the scene."""


def scene(state: str, *, script: bool = True, plain: bool = True) -> Callable[[Scene], Scene]:
    """Put a scene into the list, or into both: with a script, and without (``plain``)."""

    def listed(play: Scene) -> Scene:
        name = play.__name__
        if script:
            WITH_SCRIPT[name] = (state, play)
        if plain:
            WITHOUT[name] = (state, play)
        return play

    return listed


# Before the opening


@scene("not_yet")
def not_yet(stage: Stage) -> Tab:
    line_ms, opens_ms = now_ms() + 60 * MINUTE_MS, now_ms() + 135 * MINUTE_MS
    return stage.joins(stage.make_sale(early_at_ms=line_ms, opens_at_ms=opens_ms))


@scene("not_yet")
def not_yet_and_nobody_knows_when(stage: Stage) -> Tab:
    return stage.joins(stage.make_sale(early_at_ms=now_ms() + 60 * MINUTE_MS, opens_at_ms=0))


@scene("early")
def early(stage: Stage) -> Tab:
    opens_ms = now_ms() + 25 * MINUTE_MS
    sale = stage.make_sale(opens_at_ms=opens_ms, draw=DrawMethod.SHUFFLE)
    sale.crowd(1_203)
    return stage.joins(sale)


@scene("early")
def early_by_arrival_days_before(stage: Stage) -> Tab:
    sale = stage.make_sale(opens_at_ms=now_ms() + 3_000 * MINUTE_MS)
    return stage.joins(sale)


@scene("drawing", plain=False)  # the gate knows the number at once
def drawing(stage: Stage) -> Tab:
    sale = stage.make_sale(opens_at_ms=now_ms() + 60 * MINUTE_MS, draw=DrawMethod.SHUFFLE)
    sale.crowd(60_000)  # a spread of half a minute
    visitor = stage.visitor()
    visitor.context.add_init_script("Math.random = () => 0.99")
    # A page that comes after the opening has its number at once. It asks every two seconds now.
    sale.set(opens_at_ms=now_ms() + 20_000)
    sale.is_heard()
    tab = stage.joins(sale, visitor)
    tab.shows("early")
    sale.set(opens_at_ms=now_ms() + 7_000)
    return tab


# In line


@scene("waiting")
def waiting_far(stage: Stage) -> Tab:
    sale = stage.make_sale(
        message="Sizes 38 to 41 are nearly gone; everything else is plenty.", rate_per_min=60
    )
    sale.crowd(2_345)
    return stage.joins(sale)


@scene("waiting")
def waiting_near(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=1, burst=1)
    sale.crowd(3)
    return stage.joins(sale)


@scene("waiting")
def waiting_next_while_nobody_goes_in(stage: Stage) -> Tab:
    return stage.joins(stage.make_sale(rate_per_min=0))


@scene("paused")
def paused(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=60)
    sale.crowd(40)
    sale.act("pause")
    return stage.joins(sale)


@scene("paused")
def paused_with_a_reason(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=60)
    sale.crowd(40)
    sale.act("pause", "The payment provider has a problem; we expect it back by 15:00.")
    return stage.joins(sale)


@scene("waiting", plain=False)
def waiting_in_a_new_place(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    sale.crowd(30)
    with stage.away(sale) as visitor:
        visitor.context.clear_cookies()
    tab = stage.joins(sale, visitor)
    tab.says("note", "did not show the earlier one")
    return tab


@scene("waiting", plain=False)
def waiting_after_a_new_start(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    with stage.away(sale) as visitor:
        sale.reset()
    tab = stage.joins(sale, visitor)
    tab.says("note", "started afresh")
    return tab


@scene("waiting", plain=False)
def waiting_after_the_draw(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0, opens_at_ms=now_ms() + 20_000, draw=DrawMethod.SHUFFLE)
    sale.crowd(2_000)
    tab = stage.joins(sale)
    tab.shows("early")
    sale.open()
    tab.page.get_by_text("Check my place").click()
    tab.says("verdict", "It fits")
    return tab


# The turn


@scene("called", plain=False)  # who is called goes in by looking
def called(stage: Stage) -> Tab:
    visitor = stage.visitor()
    visitor.context.route("**/pass", lambda _route: None)  # a slow network: no answer for a while
    return stage.joins(stage.make_sale(), visitor)


@scene("called", plain=False)
def called_and_goes_in_by_hand(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    tab = stage.joins(sale)
    tab.shows("waiting")
    tab.page.get_by_text("When it is your turn").click()
    tab.page.get_by_label("Let me go in myself").check()
    sale.set(rate_per_min=60)
    return tab


@scene("door")
def door(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0, burst=1)
    sale.crowd(2)
    with stage.meanwhile(sale) as tab:
        sale.set(rate_per_min=6_000, burst=0)
        sale.calls(3)
        sale.set(rate_per_min=1, burst=1)
        assert sale.enter(1)
    return tab


@scene("full")
def full(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    sale.crowd(1)
    with stage.meanwhile(sale) as tab:
        sale.set(rate_per_min=600)
        sale.calls(2)
        assert sale.enter(1)
        sale.set(capacity=1)
    return tab


# The end


@scene("draining")
def draining(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    with stage.meanwhile(sale) as tab:
        sale.act("drain")
    return tab


@scene("closed")
def closed(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    with stage.meanwhile(sale) as tab:
        sale.act("close")
    return tab


@scene("no_joins")
def no_joins(stage: Stage) -> Tab:
    return stage.joins(stage.make_sale(rate_per_min=0, joins=False))


@scene("too_many")
def too_many(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0, join_limit=1)
    for _ in range(9):
        tab = stage.joins(sale)
        tab.page.wait_for_selector("#card:is(.waiting, .too_many)")
        if tab.page.locator("#card.too_many").count():
            break
    return tab


@scene("sold_out", plain=False)
def sold_out(stage: Stage) -> Tab:
    visitor = stage.visitor()
    # No stock is known to the room yet; the protocol has the answer already.
    visitor.context.route(
        "**/ticket", lambda route: route.fulfill(status=409, json={"error": "sold_out"})
    )
    return stage.joins(stage.make_sale(rate_per_min=0), visitor)


@scene("lapsed")
def lapsed(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0, call_timeout_ms=1_000, claim_grace_ms=1_000)
    with stage.meanwhile(sale) as tab:
        sale.set(rate_per_min=6_000)
        eventually(lambda: sale.status().lapsed >= 1, "the place has lapsed")
    return tab


@scene("spent")
def spent(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    with stage.meanwhile(sale) as tab:
        sale.set(rate_per_min=6_000)
        sale.calls(1)
        assert sale.enter(1)
        stage.site.store.release(sale.room, [f"{sale.status().epoch}-1"])
    return tab


@scene("left")
def left(stage: Stage) -> Tab:
    tab = stage.joins(stage.make_sale(rate_per_min=0))
    tab.page.get_by_text("Leave the line").click()
    tab.page.get_by_role("button", name="Yes, give up my place").click()
    return tab


@scene("old_epoch", script=False)
def old_epoch(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    with stage.meanwhile(sale) as tab:
        sale.reset()
    return tab


@scene("entered", plain=False)
def entered(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    visitor = stage.visitor()
    tab, other = stage.joins(sale, visitor), stage.joins(sale, visitor)
    other.shows("waiting")
    sale.set(rate_per_min=6_000)
    other.arrives(sale.shop_url)
    return tab


# Something is in the way


@scene("bounced")
def bounced(stage: Stage) -> Tab:
    sale = stage.make_sale()
    tab = Tab(stage.visitor().context.new_page())
    address = sale.url if stage.script else f"{sale.base}/go"
    for _ in range(2 if stage.script else 4):
        tab.page.goto(address)
        if stage.script:
            tab.arrives(sale.shop_url)
    tab.page.goto(address)
    return tab


@scene("cookies", plain=False)
def cookies(stage: Stage) -> Tab:
    visitor = stage.come_with_a_browser(preferences=NO_COOKIES, tolerates=EXPECTED)
    tab = stage.joins(stage.make_sale(rate_per_min=0), visitor)
    tab.page.set_viewport_size(PHONE)
    return tab


@scene("cookies", script=False)
def cookies_of_a_form(stage: Stage) -> Tab:
    visitor = stage.visitor()
    tab = stage.joins(stage.make_sale(rate_per_min=0), visitor)
    visitor.context.clear_cookies()
    tab.page.get_by_role("link", name="Let it stand still").click()
    return tab


@scene("waiting", plain=False)
def gate_away(stage: Stage) -> Tab:
    visitor = stage.visitor()
    sale = stage.make_sale(rate_per_min=0)
    sale.crowd(9)
    tab = stage.joins(sale, visitor)
    tab.shows("waiting")
    visitor.context.route("**/status.json", lambda route: route.abort())
    tab.says("chip", "Reconnecting")
    return tab


@scene("store_down", script=False)
def store_down(stage: Stage) -> Tab:
    sale = stage.make_sale(rate_per_min=0)
    tab = stage.visitor().opens(sale.url)
    stage.until_the_end.enter_context(stage.site.without_store())
    tab.page.get_by_role("button", name="Take a place in line").click()
    return tab


@scene("refused", plain=False)
def refused(stage: Stage) -> Tab:
    visitor = stage.visitor()
    visitor.context.route("**/ticket", lambda route: route.continue_(post_data="{"))
    visitor.watch.tolerates = (*EXPECTED, 400)
    return stage.joins(stage.make_sale(rate_per_min=0), visitor)


@scene("no_such_room", script=False)
def no_such_room(stage: Stage) -> Tab:
    return stage.visitor().opens(f"{stage.site.gate}/nowhere/en")

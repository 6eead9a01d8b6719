"""What a shopper may choose: how the turn is told, who goes in, and all of it by keyboard alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sales import Sale
from visitors import Tab, Visitor

pytestmark = pytest.mark.browser
Sales = Callable[..., Sale]
Come = Callable[..., Visitor]
SIGNALS = """
  globalThis.signals = [];
  globalThis.keep = (name) => {
    signals.push(name);
    sessionStorage.signals = `${sessionStorage.signals ?? ''} ${name}`;
  };
  const ask = Notification.requestPermission;
  Notification.requestPermission = () => { keep('asked'); return ask.call(Notification); };
  const Real = Notification;
  globalThis.Notification = class extends Real {
    constructor(text, more) { super(text, more); keep(`shown: ${text}, ${more.body}`); }
  };
  const start = OscillatorNode.prototype.start;
  globalThis.unlocked = 0;
  const resume = AudioContext.prototype.resume;
  AudioContext.prototype.resume = function () { unlocked++; return resume.call(this); };
  OscillatorNode.prototype.start = function (at) { keep('note'); return start.call(this, at); };
"""
"""Notes what is asked and given; what is real still happens."""
GRACE_MS = 600_000
EARLIER_MS = 2_000
"""How much sooner than a turn's end the page goes in by itself."""
RING = ["note", "note", "shown: It is your turn, Winter sale"]


def test_a_shopper_is_called_by_notification_and_sound(
    make_sale: Sales, come_with_a_browser: Come
) -> None:
    """Chosen and tried once; permission is asked by the click only; kept over a reload; and on the
    turn heard before the page gives way to the shop."""
    sale = make_sale(rate_per_min=0)
    visitor = come_with_a_browser()
    visitor.context.grant_permissions(["notifications"], origin=sale.site.gate)
    visitor.context.add_init_script(SIGNALS)
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    tab.page.get_by_text("When it is your turn").click()
    expect(tab.page.get_by_role("button", name="Try it now")).to_be_hidden()
    assert tab.page.evaluate("signals") == []
    tab.page.get_by_label("Play a sound").check()
    tab.until("unlocked")  # by this click: some browsers play nothing that no click has allowed
    tab.page.get_by_label("Show a notification").check()
    tab.until("signals.length")
    assert tab.page.evaluate("signals.splice(0)") == ["asked"]
    tab.page.get_by_role("button", name="Try it now").click()
    tab.until("signals.length > 2")
    assert tab.page.evaluate("signals") == RING
    tab.page.evaluate("sessionStorage.signals = ''")
    tab.page.reload()
    tab.shows("waiting")
    assert tab.page.evaluate("signals") == []
    tab.page.get_by_text("When it is your turn").click()
    assert tab.page.get_by_label("Play a sound").is_checked()
    sale.set(rate_per_min=6_000)
    tab.arrives(sale.shop_url)
    tab.page.goto(f"{sale.site.gate}/healthz")
    told = tab.page.evaluate("sessionStorage.signals")
    assert told == " note note shown: It is your turn, Winter sale"


def test_where_notifications_are_refused_the_page_says_so(make_sale: Sales, come: Come) -> None:
    """And the box is empty again: nobody waits for a signal that never comes."""
    visitor = come()
    visitor.context.add_init_script("Notification.requestPermission = async () => 'denied'")
    tab = visitor.opens(make_sale(rate_per_min=0).url)
    tab.shows("waiting")
    tab.page.get_by_text("When it is your turn").click()
    tab.page.get_by_label("Show a notification").click()
    tab.says("tried", "Your browser does not allow notifications.")
    expect(tab.page.get_by_label("Show a notification")).not_to_be_checked()


def test_a_permission_that_was_taken_back_is_told_by_the_test_button(
    make_sale: Sales, come_with_a_browser: Come
) -> None:
    """Chosen once, and blocked in the browser's settings since."""
    blocked = {"profile": {"default_content_setting_values": {"notifications": 2}}}
    visitor = come_with_a_browser(preferences=blocked)
    tab = visitor.opens(make_sale(rate_per_min=0).url)
    tab.shows("waiting")
    tab.page.evaluate("localStorage['wr-choices'] = '{\"notify\": true}'")
    tab.page.reload()
    tab.shows("waiting")
    assert tab.page.evaluate("Notification.permission") == "denied"
    tab.page.get_by_text("When it is your turn").click()
    tab.page.get_by_role("button", name="Try it now").click()
    tab.says("tried", "Your browser does not allow notifications.")


def focused(tab: Tab) -> str:
    """What has the focus: its label or words. It must be seen to have it."""
    name, seen = tab.page.evaluate(
        """() => {
          const one = document.activeElement;
          const style = getComputedStyle(one);
          const box = one.getBoundingClientRect();
          const seen = style.outlineStyle == 'solid' && parseFloat(style.outlineWidth) >= 2
            && box.top >= 0 && box.bottom <= innerHeight;
          const words = (one.labels?.[0] ?? one).innerText.split('\\n')[0];
          return [one == document.body ? '' : words, seen];
        }"""
    )
    assert seen or not name, name
    return str(name).strip()


def test_the_whole_way_by_keyboard_alone(make_sale: Sales, come: Come) -> None:
    """Tab, Space and Enter: every control in the order of the page, none that holds the focus; the
    choice to go in by hand, the deadline, more time once, and into the shop."""
    sale = make_sale(rate_per_min=0)
    tab = come(timezone_id="UTC").opens(sale.url)
    tab.shows("waiting")
    press = tab.page.keyboard.press
    press("Tab")
    assert focused(tab) == "When it is your turn"
    press("Enter")
    order: list[str] = []
    while (press("Tab"), focused(tab))[1] not in ("", "When it is your turn"):
        order.append(focused(tab).split(":")[0])
        assert len(order) < 20, order
        if order[-1] == "Let me go in myself":
            press("Space")
    assert order == [
        "Show a notification", "Play a sound", "Let me go in myself", "A screen reader says",
        "How this line works", "Leave the line", "Cookies and privacy",
    ]  # fmt: skip
    assert tab.page.get_by_label("Let me go in myself").is_checked()
    tab.page.evaluate("document.activeElement.blur()")
    tab.page.reload()
    sale.set(rate_per_min=6_000)
    tab.shows("called")
    sale.set(rate_per_min=60)
    tab.says("lead", "The door is open. Please go in before")
    tab.says("alert", "Please go in before")
    expect(tab.page).to_have_title(re.compile("Your turn 09:"))
    press("Tab")
    assert focused(tab) == "Enter the shop"
    press("Tab")
    assert focused(tab) == "Give me more time"
    before = tab.text("lead")
    press("Enter")
    expect(tab.page.get_by_role("button", name="Give me more time")).to_be_hidden()
    tab.until("document.activeElement.id === 'card'")
    expect(tab.page.locator("#lead")).not_to_have_text(before)
    tab.says("polite", "Please go in before")
    press("Tab")
    assert focused(tab) == "Enter the shop"
    assert sale.status().counters.entered == 0
    press("Enter")
    tab.arrives(sale.shop_url)


def test_whoever_leaves_by_keyboard_finds_the_way_back(make_sale: Sales, come: Come) -> None:
    """The button that was pressed is gone; the focus goes on from the card."""
    tab = come().opens(make_sale(rate_per_min=0).url)
    tab.shows("waiting")
    tab.page.get_by_text("Leave the line").focus()
    tab.page.keyboard.press("Enter")
    tab.page.keyboard.press("Tab")
    tab.page.keyboard.press("Enter")
    tab.shows("left")
    tab.page.keyboard.press("Tab")
    assert focused(tab) == "Take a new place"
    tab.page.keyboard.press("Enter")
    tab.shows("waiting")


def test_a_turn_that_nobody_takes_is_taken_at_its_end(make_sale: Sales, come: Come) -> None:
    """Who wanted to press the button, and did not: the page goes in before the place is lost."""
    sale = make_sale(rate_per_min=0, claim_grace_ms=GRACE_MS)
    visitor = come()
    visitor.context.clock.install()
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    tab.page.get_by_text("When it is your turn").click()
    tab.page.get_by_label("Let me go in myself").check()
    sale.set(rate_per_min=60)
    expect(tab.page.get_by_role("button", name="Enter the shop")).to_be_visible()
    tab.page.clock.run_for(GRACE_MS - EARLIER_MS)
    tab.arrives(sale.shop_url)
    assert sale.status().counters.entered == 1

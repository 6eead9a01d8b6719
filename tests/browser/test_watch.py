"""The tests' own eyes: what must not happen behind their backs is seen."""

from collections.abc import Callable

import pytest
from sales import Sale, Site
from systems import eventually
from visitors import Visitor, Watch

pytestmark = pytest.mark.browser


def faults_after(come: Callable[..., Visitor], sale: Sale, script: str) -> str:
    """Do something to a page that must not be; what the watch says of it."""
    visitor = come()
    tab = visitor.opens(sale.url)
    tab.shows("waiting")
    visitor.watch.is_content()
    tab.page.evaluate(script)
    eventually(lambda: (tab.wait(0.05), visitor.watch.faults)[1], "it is seen")
    faults = "\n".join(visitor.watch.faults)
    visitor.watch = Watch([])
    return faults


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:9/x.png'}))",
         "Content Security Policy"),
        ("document.querySelector('h1').setAttribute('style', 'color: red')",
         "Content Security Policy"),
        ("fetch('/nowhere/status.json')", "was answered 404"),
        ("setTimeout(() => { throw new Error('planted') })", "planted"),
    ],
)  # fmt: skip
def test_what_must_not_happen_is_seen(
    come: Callable[..., Visitor], make_sale: Callable[..., Sale], script: str, said: str
) -> None:
    """Breaches of the policy, errors of scripts and answers that no flow should get."""
    sale = make_sale(rate_per_min=0)
    assert said in faults_after(come, sale, script)


def test_a_third_party_is_seen(
    come: Callable[..., Visitor], make_sale: Callable[..., Sale], site: Site
) -> None:
    """Whoever is asked that is neither gate nor shop: here the room API."""
    visitor = come()
    visitor.opens(f"{site.run.note['console_url']}/healthz")
    assert visitor.watch.faults == [
        f"somebody else was asked: {site.run.note['console_url']}/healthz"
    ]
    visitor.watch = Watch([])

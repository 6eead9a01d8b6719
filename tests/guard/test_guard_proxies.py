"""A guarded shop behind a proxy: whose word on scheme and host counts."""

import pytest
from guarded import NAVIGATION, Clock, Shop, a_handover, signed
from werkzeug.middleware.proxy_fix import ProxyFix

SAID = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "public.example"}
INSIDE = "http://internal.example:8080"


def handed_over(shop: Shop, headers: dict[str, str]) -> tuple[str, str]:
    """Where a handover leads, and the name of its cookie."""
    token = signed(a_handover())
    answer = shop.get(f"/?wr_handover={token}", base_url=INSIDE, headers={**NAVIGATION, **headers})
    assert answer.status_code == 303
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-") == ("; Secure" in cookie)
    return answer.headers["Location"], cookie.partition("=")[0]


@pytest.mark.parametrize("headers", [SAID, {"Forwarded": "proto=https;host=public.example"}])
def test_without_a_proxyfix_no_header_changes_anything(
    clock: Clock, headers: dict[str, str]
) -> None:
    """The guard reads scheme and host of the server, never what a client may send."""
    where, name = handed_over(Shop(clock), headers)
    assert (where, name) == (f"{INSIDE}/", "wr-pass-demo")


def test_with_a_proxyfix_around_it_the_guard_goes_by_what_the_proxy_says(clock: Clock) -> None:
    """Of a chain, what the nearest proxy added; what the client sent before is nothing."""
    shop = Shop(clock)
    shop.app.wsgi_app = ProxyFix(shop.app.wsgi_app, x_proto=1, x_host=1)  # type: ignore[method-assign]
    chain = {"X-Forwarded-Proto": "http, https", "X-Forwarded-Host": "evil.example, public.example"}
    where, name = handed_over(shop, chain)
    assert (where, name) == ("https://public.example/", "__Host-wr-pass-demo")


def test_a_shop_that_names_its_address_needs_no_word_of_anybody(clock: Clock) -> None:
    """Not even that it is https."""
    for lies in ({}, {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example"}):
        where, name = handed_over(Shop(clock, shop="https://public.example"), lies)
        assert (where, name) == ("https://public.example/", "__Host-wr-pass-demo")

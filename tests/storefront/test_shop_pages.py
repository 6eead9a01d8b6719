"""The shop's pages, by a client that runs no script (nor does any page need one)."""

import logging
import re
from collections.abc import Iterator
from html import unescape

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shops import EMAIL, Shop
from sqlalchemy import text

from storefront.catalogue import DEMO
from storefront.models import Mail


def every_page(shop: Shop) -> Iterator[str]:
    """One of each."""
    order = shop.buy().headers["Location"]
    for path in ("/", "/items/oak-stool", order, "/nothing"):
        yield shop.client.get(path).text
    yield shop.buy(email="x").text
    once = shop.once()
    shop.leave(0)
    yield shop.client.get("/items/oak-stool").text
    yield shop.buy(once=once).text


def test_every_item_is_shown_with_its_price_and_what_is_left(shop: Shop) -> None:
    """Nobody has to open an item to learn that it is gone."""
    shop.leave(0, "oak-stool")
    shop.leave(3, "quiet-clock")
    page = shop.client.get("/").text
    for goods in DEMO:
        assert goods.name in page
        assert f'href="/items/{goods.slug}"' in page
    assert "Sold out" in page
    assert "Only 3 left" in page
    assert "120 of 120 left" in page
    assert "€ 134.00" in page


def test_every_picture_and_stylesheet_is_ours_and_there(shop: Shop) -> None:
    """Nothing comes from elsewhere; what caches may keep has its content in its address."""
    for page in every_page(shop):
        for url in re.findall(r'(?:src|href)="([^"#]+)"', page):
            assert url.startswith("/") and not url.startswith("//")
            if url.startswith("/static/"):
                with shop.client.get(url) as answer:
                    assert answer.status_code == 200
                    assert re.search(r"\?v=[0-9a-f]{12}$", url)
                    assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_no_page_has_anything_inline_and_the_policy_forbids_it(shop: Shop) -> None:
    """Strict: no script at all, our own styles and pictures, in no frame."""
    for page in every_page(shop):
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page)
    headers = shop.client.get("/").headers
    assert headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"


def test_a_checkout_ends_with_an_order_and_its_number(shop: Shop) -> None:
    """One piece goes; the order's address cannot be guessed."""
    answer = shop.buy()
    assert answer.status_code == 303
    assert re.fullmatch(r"/orders/[A-Za-z0-9_-]{43}", answer.headers["Location"])
    page = shop.client.get(answer.headers["Location"])
    assert page.status_code == 200
    assert "Your order number is <strong>1001</strong>" in page.text
    assert "Oak stool" in page.text
    assert f"A mail to <b>{EMAIL}</b> is on its way" in page.text
    assert shop.left() == 9


def test_orders_are_numbered_in_order_and_have_addresses_of_their_own(shop: Shop) -> None:
    """The number is for people and opens nothing."""
    first, second = shop.buy().headers["Location"], shop.buy().headers["Location"]
    assert first != second
    assert "<strong>1002</strong>" in shop.client.get(second).text
    for path in ("/orders/1002", "/orders/2", first[:-1], first + "A", "/orders/%00"):
        assert shop.client.get(path).status_code == 404


def test_the_same_form_sent_twice_gives_the_same_order(shop: Shop) -> None:
    """Also with the address corrected in between: the first one counts."""
    once = shop.once()
    first = shop.buy(once=once)
    again = shop.buy(once=once, email="grace@example.org")
    assert again.status_code == 303
    assert first.headers["Location"] == again.headers["Location"]
    assert shop.left() == 9


def test_a_form_that_bought_another_item_says_so(shop: Shop) -> None:
    """And comes back fresh."""
    once = shop.once()
    shop.buy(once=once)
    answer = shop.buy("morning-mug", once=once)
    assert answer.status_code == 422
    assert "This form has made an order already" in answer.text
    assert f'value="{once}"' not in answer.text


@pytest.mark.parametrize(
    "path", ["/items/gold", "/items/", "/orders/", "/orders", "/static/../app.py"]
)
def test_what_is_not_there_is_a_page_that_leads_back(shop: Shop, path: str) -> None:
    """Never a bare error."""
    answer = shop.client.get(path)
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


def test_buying_what_does_not_exist_is_404(shop: Shop) -> None:
    """No form leads there."""
    answer = shop.client.post("/items/gold/checkout", data={"email": EMAIL, "once": "x" * 22})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Enter your e-mail address"),
        ("   ", "Enter your e-mail address"),
        ("ada", "has a name, an @ and a domain"),
        ("@example.org", "has a name, an @ and a domain"),
        ("ada@", "has a name, an @ and a domain"),
        ("a da@example.org", "Check the part before the @"),
        ("ada@example", "Check the part after the @"),
        ("ada@exa mple.org", "Check the part after the @"),
        ("ada@example.org\nBcc: all@example.org", "Check the part before the @"),
        ("ädä@example.org", "Check the part before the @"),
        (f"{'a' * 65}@example.org", "longer than mail allows"),
        ("<script>@example.org", "Check the part before the @"),
    ],
)
def test_an_address_that_cannot_be_is_explained_and_kept(shop: Shop, typed: str, told: str) -> None:
    """422, the form again with what was typed, and nothing bought."""
    once = shop.once()
    answer = shop.buy(email=typed, once=once)
    assert answer.status_code == 422
    assert told in unescape(answer.text)
    assert 'aria-invalid="true"' in answer.text
    assert f'value="{once}"' in answer.text
    assert "<script>" not in answer.text
    assert shop.orders() == 0


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" ada@example.org ", "ada@example.org"),
        ("Ada.Lovelace+shop@Example.ORG", "Ada.Lovelace+shop@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("o'hara@example.co.uk", "o'hara@example.co.uk"),
    ],
)
def test_an_address_is_kept_as_mail_wants_it(shop: Shop, typed: str, kept: str) -> None:
    """Trimmed, the domain in the letters that mail knows."""
    assert shop.buy(email=typed).status_code == 303
    assert shop.order().email == kept


@pytest.mark.parametrize("once", ["", "short", "x" * 44, "ä" * 22, "x" * 21 + " "])
def test_a_form_without_its_hidden_value_comes_back_with_one(shop: Shop, once: str) -> None:
    """Without it a second click would be a second order."""
    answer = shop.buy(once=once)
    assert answer.status_code == 422
    assert "send it once more" in answer.text
    assert f'value="{EMAIL}"' in answer.text
    assert shop.orders() == 0


def test_what_is_sold_out_says_so_and_has_no_form(shop: Shop) -> None:
    """409 to a form that comes too late; nothing is bought."""
    once = shop.once()
    shop.leave(0)
    answer = shop.buy(once=once)
    assert answer.status_code == 409
    assert "Somebody bought the last Oak stool" in answer.text
    assert "<form" not in shop.client.get("/items/oak-stool").text
    assert shop.orders() == 0


def test_reloading_the_forms_address_shows_the_item(shop: Shop) -> None:
    """Whoever comes back from the line after sending a form lands there."""
    answer = shop.client.get("/items/oak-stool/checkout")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/items/oak-stool")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "none"}, 303),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8000"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
    ],
)
def test_an_order_form_comes_from_our_own_pages(
    shop: Shop, headers: dict[str, str], status: int
) -> None:
    """Browsers say where a form comes from; programs that say nothing carry nobody's cookies."""
    answer = shop.buy(headers=headers)
    assert answer.status_code == status
    assert shop.orders() == (status == 303)


def test_a_huge_form_is_not_read(shop: Shop) -> None:
    """413, and nothing bought."""
    assert shop.buy(email="x" * 20_000).status_code == 413


def test_a_form_in_chunks_is_not_read(shop: Shop) -> None:
    """The server reads chunks while the shop does: one that is broken would be the shop's fault."""
    answer = shop.buy(headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411
    assert not shop.orders()


@pytest.mark.parametrize("host", ["..", "a..b", "x" * 300])
@pytest.mark.parametrize("path", ["/", "/orders/x", "/nothing"])
def test_a_host_that_cannot_be_is_400_also_where_a_page_is_missing(
    shop: Shop, path: str, host: str
) -> None:
    """No link can be made for it, so there is no page: a sentence, and the policy all the same."""
    for method, more in (("GET", {}), ("POST", {"Transfer-Encoding": "chunked"})):
        answer = shop.client.open(path, method=method, headers={"Host": host, **more})
        assert (answer.status_code, answer.mimetype) == (400, "text/plain")
        assert answer.text == "That request was not readable"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_method_that_does_not_fit_says_which_do(shop: Shop) -> None:
    """405 with Allow."""
    answer = shop.client.delete("/items/oak-stool")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize(
    ("mail", "told"),
    [
        (Mail.OWED, "is on its way"),
        (Mail.SENDING, "is on its way"),
        (Mail.HANDING, "is on its way"),
        (Mail.SENT, "We sent a mail to"),
        (Mail.REFUSED, "this page is your confirmation"),
        (Mail.UNCLEAR, "this page is your confirmation"),
    ],
)
def test_the_order_says_how_far_its_confirmation_is(shop: Shop, mail: Mail, told: str) -> None:
    """True in every state, and reassuring in the bad ones."""
    page = shop.buy().headers["Location"]
    shop.set_mail(1, mail)
    assert told in shop.client.get(page).text


def test_a_database_that_fails_is_503_and_no_address_is_in_the_log(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    """The page says that sending the form again is safe; the log says what happened."""
    once = shop.once()
    with shop.database.writing.begin() as session:
        session.execute(text("ALTER TABLE orders RENAME TO elsewhere"))
    with caplog.at_level(logging.ERROR):
        answer = shop.buy(once=once)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "3"
    assert "it never buys twice" in answer.text
    assert "no such table" in caplog.text
    assert EMAIL not in caplog.text
    with shop.database.writing.begin() as session:
        session.execute(text("ALTER TABLE elsewhere RENAME TO orders"))
    assert shop.buy(once=once).status_code == 303
    assert shop.left() == 9


def test_the_health_check_needs_no_database(shop: Shop) -> None:
    """It says that the process is up."""
    answer = shop.client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from(
        [
            "application/x-www-form-urlencoded",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/json",
            "text/plain; charset=utf-16",
        ]
    ),
    email=st.text(max_size=60),
    once=st.text(max_size=50),
)
def test_no_body_makes_the_shop_stumble(
    shop: Shop, body: bytes, kind: str, email: str, once: str
) -> None:
    """Whatever is sent: a page with a 4xx, and nothing bought."""
    for sent in (
        {"data": body, "content_type": kind},
        {"data": {"email": email, "once": once}},
    ):
        answer = shop.client.post("/items/oak-stool/checkout", **sent)  # type: ignore[arg-type]
        assert 400 <= answer.status_code < 500 or answer.status_code == 303

"""The way from the gate on another host: a token in the address, swapped for a pass."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit

import pytest
from guarded import (
    GATE,
    NAVIGATION,
    NOW_MS,
    SESSION_MS,
    Clock,
    Shop,
    StandInApi,
    a_handover,
    a_pass,
    ring,
    signed,
)
from werkzeug.test import TestResponse

from waitingroom.tokens import Keyring

Build = Callable[..., Shop]
TOKEN = signed(a_handover())
STAFF = "s-0123456789abcdef"


def is_sent_to_gate(answer: TestResponse) -> bool:
    """Whether the shopper has to line up, and comes back without any handover."""
    where = answer.headers.get("Location", "")
    if not where.startswith(f"{GATE}/demo/go?"):
        return False
    assert "wr_handover" not in parse_qs(urlsplit(where).query)["to"][0]
    return True


def test_a_handover_becomes_a_pass_and_leaves_the_address(shop: Shop) -> None:
    """303 to the page itself, with the cookie; nobody caches it or is told by Referer."""
    answer = shop.get(f"/items/7?a=1&wr_handover={TOKEN}&b=%20x+y&c")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "https://shop.example/items/7?a=1&b=%20x+y&c"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert shop.seen == []
    assert TOKEN.encode() not in answer.data
    assert shop.held() == a_pass()
    assert shop.get("/items/7").status_code == 200


def test_on_http_the_cookie_is_plain(shop: Shop) -> None:
    """A development run has no https: the name says so, and the cookie is not Secure."""
    answer = shop.get(f"/?wr_handover={TOKEN}", base_url="http://127.0.0.1:8080")
    assert answer.headers["Location"] == "http://127.0.0.1:8080/"
    name, *attributes = answer.headers["Set-Cookie"].split("; ")
    assert name.startswith("wr-pass-demo=")
    assert set(attributes) == {"Max-Age=900", "HttpOnly", "Path=/", "SameSite=Lax"}


def test_a_replay_lines_up_and_does_not_loop(shop: Shop) -> None:
    """A link that somebody else has used leads to the gate, with a clean way back."""
    shop.get(f"/?wr_handover={TOKEN}")
    shop.client.delete_cookie("__Host-wr-pass-demo", domain="shop.example", path="/")
    assert is_sent_to_gate(shop.get(f"/?wr_handover={TOKEN}"))


def test_a_reload_by_who_has_the_pass_just_loses_the_token(shop: Shop) -> None:
    """The browser's back button shows the address again: it is cleaned, nothing else happens."""
    shop.get(f"/?wr_handover={TOKEN}")
    answer = shop.get(f"/x?wr_handover={TOKEN}&y")
    assert answer.headers["Location"] == "https://shop.example/x?y"
    assert "Set-Cookie" not in answer.headers


BAD = {
    "empty": "",
    "junk": "hello%00%0d%0aX:y",
    "cut": TOKEN[:-1],
    "changed": TOKEN.replace(".1-12.", ".1-13."),
    "a pass": signed(a_pass()),
    "another room's": signed(a_handover(room="other")),
    "other keys": Keyring([b"b" * 32]).room_keys("demo").sign_handover(a_handover()),
    "late": signed(a_handover(issued_at_ms=NOW_MS - 30_000, expires_at_ms=NOW_MS)),
    "early": signed(a_handover(issued_at_ms=NOW_MS + 31_000, expires_at_ms=NOW_MS + 60_000)),
    "huge": "x" * 5000,
}


@pytest.mark.parametrize("token", BAD.values(), ids=BAD.keys())
def test_a_bad_handover_leads_to_the_gate(shop: Shop, token: str) -> None:
    """And with a pass, or as a program, the same as without a handover."""
    assert is_sent_to_gate(shop.get(f"/x?wr_handover={token}"))
    assert shop.bare.get(f"/x?wr_handover={token}").status_code == 401
    shop.give(a_pass())
    assert shop.get(f"/x?wr_handover={token}").headers["Location"] == "https://shop.example/x"
    assert shop.held() == a_pass()


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "DELETE", "OPTIONS"])
def test_only_a_get_uses_a_handover(shop: Shop, method: str) -> None:
    """A preview that asks for the head of a page must not use up the shopper's way in."""
    shop.client.open(f"/x?wr_handover={TOKEN}", method=method, headers=NAVIGATION)
    assert shop.cookie() is None
    assert shop.get(f"/x?wr_handover={TOKEN}").headers["Location"] == "https://shop.example/x"


def test_a_pass_that_counts_is_not_replaced_by_a_link(shop: Shop) -> None:
    """Nobody can be handed another's place; and the handover is still good for its owner."""
    shop.give(a_pass(lease="1-7"))
    shop.get(f"/x?wr_handover={TOKEN}")
    assert shop.held().lease == "1-7"
    other = Shop(shop.clock, shop.speaks)
    other.guard._known = shop.guard._known
    other.get(f"/x?wr_handover={TOKEN}")
    assert other.held().lease == "1-12"


@pytest.mark.parametrize(
    ("held", "handed", "stays"),
    [
        (a_pass(epoch=1), a_handover(epoch=2), False),
        (a_pass(epoch=2), a_handover(epoch=1), True),
        (a_pass(epoch=5), a_handover(lease=STAFF, epoch=1), False),
        (a_pass(lease=STAFF, epoch=1), a_handover(epoch=5), True),
    ],
)
def test_a_newer_running_and_staff_take_the_place_of_a_pass(
    shop: Shop, held: object, handed: object, stays: bool
) -> None:
    """After a reset the old pass must not stand in the way, though nobody has told the guard."""
    shop.give(held)  # type: ignore[arg-type]
    shop.get(f"/x?wr_handover={signed(handed)}")  # type: ignore[arg-type]
    assert (shop.held().lease, shop.held().epoch) == (
        (held if stays else handed).lease,  # type: ignore[attr-defined]
        (held if stays else handed).epoch,  # type: ignore[attr-defined]
    )


def test_after_a_checkout_a_new_handover_counts_at_once(shop: Shop) -> None:
    """The pass that was just released is no reason to keep a shopper with a new one out."""
    shop.give(a_pass(lease="1-7"))
    shop.post("/checkout")
    shop.give(a_pass(lease="1-7"))
    shop.get(f"/x?wr_handover={TOKEN}")
    assert shop.held().lease == "1-12"


def test_a_handover_of_an_older_running_is_refused(open_shop: Build, api: StandInApi) -> None:
    """Once the guard knows, it does not even ask."""
    api.epoch = 2
    shop = open_shop(api=api.url)
    shop.guard._reporter.turn()  # type: ignore[union-attr]
    assert is_sent_to_gate(shop.get(f"/x?wr_handover={TOKEN}"))
    assert not api.redeemed


def test_the_room_api_has_the_last_word(open_shop: Build, api: StandInApi, patient: None) -> None:
    """A handover that was used through another process of the shop is refused here."""
    first, second = open_shop(api=api.url), open_shop(api=api.url)
    assert first.get(f"/x?wr_handover={TOKEN}").headers["Location"] == "https://shop.example/x"
    assert is_sent_to_gate(second.get(f"/x?wr_handover={TOKEN}"))
    assert [path for path, _ in api.calls if "redeem" in path] == ["/api/v1/rooms/demo/redeem"] * 2


def test_of_many_racers_one_gets_in(shop: Shop) -> None:
    """Thirty-two requests at once with one token: one pass."""

    def go(_: int) -> bool:
        answer = shop.bare.get(f"/x?wr_handover={TOKEN}", headers=NAVIGATION)
        return "Set-Cookie" in answer.headers

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(go, range(32))) == 1


def test_used_handovers_are_forgotten_after_their_time(shop: Shop, clock: Clock) -> None:
    """Memory is bounded by the half minute that a handover lives."""
    for n in range(50):
        token = signed(
            a_handover(
                nonce=f"{n:016x}", issued_at_ms=clock.now_ms, expires_at_ms=clock.now_ms + 30_000
            )
        )
        assert shop.bare.get(f"/?wr_handover={token}").status_code == 303
        clock.now_ms += 10_000
    assert len(shop.guard._known._used) <= 10


def test_several_handovers_are_all_taken_off(shop: Shop) -> None:
    """The first one counts, however its name is written."""
    answer = shop.get(f"/x?wr%5Fhandover={TOKEN}&a&wr_handover=junk&wr_handover")
    assert answer.headers["Location"] == "https://shop.example/x?a"
    assert shop.held() == a_pass()


def test_a_path_of_two_slashes_is_no_way_to_another_host(open_shop: Build) -> None:
    """The redirect always names the shop's own host."""
    shop = open_shop(allow=[])
    request = {"PATH_INFO": "//evil.example/x", "QUERY_STRING": f"wr_handover={TOKEN}"}
    answer = shop.bare.get("/", environ_overrides=request)
    assert answer.headers["Location"] == "http://localhost//evil.example/x"
    shop = open_shop(allow=[])
    clueless = shop.bare.get("/", headers={"Host": "a b"}, environ_overrides=request)
    assert clueless.headers["Location"] == "/evil.example/x"


def test_outside_a_sale_a_handover_still_works_and_a_bad_one_is_taken_off(
    open_shop: Build, api: StandInApi
) -> None:
    """Staff come before the opening; an old link opens the page like any visitor's."""
    api.outside = True
    shop = open_shop(api=api.url, outside="open")
    shop.guard._reporter.turn()  # type: ignore[union-attr]
    assert shop.get("/x?wr_handover=old&y").headers["Location"] == "https://shop.example/x?y"
    assert shop.cookie() is None
    shop.get(f"/x?wr_handover={signed(a_handover(lease=STAFF))}")
    assert shop.held().staff


def test_the_session_is_as_long_as_the_handover_says(shop: Shop, clock: Clock) -> None:
    """A pass that came by handover slides like one that the gate set itself."""
    shop.get(f"/?wr_handover={TOKEN}")
    clock.now_ms = NOW_MS + SESSION_MS - 1
    shop.get("/")
    assert shop.held().expires_at_ms == clock.now_ms + SESSION_MS


def test_keys_of_the_guard_mint_nothing_for_other_rooms() -> None:
    """A shop that loses its keys endangers one room."""
    with pytest.raises(ValueError, match="sign nothing for other"):
        ring().sign_pass(a_pass(room="other"))

"""A guard that is told nonsense says so at the start."""

from typing import Any

import pytest
from guarded import GATE, SHOP_KEY, ring

from waitingroom.guard import Guard, GuardSettings, Outside
from waitingroom.guard.paths import InRoom, Open

GOOD: dict[str, Any] = {
    "gate": GATE,
    "api": "http://127.0.0.1:8001",
    "shop_key": SHOP_KEY,
    "keys": [ring().export()],
    "rooms": {"/": "demo"},
}


@pytest.mark.parametrize(
    ("word", "value", "complaint"),
    [
        ("gate", "", "gate: '' is not"),
        ("gate", "wait.example.com", "gate: "),
        ("gate", "javascript:alert(1)", "gate: "),
        ("gate", "https://wait.example.com/?x", "gate: "),
        ("gate", "https://wait.example.com/\r\nX: y", "gate: "),
        ("gate", "https://user:pass@wait.example.com", "gate: "),
        ("api", "ftp://x", "api: "),
        ("shop", "https://shop.example/path", "shop: .* has a path"),
        ("shop_key", "", "shop_key: the room API wants"),
        ("shop_key", "a\nb", "shop_key: has characters"),
        ("keys", [], "keys: there are none for the room 'demo'"),
        ("keys", ["nonsense"], "a room's keys look like"),
        ("rooms", {}, "rooms: name at least one"),
        ("rooms", {"/": "other"}, "keys: there are none for the room 'other'"),
        ("allow", ["*.css"], "allow: "),
        ("outside", "closed", "outside: 'closed' is neither"),
    ],
)
def test_a_mistake_is_named(word: str, value: object, complaint: str) -> None:
    """One sentence with the word and what is wrong with it."""
    with pytest.raises(ValueError, match=complaint):
        Guard(lambda _e, _s: [], **{**GOOD, word: value})


def test_no_secret_is_shown() -> None:
    """Settings may be printed: the bearer key and the room's keys are not in it."""
    shown = repr(GuardSettings.of(**GOOD))
    assert SHOP_KEY not in shown
    assert ring().export().rpartition(".")[2] not in shown


def test_settings_come_from_a_mapping() -> None:
    """The composition root passes its environment in; the guard reads none by itself."""
    found = GuardSettings.from_mapping(
        {
            "WAITINGROOM_GATE_URL": GATE + "/",
            "WAITINGROOM_API_URL": "http://127.0.0.1:8001",
            "WAITINGROOM_SHOP_KEY": SHOP_KEY,
            "WAITINGROOM_ROOM_KEYS": f"{ring().export()} {ring('vip').export()}",
            "WAITINGROOM_ROOMS": "/=demo /vip=vip",
            "WAITINGROOM_ALLOW": "/about",
            "WAITINGROOM_OUTSIDE": "open",
            "WAITINGROOM_SHOP_URL": "https://shop.example",
            "PATH": "/usr/bin",
        },
        allow=["/static/*"],
    )
    assert (found.gate, found.outside, found.shop) == (GATE, Outside.OPEN, "https://shop.example")
    assert found.rules.decide("/vip/x") == InRoom("vip", "/vip")
    assert found.rules.decide("/about") == found.rules.decide("/static/x") == Open()


def test_a_mapping_without_words_says_what_is_missing() -> None:
    """An empty environment is no guard."""
    with pytest.raises(ValueError, match="gate"):
        GuardSettings.from_mapping({})

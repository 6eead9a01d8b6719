"""How the shop is started: from variables, or not at all and with a sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from waitingroom.guard import GuardSettings, Outside
from waitingroom.guard.paths import InRoom, Open
from waitingroom.tokens import Keyring

KEYS = Keyring([b"k" * 32]).room_keys("demo").export()
GUARD = {
    "WAITINGROOM_ROOM_KEYS": KEYS,
    "WAITINGROOM_GATE_URL": "https://wait.example.com",
    "WAITINGROOM_API_URL": "http://10.0.0.5:8001",
    "WAITINGROOM_SHOP_KEY": "s" * 32,
    "WAITINGROOM_ROOMS": "/=demo",
}


@pytest.fixture(autouse=True)
def importable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The module makes an application when it is imported."""
    monkeypatch.setenv("SHOP_UNGUARDED", "1")
    monkeypatch.setenv("SHOP_DATABASE_URL", f"sqlite:///{tmp_path}/imported.db")


def guard_of(env: dict[str, str]) -> GuardSettings | None:
    """The guard's settings from these variables."""
    from storefront.wsgi import config_from

    return config_from(env).guard


def refusal(env: dict[str, str]) -> str:
    """Why the shop does not start."""
    from storefront.wsgi import BadSettings

    with pytest.raises(BadSettings) as refused:
        guard_of(env)
    return str(refused.value)


def test_without_keys_it_refuses_to_start_in_one_sentence() -> None:
    """A shop that nobody guards must be somebody's decision."""
    said = refusal({})
    assert "WAITINGROOM_ROOM_KEYS is not set" in said
    assert "SHOP_UNGUARDED=1" in said
    assert "\n" not in said
    assert guard_of({"SHOP_UNGUARDED": "1"}) is None


@pytest.mark.parametrize(
    ("peer", "given", "kept"),
    [
        ("10.1.2.3", "4bf92f3577b34da6", True),
        ("192.0.2.1", "4bf92f3577b34da6", False),
        ("10.1.2.3", "not one of ours!", False),
        ("", "4bf92f3577b34da6", False),
    ],
)
def test_a_request_has_the_name_that_a_proxy_of_ours_gave_it(
    tmp_path: Path, peer: str, given: str, kept: bool
) -> None:
    """So that proxy, gate and shop tell of it by one; of anybody else it is not believed."""
    from storefront.app import create_app
    from storefront.wsgi import config_from

    env = GUARD | {"SHOP_DATABASE_URL": f"sqlite:///{tmp_path}/named.db"}
    env |= {"WAITINGROOM_API_URL": "", "WAITINGROOM_TRUSTED_PROXIES": "10.0.0.0/8, ::1"}
    client = create_app(config_from(env)).test_client()
    answer = client.get("/", headers={"X-Request-Id": given}, environ_base={"REMOTE_ADDR": peer})
    assert (answer.headers["X-Request-Id"] == given) is kept
    assert "WAITINGROOM_TRUSTED_PROXIES: 'nonsense'" in refusal(
        env | {"WAITINGROOM_TRUSTED_PROXIES": "nonsense"}
    )


@pytest.mark.parametrize("value", ["0", "yes", "true", ""])
def test_only_the_very_word_leaves_it_unguarded(value: str) -> None:
    """No guessing about a door."""
    assert "WAITINGROOM_ROOM_KEYS" in refusal({"SHOP_UNGUARDED": value})


def test_keys_count_even_where_unguarded_is_set() -> None:
    """Of two words the safer one."""
    assert guard_of(GUARD | {"SHOP_UNGUARDED": "1"}) is not None


def test_the_guards_words_are_passed_on_and_orders_stay_open() -> None:
    """Pages of the sale need a pass; what somebody has bought does not."""
    guard = guard_of(GUARD | {"WAITINGROOM_OUTSIDE": "open", "GATE_URL": "http://elsewhere"})
    assert guard is not None
    assert guard.gate == "https://wait.example.com"
    assert guard.outside is Outside.OPEN
    for path in ("/orders/abc", "/static/shop.css", "/healthz"):
        assert isinstance(guard.rules.decide(path), Open)
    for path in ("/", "/items/oak-stool", "/items/oak-stool/checkout", "/orders/../items/x"):
        assert isinstance(guard.rules.decide(path), InRoom)


@pytest.mark.parametrize(
    "wrong",
    [
        {"WAITINGROOM_ROOM_KEYS": "wrk1.demo.xyz"},
        {"WAITINGROOM_GATE_URL": "wait.example.com"},
        {"WAITINGROOM_ROOMS": "/=another"},
        {"WAITINGROOM_SHOP_KEY": ""},
    ],
)
def test_settings_of_the_guard_that_do_not_fit_are_one_sentence(wrong: dict[str, str]) -> None:
    """It names what is wrong."""
    said = refusal(GUARD | wrong)
    assert said.startswith("the guard's settings (WAITINGROOM_…) do not fit: ")
    assert "\n" not in said


def test_gunicorn_without_settings_ends_and_its_last_words_are_the_sentence(tmp_path: Path) -> None:
    """It does not try again and again."""
    env = {name: text for name, text in os.environ.items() if not name.startswith("WAITINGROOM_")}
    del env["SHOP_UNGUARDED"]
    words = ("--bind", "127.0.0.1:0", "--no-control-socket", "storefront.wsgi:app")
    done = subprocess.run(
        [sys.executable, "-m", "gunicorn", *words],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode != 0
    assert "BadSettings: WAITINGROOM_ROOM_KEYS is not set" in done.stderr

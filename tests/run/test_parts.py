"""What each part is started with."""

from pathlib import Path

import pytest
from sqlalchemy import make_url

from waitingroom.config import load_config
from waitingroom.run import parts as parts_module
from waitingroom.run.child import Part
from waitingroom.run.parts import parts
from waitingroom.tokens import RoomKeyring

SETTINGS = {
    "WAITINGROOM_SECRET_KEYS": "ab" * 32 + "," + "cd" * 32,
    "WAITINGROOM_SHOP_KEY": "o" * 32 + "," + "n" * 32,
    "REDIS_URL": "unix:///store.sock",
}


def made(**env: str) -> dict[str, Part]:
    """The parts of a system with these settings, by name."""
    around = {"PATH": "/bin", "WAITINGROOM_GATE_PORT": "1", "REDIS_URL": "redis://elsewhere"}
    return {part.name: part for part in parts(load_config(SETTINGS | env), around)}


def test_they_start_so_that_the_gate_is_last_and_ends_first() -> None:
    """Nobody is let in before there is a shop."""
    assert list(made()) == ["worker", "cron", "keeper", "console", "shop", "gate"]


def test_a_shop_that_runs_elsewhere_is_not_started() -> None:
    """``WAITINGROOM_SHOP=off``."""
    assert "shop" not in made(WAITINGROOM_SHOP="off")


def test_each_child_is_given_its_share_and_nothing_else_of_ours() -> None:
    """What the supervisor's own environment holds is not handed on."""
    ours = {
        name: {key for key in part.env if key.startswith(("WAITINGROOM_", "REDIS_", "RQ_"))}
        for name, part in made().items()
    }
    alarms = {name for name in ours["worker"] if name.startswith("WAITINGROOM_ALARM_")}
    about = {"WAITINGROOM_LOG_FORMAT", "WAITINGROOM_PART"}
    named = {"REDIS_URL", "RQ_REDIS_URL", "WAITINGROOM_CONSOLE_URL"}
    assert ours["worker"] == named | alarms | about
    told = {name for name, names in ours.items() if any("ALARM" in one for one in names)}
    assert told == {"worker", "keeper"}
    assert "WAITINGROOM_SHOP_KEY" not in ours["gate"]
    assert "WAITINGROOM_SECRET_KEYS" not in ours["shop"]
    assert made()["gate"].env["REDIS_URL"] == "unix:///store.sock"
    assert made()["gate"].env["PATH"] == "/bin"


def test_the_shop_has_the_keys_of_its_rooms_and_the_newest_bearer_key() -> None:
    """In the words that the guard reads."""
    env = made(WAITINGROOM_ROOMS="/=demo /vip=vip")["shop"].env
    assert env["WAITINGROOM_ROOMS"] == "/=demo /vip=vip"
    rings = [RoomKeyring.parse(text) for text in env["WAITINGROOM_ROOM_KEYS"].split()]
    assert [ring.room for ring in rings] == ["demo", "vip"]
    assert env["WAITINGROOM_SHOP_KEY"] == "n" * 32
    assert env["WAITINGROOM_API_URL"] == "http://127.0.0.1:8001"


def test_shop_and_jobs_keep_their_things_in_the_data_folder_unless_told_otherwise() -> None:
    """The same things for all three, and no mail into a folder in production."""
    for name in ("shop", "worker", "cron"):
        env = made(WAITINGROOM_DATA="/data")[name].env
        assert env["SHOP_DATABASE_URL"] == "sqlite:////data/shop.db"
        assert env["SHOP_OUTBOX"] == "/data/outbox"
        assert "SHOP_OUTBOX" not in made(WAITINGROOM_ENV="production")[name].env
    told = {"SHOP_DATABASE_URL": "postgresql://db", "SHOP_SMTP_URL": "smtp://post"}
    (shop,) = (part for part in parts(load_config(SETTINGS), told) if part.name == "shop")
    assert shop.env["SHOP_DATABASE_URL"] == "postgresql://db"
    assert "SHOP_OUTBOX" not in shop.env


@pytest.mark.parametrize("name", ["a shop", "100%25", "really?", "sale #1"])
def test_the_address_of_the_database_leads_back_to_the_data_folder(name: str) -> None:
    """Whatever the folder is called."""
    url = made(WAITINGROOM_DATA=f"/{name}")["shop"].env["SHOP_DATABASE_URL"]
    assert make_url(url).database == f"/{name}/shop.db"


@pytest.mark.parametrize(("installed", "parser"), [(object(), "fast"), (None, "python")])
def test_the_gate_takes_the_parser_in_c_where_it_is_installed(
    monkeypatch: pytest.MonkeyPatch, installed: object, parser: str
) -> None:
    """And runs without it."""
    monkeypatch.setattr(parts_module, "find_spec", lambda _name: installed)
    argv = made()["gate"].argv
    assert argv[argv.index("--http-parser") + 1] == parser


@pytest.mark.parametrize(("host", "bind"), [("0.0.0.0", "0.0.0.0:8000"), ("::1", "[::1]:8000")])
def test_addresses_are_written_as_gunicorn_wants_them(host: str, bind: str) -> None:
    """IPv6 in brackets."""
    argv = made(WAITINGROOM_HOST=host)["gate"].argv
    assert argv[argv.index("--bind") + 1] == bind


def test_a_gunicorn_conf_in_the_working_folder_is_not_ours() -> None:
    """It belongs to the shop that is developed there."""
    for part in made().values():
        if "gunicorn" in part.argv:
            named = part.argv[part.argv.index("--config") + 1]
            own = "gate" if part.name == "gate" else "gunicorn"
            assert named == f"python:waitingroom.run.{own}_settings"


def test_logs_are_in_the_data_folder() -> None:
    """One per part."""
    logs = {part.log for part in made(WAITINGROOM_DATA="/data").values()}
    assert logs == {Path(f"/data/log/{name}.log") for name in made()}

"""Settings: environment beats file beats default, and whatever is wrong is one clear sentence."""

from dataclasses import fields
from pathlib import Path

import pytest

from waitingroom.config import (
    GUARDS_OWN,
    Config,
    ConfigError,
    foreign_environment,
    load_config,
)
from waitingroom.variables import BY_NAME, SETTINGS, Environment

KEY = "ab" * 32


def problems_of(env: dict[str, str], file: Path | None = None) -> list[str]:
    """What is wrong with these settings."""
    with pytest.raises(ConfigError) as caught:
        load_config(env, file)
    return caught.value.problems


def written(folder: Path, text: str) -> Path:
    """A settings file."""
    file = folder / "waitingroom.toml"
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    return file


def test_the_table_and_the_values_have_the_same_names_in_the_same_order() -> None:
    """Every row of the table is a field of Config and the other way round."""
    assert [row.name for row in SETTINGS] == [field.name for field in fields(Config)]


def test_every_default_is_a_value_that_its_own_reader_takes() -> None:
    """An empty environment is complete."""
    config = load_config({})
    assert config.env is Environment.DEVELOPMENT
    assert (config.gate_port, config.console_port, config.shop_port) == (8000, 8001, 8080)
    assert config.gate_url == "http://127.0.0.1:8000"
    assert config.data == Path(".waitingroom").absolute()


def test_the_environment_beats_the_file_and_the_file_beats_the_default(tmp_path: Path) -> None:
    """One order of precedence for every setting."""
    file = written(tmp_path, "gate_port = 9000\nshop_port = 9080\n")
    config = load_config({"WAITINGROOM_GATE_PORT": "9999"}, file)
    assert (config.gate_port, config.shop_port, config.console_port) == (9999, 9080, 8001)


def test_an_empty_variable_counts_as_not_set() -> None:
    """Compose files and systemd units pass empty variables for what is not set."""
    assert load_config({"WAITINGROOM_GATE_PORT": ""}).gate_port == 8000


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("WAITINGROOM_GATE_PORT", "80a", "it wants a port"),
        ("WAITINGROOM_GATE_PORT", "0", "it wants a port"),
        ("WAITINGROOM_GATE_PORT", "65536", "it wants a port"),
        ("WAITINGROOM_GATE_PORT", "８０", "it wants a port"),
        ("WAITINGROOM_GATE_WORKERS", "0", "a whole number from 1 to 64"),
        ("WAITINGROOM_TRUSTED_PROXIES", "proxy.internal", "addresses or networks"),
        ("WAITINGROOM_TRUSTED_PROXIES", "10.0.0.1/8", "addresses or networks"),
        ("WAITINGROOM_ENV", "prod", "it wants development or production"),
        ("WAITINGROOM_HOST", "http://a", "without a port"),
        ("WAITINGROOM_GATE_URL", "example.com", "http:// or https://"),
        ("WAITINGROOM_GATE_URL", "https://example.com/gate?x", "perhaps a plain path"),
        ("WAITINGROOM_SHOP_URL", "https://example.com/shop", "without a path"),
        ("WAITINGROOM_GATE_URL", "https://example.com:port", "http:// or https://"),
        ("WAITINGROOM_SHOP", "myshop", "module:name, or off"),
        ("WAITINGROOM_ROOMS", "demo", "pairs like /=demo"),
        ("WAITINGROOM_ROOMS", "/=demo /vip=V", "pairs like /=demo"),
        ("WAITINGROOM_OUTSIDE", "closed", "open or blocked"),
        ("WAITINGROOM_REPLICAS", "-1", "a whole number from 0 to 8"),
        ("WAITINGROOM_STORE_SERVER", "/no/such/program", "that exists"),
    ],
)
def test_a_wrong_value_is_one_sentence_with_name_value_and_wish(
    variable: str, value: str, says: str
) -> None:
    """The reader can mend it without looking anything up."""
    (problem,) = problems_of({variable: value})
    assert problem.startswith(f"{variable} is '{value}'; it wants ")
    assert says in problem
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REDIS_URL", "http://user:hunter2@cache"),
        ("WAITINGROOM_SECRET_KEYS", "hunter2"),
        ("WAITINGROOM_SECRET_KEYS", "ab" * 31),
        ("WAITINGROOM_SECRET_KEYS", KEY + "," + "cd" * 16),
        ("WAITINGROOM_SHOP_KEY", "hunter2"),
        ("WAITINGROOM_SHOP_KEY", "with a blank in the middle of it, hunter2"),
    ],
)
def test_a_wrong_secret_is_refused_and_not_shown(variable: str, value: str) -> None:
    """Terminals and logs are read by others."""
    (problem,) = problems_of({variable: value})
    assert problem.startswith(f"{variable} is a value that it cannot have; it wants ")
    assert value not in problem
    assert "hunter2" not in problem


def test_every_problem_is_told_at_once() -> None:
    """Nobody mends settings one error at a time."""
    found = problems_of({"WAITINGROOM_GATE_PORT": "x", "WAITINGROOM_ENV": "y"})
    assert len(found) == 2


def test_two_parts_on_one_port_are_refused() -> None:
    """Allowed each, but not together."""
    (problem,) = problems_of({"WAITINGROOM_SHOP_PORT": "8000"})
    assert "WAITINGROOM_GATE_PORT and WAITINGROOM_SHOP_PORT are both 8000" in problem


def test_replicas_without_a_store_of_ones_own_are_refused() -> None:
    """The embedded store has none: every join would wait for nothing."""
    (problem,) = problems_of({"WAITINGROOM_REPLICAS": "1"})
    assert "REDIS_URL" in problem
    config = load_config({"WAITINGROOM_REPLICAS": "1", "REDIS_URL": "redis://cache"})
    assert config.gate().replicas == 1


def test_an_unknown_key_in_the_file_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    """A misspelt setting must not be silently ignored."""
    (problem,) = problems_of({}, written(tmp_path, "gate_prot = 1\n"))
    assert problem.endswith("sets gate_prot, which is not a setting; did you mean gate_port?")
    (problem,) = problems_of({}, written(tmp_path, "colour = 1\n"))
    assert problem.endswith("sets colour, which is not a setting")


def test_a_misspelt_variable_is_refused_and_a_strange_one_is_let_be() -> None:
    """The environment is shared: only what looks like ours is ours."""
    (problem,) = problems_of({"WAITINGROOM_GATE_PROT": "1"})
    assert problem == "WAITINGROOM_GATE_PROT is not a setting; did you mean WAITINGROOM_GATE_PORT?"
    load_config({"WAITINGROOM_COLOUR": "blue", "WAITINGROOM_X": "1"})
    load_config(dict.fromkeys(GUARDS_OWN, "a shop's own"))


def test_a_value_of_the_wrong_type_in_the_file_names_key_and_file(tmp_path: Path) -> None:
    """TOML has types of its own."""
    file = written(tmp_path, "gate_port = true\nhost = 7\ngate_url = []\ndata = {}\n")
    found = problems_of({}, file)
    assert [problem.split(" ")[0] for problem in found] == ["data", "host", "gate_port", "gate_url"]
    assert all(f"in {file} is " in problem for problem in found)


@pytest.mark.parametrize("text", ["gate_port = ", "\0"])
def test_a_file_that_is_no_toml_is_one_sentence(tmp_path: Path, text: str) -> None:
    """With the line that is wrong, as far as the parser knows it."""
    (problem,) = problems_of({}, written(tmp_path, text))
    assert "is not TOML" in problem


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    """``--config`` with a slip of the pen must not start with defaults."""
    (problem,) = problems_of({}, tmp_path / "missing.toml")
    assert problem.endswith("cannot be read: No such file or directory")


def test_a_file_with_secrets_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """The sentence says the command that mends it."""
    file = written(tmp_path, f'secret_keys = ["{KEY}"]\n')
    assert load_config({}, file).secret_keys == (bytes.fromhex(KEY),)
    file.chmod(0o644)
    (problem,) = problems_of({}, file)
    assert problem.endswith(f"chmod 600 {file}")


def test_what_is_handed_to_a_child_is_read_back_the_same() -> None:
    """Children read the same table from the environment that we write."""
    config = load_config(
        {
            "WAITINGROOM_ENV": "production",
            "WAITINGROOM_HOST": "::1",
            "WAITINGROOM_SECRET_KEYS": f"{KEY},{'cd' * 40}",
            "WAITINGROOM_SHOP_KEY": "a" * 32 + "," + "b" * 40,
            "WAITINGROOM_SHOP": "off",
            "WAITINGROOM_TRUSTED_PROXIES": "10.0.0.7, 192.168.0.0/16,fd00::/8",
            "WAITINGROOM_ROOMS": "/=demo  /vip=vip",
            "REDIS_URL": "unix:///some/where.sock",
        }
    )
    assert config.gate_url == "http://[::1]:8000"
    assert load_config(config.as_env(*BY_NAME)) == config


def test_a_child_inherits_nothing_of_ours_by_accident() -> None:
    """Each child is given what it needs; secrets of others are not among it."""
    env = {"PATH": "/bin", "REDIS_URL": "redis://x", "WAITINGROOM_SHOP_KEY": "s"}
    assert foreign_environment(env) == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("https://Shop.Example/wr", "https://shop.example/wr"),
        ("https://shop.example/wr/", "https://shop.example/wr"),
        ("https://shop.example:8443/a/Wr", "https://shop.example:8443/a/Wr"),
        ("https://shop.example/", "https://shop.example"),
    ],
)
def test_the_gate_may_stand_below_a_path(given: str, read: str) -> None:
    """Where a proxy mounts it on the shop's own host."""
    assert load_config({"WAITINGROOM_GATE_URL": given}).gate_url == read


@pytest.mark.parametrize("path", ["/a/../b", "/a b", "/wr?x", "/wr#x", "//wr", "/%2e", "/.x"])
def test_a_path_that_could_be_misread_is_refused(path: str) -> None:
    """Also: the shop's address has none."""
    with pytest.raises(ConfigError, match="WAITINGROOM_GATE_URL"):
        load_config({"WAITINGROOM_GATE_URL": f"https://shop.example{path}"})
    with pytest.raises(ConfigError, match="WAITINGROOM_SHOP_URL"):
        load_config({"WAITINGROOM_SHOP_URL": "https://shop.example/wr"})

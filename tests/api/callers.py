"""Programs that talk to the API of a console over the run's store."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app
from waitingroom.operators import Role, made_key
from waitingroom.store.client import Store

SHOP_KEY = "s" * 32
KEYS = (b"k" * 32,)
AWAY = "unix:///nowhere.sock"
"""A store that is not there."""


@cache
def console(url: str) -> FlaskClient:
    """A console over the store at ``url``; one for all, since it keeps nothing of who asks."""
    return create_app(ConsoleConfig(url, KEYS, (SHOP_KEY,))).test_client()


@dataclass
class Caller:
    """A program with a key (``""``: without). ``address``: where it comes from."""

    client: FlaskClient
    key: str = ""
    address: str = "192.0.2.1"

    def __call__(self, method: str, path: str, json: Any = None, **headers: str) -> TestResponse:
        """One request to ``/api/v1``; ``json``: its body."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.key:
            sent.setdefault("Authorization", f"Bearer {self.key}")
        return self.client.open(
            f"/api/v1{path}",
            method=method,
            json=json,
            headers=sent,
            environ_overrides={"REMOTE_ADDR": self.address},
        )


def keys_of(store: Store, suffix: str) -> dict[Role, str]:
    """A new key of each role, named by the role and ``suffix``."""
    made = {role: made_key(f"{role}-{suffix}", role, clock.now_ms()) for role in Role}
    for _, key in made.values():
        store.keys.add(key, actor="test")
    return {role: text for role, (text, _) in made.items()}


def refused(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    """A refusal in the one form that they have; what it says."""
    assert answer.status_code == status, answer.text
    told: dict[str, Any] = answer.json
    assert set(told) - {"fields"} == {"error", "message"}
    assert told["error"] == code
    assert answer.headers["Cache-Control"] == "no-store"
    return told

"""A browser before the console."""

import re
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from waitingroom import clock
from waitingroom.config import ConsoleConfig
from waitingroom.console.app import create_app
from waitingroom.operators import hashed
from waitingroom.readers import Network

PASSWORD = "a long enough password"
HASH = hashed(PASSWORD)


@dataclass
class Desk:
    """A browser before the console. ``clock_ms``: what the console takes the time to be."""

    url: str
    public_url: str = "http://127.0.0.1:8001"
    keys: tuple[bytes, ...] = (b"k" * 32,)
    clock_ms: int = field(default_factory=clock.now_ms)
    address: str = "192.0.2.1"
    proxies: tuple[Network, ...] = ()

    def __post_init__(self) -> None:
        config = ConsoleConfig(
            self.url,
            self.keys,
            ("s" * 32,),
            self.public_url,
            self.proxies,
            gate_url="http://gate.example",
        )
        app = create_app(config, now_ms=lambda: self.clock_ms)
        self.client: FlaskClient = app.test_client()

    def get(self, path: str, **headers: str) -> TestResponse:
        """A page."""
        return self.client.get(path, headers={"Accept": "text/html", **headers})

    def post(
        self, path: str, fields: dict[str, str], *, token: str | None = None, **headers: str
    ) -> TestResponse:
        """A form of one of our pages; ``token``: in place of the one it holds."""
        fields = fields | {"csrf_token": self.token() if token is None else token}
        return self.client.post(
            path,
            data=fields,
            headers={"Accept": "text/html", **headers},
            environ_overrides={"REMOTE_ADDR": self.address},
        )

    def token(self) -> str:
        """What a form of ours holds against forged ones."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get("/login").text)
        assert found
        return found[1]

    def log_in(
        self, name: str, password: str = PASSWORD, to: str = "/", **headers: str
    ) -> TestResponse:
        """Fill the form in and send it."""
        return self.post("/login", {"name": name, "password": password, "to": to}, **headers)


class _Forms(HTMLParser):
    """What each form of a page would send as it stands, but for its buttons; by its address."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._form: dict[str, str] = {}
        self._select, self._bare, self._area = "", False, ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        got = {name: value or "" for name, value in attrs}
        name, value = got.get("name", ""), got.get("value", "")
        if tag == "form":
            self._form = self.found.setdefault(got.get("action", ""), {})
        elif tag == "select":
            self._select = "" if "disabled" in got else name
        elif tag == "textarea":
            self._area, self._form[name] = name, ""
        elif tag == "option" and self._select and "selected" in got:
            self._form[self._select] = value
            self._bare = "value" not in got
        elif tag == "input" and "disabled" not in got and self._counts(got):
            self._form[name] = value

    def handle_data(self, data: str) -> None:
        if self._area:
            self._form[self._area] += data
        if self._bare:
            self._form[self._select], self._bare = data, False

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = ""

    @staticmethod
    def _counts(got: dict[str, str]) -> bool:
        return got.get("type") not in ("radio", "checkbox") or "checked" in got


def held(page: TestResponse, action: str) -> dict[str, str]:
    """What the form of a page holds that goes to ``action``."""
    return _Forms(page.text).found[action]


def hidden(page: TestResponse) -> dict[str, str]:
    """The hidden fields of a page's forms."""
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))


def shown_secret(page: TestResponse) -> str:
    """What a page shows once."""
    (found,) = re.findall(r'<p class="secret"><code>([^<]+)</code>', page.text)
    return unescape(found)


def text(page: TestResponse) -> str:
    """What people read."""
    bare = re.sub(r"<[^>]+>", " ", page.text)
    return re.sub(r"\s+", " ", unescape(bare))


def read(page: TestResponse) -> str:
    """A page with its tags, its words as people read them."""
    return unescape(page.text)

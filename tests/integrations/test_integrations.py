"""Each example of docs/integrations.md, run: a real system, real servers, the whole way."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from documented import DOCUMENT, EXAMPLES, write
from sites import NODE_SHOP, process
from systems import PATIENCE_S, Run, eventually, free_ports, lacking, working_folder

from waitingroom.config import GUARDS_OWN
from waitingroom.model import Snapshot
from waitingroom.run import parts
from waitingroom.store.client import Store
from waitingroom.variables import SETTINGS

_ROOMS = count(1)
SHOP_KEY = "k" * 32
DJANGO = {
    "project/__init__.py": "",
    "project/settings.py": """
SECRET_KEY = "of a test"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "project.urls"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
USE_TZ = True
""",
    "project/urls.py": """
from django.urls import path
from project import views
urlpatterns = [path("sale", views.sale), path("checkout", views.checkout)]
""",
}
"""What every Django project has, and the document leaves out."""
SHOPS = {
    "flask": ("flask", "shop:app", "gthread"),
    "django": ("django", "project.wsgi", "gthread"),
    "django on asgi": ("django", "project.asgi:application", "asgi"),
    "fastapi": ("fastapi", "shop:guarded", "asgi"),
}
"""Which examples, which application, which of gunicorn's workers."""
PERSON = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


class System:
    """A whole waiting room, and shops on another host than its gate."""

    def __init__(self, run: Run, do: Callable[..., subprocess.CompletedProcess[str]]) -> None:
        self.note = run.note
        self.do = do
        self.store = Store.connect(run.note["store_url"], timeout_s=10)
        self.stack = ExitStack()

    def command(self, *words: str) -> str:
        """What a ``waitingroom`` command printed."""
        done = self.do(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def shop(self, kind: str, folder: Path) -> tuple[str, str]:
        """Start a shop from the document; its room and its address."""
        example, target, worker = SHOPS[kind]
        write(example, folder)
        if example == "django":
            for name, text in DJANGO.items():
                (folder / name).write_text(text)
        (port,) = free_ports(1)
        room, url = f"docs-{next(_ROOMS)}", f"http://localhost:{port}"
        words = ("--rate", "600", "--burst", "10", "--opens-at", "now", "--origin", url)
        self.command("room", "create", room, *words)
        env = {
            **os.environ,
            "PYTHONPATH": str(folder),
            "WAITINGROOM_GATE_URL": self.note["gate_url"],
            "WAITINGROOM_API_URL": self.note["console_url"],
            "WAITINGROOM_SHOP_KEY": SHOP_KEY,
            "WAITINGROOM_ROOMS": f"/={room}",
            "WAITINGROOM_ROOM_KEYS": self.command("room", "keys", room),
            "WAITINGROOM_ALLOW": "/static/*",
        }
        argv = parts.gunicorn_argv(target, "127.0.0.1", port, "--worker-class", worker)
        self.stack.enter_context(process(argv, folder / "shop.log", env))
        eventually(lambda: parts.probe("127.0.0.1", port, "/sale"), f"{kind} is up: {folder}")
        return room, url

    def status(self, room: str) -> Snapshot:
        """The room as it is now."""
        return self.store.status(room)


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """``waitingroom up`` without a shop of its own."""
    folder = working_folder(tmp_path_factory.mktemp("system"))
    folder.env |= {"WAITINGROOM_SHOP": "off", "WAITINGROOM_SHOP_KEY": SHOP_KEY}
    try:
        made = System(folder.up(), folder.do)
        with made.stack:
            yield made
        made.store.close()
    finally:
        folder.clean()


@pytest.mark.parametrize("kind", SHOPS)
def test_a_shop_from_the_document_works(system: System, tmp_path: Path, kind: str) -> None:
    """Shop, gate, a pass by handover from another host, shop, an order, and the place is free."""
    room, url = system.shop(kind, tmp_path)
    told = requests.get(f"{url}/sale", headers={"Accept": "application/json"}, timeout=PATIENCE_S)
    assert (told.status_code, told.json()["error"]) == (401, "no_pass")
    assert told.json()["room_url"] == f"{system.note['gate_url']}/{room}"
    with requests.Session() as browser:
        browser.headers.update(PERSON)
        arrived = browser.get(f"{url}/sale?x=%26", timeout=PATIENCE_S)
        assert (arrived.status_code, arrived.url) == (200, f"{url}/sale?x=%26")
        assert "the sale" in arrived.text
        hops = [hop.headers["location"] for hop in arrived.history]
        assert any("wr_handover=" in hop for hop in hops)
        assert system.status(room).leases == 1
        order = browser.post(f"{url}/checkout", timeout=PATIENCE_S)
        assert (order.status_code, "thank you" in order.text) == (200, True)
        eventually(lambda: system.status(room).leases == 0, "the place is free")
    if kind == "flask":
        eventually(lambda: system.status(room).stock == 2, "one of three is sold")
    log = (tmp_path / "shop.log").read_text("utf-8", "replace")
    assert "Traceback" not in log, log


def shakes_hands(url: str, **headers: str) -> tuple[int, str]:
    """Ask for a websocket; the status and what its holder gets to hear."""
    where = urlsplit(url)
    asked = {"Host": where.netloc, "Upgrade": "websocket", "Connection": "Upgrade", **headers}
    asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in asked.items())
    with socket.create_connection(("127.0.0.1", where.port), PATIENCE_S) as connection:
        connection.sendall(f"GET {where.path} HTTP/1.1\r\n{lines}\r\n".encode())
        connection.settimeout(PATIENCE_S)
        said = b""
        while part := connection.recv(4096):
            said += part
            if b"3 left" in said or (b"no_pass" in said) or b"403" in said[:20]:
                break
    return int(said.split()[1]), said.decode("latin-1")


def test_the_documents_websocket_is_for_holders_of_a_pass(system: System, tmp_path: Path) -> None:
    """Denied at its handshake, without one; and with one it tells."""
    _, url = system.shop("fastapi", tmp_path)
    status, _ = shakes_hands(f"{url}/stock")
    assert status in (401, 403)
    with requests.Session() as browser:
        browser.get(f"{url}/sale", headers=PERSON, timeout=PATIENCE_S)
        cookies = "; ".join(f"{one.name}={one.value}" for one in browser.cookies)
    status, said = shakes_hands(f"{url}/stock", Cookie=cookies)
    assert status == 101
    assert "3 left" in said


@pytest.mark.parametrize("kind", ["flask", "fastapi"])
def test_the_app_from_the_document_works(system: System, tmp_path: Path, kind: str) -> None:
    """It joins, waits where there is something to wait for, shops and leaves, without a cookie."""
    room, url = system.shop(kind, tmp_path)
    write("native", tmp_path)
    env = {**os.environ, "GATE": system.note["gate_url"], "ROOM": room, "SHOP": url}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "app.py")],
        env=env,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["200 the sale", "200 thank you"]
    assert system.status(room).counters.entered == 1
    eventually(lambda: system.status(room).leases == 0, "the place is free")


def test_the_command_line_from_the_document_releases_a_place(
    system: System, tmp_path: Path
) -> None:
    """As a shop in any language would; and again, which changes nothing."""
    if shutil.which("curl") is None:
        lacking("no curl: the document's call is made with it (apt-get install curl)")
    room, url = system.shop("flask", tmp_path)
    with requests.Session() as browser:
        assert browser.get(f"{url}/sale", headers=PERSON, timeout=PATIENCE_S).status_code == 200
    env = {
        **os.environ,
        "WAITINGROOM_API_URL": system.note["console_url"],
        "WAITINGROOM_SHOP_KEY": SHOP_KEY,
        "ROOM": room,
        "LEASE": "1-1",
    }
    for _ in range(2):
        script = EXAMPLES["nginx", "release.sh"]
        done = subprocess.run(
            ["sh", "-ec", script], env=env, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert system.status(room).leases == 0


def test_the_shop_in_node_releases_as_the_document_shows() -> None:
    """That shop is run behind nginx by tests/nginx."""
    assert EXAMPLES["nginx", "release.mjs"] in NODE_SHOP.read_text("utf-8")


def test_every_example_is_run() -> None:
    """A block that nobody named would be one that nobody runs (but for settings of a shell)."""
    assert DOCUMENT.count("\n```") // 2 == len(EXAMPLES) + 1
    assert {of for of, _ in EXAMPLES} == {"flask", "django", "fastapi", "nginx", "native"}


def test_every_variable_that_is_named_exists() -> None:
    """Ours, and the guard's own."""
    known = GUARDS_OWN | {row.env for row in SETTINGS}
    assert set(re.findall(r"WAITINGROOM_[A-Z_]+", DOCUMENT)) <= known

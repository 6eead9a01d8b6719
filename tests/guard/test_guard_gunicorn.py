"""The guard under a real server that loads the shop, and even serves with it, before it forks."""

import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from guarded import SHOP_KEY, StandInApi, a_pass, ring
from systems import eventually

from waitingroom.clock import now_ms

SHOP = f"""
import os
from waitingroom.guard import PASS_KEY, Guard, release

def pages(environ, start_response):
    if environ["PATH_INFO"] == "/checkout":
        release(environ)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [str(os.getpid()).encode()]

app = Guard(
    pages, gate="http://127.0.0.1:1", api=os.environ["API"], shop_key={SHOP_KEY!r},
    keys=[os.environ["KEYS"]], rooms={{"/": "demo"}},
)
# As a warm-up would: the parent gets a thread of its own, which the workers do not inherit.
environ = {{"PATH_INFO": "/", "REQUEST_METHOD": "GET", "wsgi.url_scheme": "http"}}
app(environ, lambda *_: None)
"""


def ask(port: int, path: str, lease: str) -> str:
    """Open a page with a pass that is due for renewal; the answering process's number."""
    now = now_ms()
    credential = a_pass(
        lease=lease, issued_at_ms=now - 800_000, expires_at_ms=now + 100_000, ends_at_ms=now + 10**6
    )
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request(
            "GET", path, headers={"Cookie": f"wr-pass-demo={ring().sign_pass(credential)}"}
        )
        answer = connection.getresponse()
        assert answer.status == 200
        return answer.read().decode()
    finally:
        connection.close()


def ready(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until the server answers."""
    deadline = time.monotonic() + 60
    while True:
        assert process.poll() is None and time.monotonic() < deadline
        try:
            ask(port, "/", "1-1")
            return
        except OSError:
            time.sleep(0.05)


@contextmanager
def preloaded(
    folder: Path, api: StandInApi, port: int, *words: str
) -> Iterator[subprocess.Popen[bytes]]:
    """The shop under gunicorn for as long as the block lasts; then it is asked to end, and has."""
    (folder / "preloaded.py").write_text(SHOP)
    listening = ("--bind", f"127.0.0.1:{port}", "--no-control-socket")
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *words, *listening, "preloaded:app"],
        cwd=folder,
        env={**os.environ, "API": api.url, "KEYS": ring().export(), "PYTHONPATH": str(folder)},
        stderr=subprocess.DEVNULL,
    )
    try:
        ready(port, process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def test_every_worker_reports_and_sends_what_is_left_when_it_ends(
    api: StandInApi, unused_port: int, tmp_path: Path
) -> None:
    """Both workers of a preloaded shop report; a release just before the end still arrives."""
    with preloaded(tmp_path, api, unused_port, "--preload", "--workers", "2"):
        asked: dict[str, str] = {}
        leases = map("1-{}".format, count(2))

        def both_have_answered() -> bool:
            lease = next(leases)
            asked.setdefault(ask(unused_port, "/", lease), lease)
            return len(asked) == 2

        eventually(both_have_answered, "both workers answer")
        api.until(lambda: set(asked.values()) <= set(api.leases("renew")))
        ask(unused_port, "/checkout", "1-999")
    assert "1-999" in api.leases("release")


def test_a_process_can_call_the_room_api_even_if_it_was_forked_during_the_first_call() -> None:
    """Nothing is left to be loaded then: a fork in the middle of that is never made good."""
    first_call = """if True:
        import sys
        from waitingroom.guard.api import ApiAway, RoomApi
        seen = []
        sys.addaudithook(lambda event, args: seen.append(args[0]) if event == "import" else None)
        try:
            RoomApi("http://127.0.0.1:1", "key").renew("demo", ["1-1"], now_ms=0, timeout_s=2)
        except ApiAway:
            print(seen)
    """
    found = subprocess.run(
        [sys.executable, "-c", first_call], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"


def test_our_servers_take_no_part_of_the_address_from_a_header(
    api: StandInApi, unused_port: int, tmp_path: Path
) -> None:
    """Not even from a proxy on the same machine, which passes on what a client sent."""
    ours = ("--config", "python:waitingroom.run.gunicorn_settings")
    with preloaded(tmp_path, api, unused_port, *ours):
        for name in ("SCRIPT_NAME", "PATH_INFO", "REMOTE_USER", "HTTP_COOKIE"):
            connection = http.client.HTTPConnection("127.0.0.1", unused_port, timeout=20)
            connection.request("GET", "/checkout", headers={name: "/static", "Accept": "text/html"})
            answer = connection.getresponse()
            assert answer.status == 303, name
            assert answer.headers["Location"].endswith("%2Fcheckout")
            connection.close()

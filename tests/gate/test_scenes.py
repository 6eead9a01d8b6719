"""``waitingroom preview``: what it serves, and what it says."""

import json
import socket
from dataclasses import replace

import pytest
from test_brand import SVG
from test_pages import Tags, data_of
from werkzeug.test import Client

from waitingroom.brand import read_logo
from waitingroom.cli import run
from waitingroom.gate.pages import Pages
from waitingroom.gate.preview import Preview
from waitingroom.gate.scenes import SAMPLE
from waitingroom.model import Brand, Phase, Saying

NOW_MS = 1_796_126_400_000
BRAND = Brand(
    colours=(("light-accent", "#003399"),),
    texts=(Saying("de", "You are next", "Gleich!"),),
    logo=read_logo(SVG),
)


@pytest.fixture
def client() -> Client:
    """A preview of a room with a brand, at noon."""
    room = replace(SAMPLE, room="spring", title="Spring sale", brand=BRAND, message="Only today")
    return Client(Preview(Pages(), lambda: NOW_MS, room, SVG))


def test_scenes_have_the_title_the_message_and_the_brand_of_the_room(client: Client) -> None:
    """As the gate would show it."""
    html = client.get("/waiting/de").data
    page = Tags(html)
    assert "Spring sale" in page.text
    assert data_of(html)["texts"]["next"] == "Gleich!"
    assert "Only today" in Tags(client.get("/waiting/de/plain").data).text
    assert client.get("/waiting/brand.css").data.startswith(b"header img")
    logo = client.get("/waiting/logo")
    assert (logo.data, logo.content_type) == (SVG, "image/svg+xml")
    assert "policy" not in client.get("/waiting/de").headers.get("set-cookie", "")


def test_the_index_says_whose_look_it_shows(client: Client) -> None:
    """The room's, or that of a new one: no scene's name."""
    assert "<h1>Spring sale</h1>" in client.get("/").text
    assert "<h1>A new room</h1>" in Client(Preview(Pages(), lambda: NOW_MS)).get("/").text


def test_a_paused_scene_says_why_and_an_open_one_has_news() -> None:
    """The page reads the reason out of the news, as a gate tells it."""
    room = replace(SAMPLE, pause_reason="Stocktaking")
    client = Client(Preview(Pages(), lambda: NOW_MS, room))
    told = [
        json.loads(client.get(f"/{name}/status.json").data)["news"]
        for name in ("paused", "waiting")
    ]
    assert [line["code"] for line in told[0]] == ["opened", "paused"]
    assert told[0][1]["text"] == "Stocktaking"
    assert "Stocktaking" in Tags(client.get("/paused/en/plain").data).text
    assert [line["code"] for line in told[1]] == ["opened"]


def test_a_room_that_ends_is_shown_with_the_reason_of_its_end() -> None:
    """As a gate would show it; a room that nobody has paused or ended has one for a sample."""
    ended = replace(SAMPLE, phase=Phase.CLOSED, end_reason="Sold at the till", pause_code="bots")
    client = Client(Preview(Pages(), lambda: NOW_MS, ended))
    for name in ("draining", "closed", "paused"):
        status = json.loads(client.get(f"/{name}/status.json").data)
        assert status["reason"] == {"code": None, "text": "Sold at the till"}
        assert "Sold at the till" in Tags(client.get(f"/{name}/en/plain").data).text
    sample = Client(Preview(Pages(), lambda: NOW_MS)).get("/closed/de")
    assert "Grund: technische Störung." in sample.get_data(as_text=True)


def test_a_preview_carries_the_gates_own_headers_and_no_cookie(client: Client) -> None:
    """A page that the real policy would break is broken here too."""
    for path in ("/", "/waiting/en", "/waiting/hi/plain", "/called/de/privacy"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
    for path in ("/door/ticket", "/door/pass"):
        answer = client.post(path)
        assert "set-cookie" not in answer.headers
        assert not {"ticket", "pass"} & set(json.loads(answer.data))


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere/en",
        "/waiting/xx",
        "/waiting/en/other",
        "/waiting",
        "/static/none",
        "/?lang=xx",
        "/store-down/en",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    """Nor is a state with a script that only pages without one have."""
    assert client.get(path).status_code == 404


def test_a_port_that_is_taken_is_said_in_one_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what to do about it."""
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["preview", "--port", str(port)]) == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in capsys.readouterr().err

"""A room's look and its preview in the console: what is saved and refused, and reaches no line."""

import io
import re
from dataclasses import dataclass

import pytest
from desks import Desk, held
from test_brand import PNG, SVG

from waitingroom import clock
from waitingroom.brand import LARGEST_LOGO
from waitingroom.model import Saying, Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.keys import RoomKeys

People = dict[Role, str]


@dataclass
class Studio:
    """The form of a room's look, as an operator fills it in."""

    desk: Desk
    room: str
    store: Store

    def save(self, logo: bytes | None = None, **typed: str):
        """The form as its page holds it, with what is typed over it."""
        page = self.desk.get(f"/rooms/{self.room}/brand").text
        held = dict(re.findall(r'<input[^>]* name="([\w-]+)" value="([^"]*)"', page))
        held |= dict(re.findall(r'<textarea[^>]* name="([\w-]+)"[^>]*>([^<]*)<', page))
        fields = held | {name.replace("__", "-"): value for name, value in typed.items()}
        sent = fields | ({} if logo is None else {"logo": (io.BytesIO(logo), "logo.svg")})
        return self.desk.client.post(
            f"/rooms/{self.room}/brand", data=sent, headers={"Accept": "text/html"}
        )

    @property
    def look(self):
        return self.store.status(self.room).brand


@pytest.fixture
def studio(desk: Desk, people: People, store: Store, room_id: str) -> Studio:
    """An operator before a room with five in line."""
    store.create(room_id, Settings(rate_per_min=0, opens_at_ms=clock.now_ms(), title="Fair"),
                 actor="test")  # fmt: skip
    store.join(room_id, 5)
    assert desk.log_in(people[Role.OPERATOR]).status_code == 303
    return Studio(desk, room_id, store)


def test_colours_links_sentences_and_a_logo_are_saved_and_taken_back(studio: Studio) -> None:
    """The logo may be as large as the gate serves; what is left alone stays."""
    body = SVG.replace(b"</svg>", b"<!--" + b"x" * (LARGEST_LOGO - len(SVG) - 7) + b"--></svg>")
    answer = studio.save(
        body,
        light__accent="#003399",
        help="https://shop.example/help",
        time_zone="Europe/Warsaw",
        texts="de | You are next | Gleich!\npl | You are next | Zaraz!",
    )
    assert answer.status_code == 303, answer.text
    look = studio.look
    assert (look.colours, look.links) == (
        (("light-accent", "#003399"),), (("help", "https://shop.example/help"),)
    )  # fmt: skip
    assert look.texts[0] == Saying("de", "You are next", "Gleich!")
    assert (look.time_zone, studio.store.logo(studio.room)) == ("Europe/Warsaw", body)
    page = studio.desk.get(f"/rooms/{studio.room}/brand").text
    assert "pl | You are next | Zaraz!" in page
    assert studio.save(no_logo="on", light__accent="", help="", texts="").status_code == 303
    look = studio.look
    assert (look.colours, look.links, look.texts, look.logo) == ((), (), (), None)
    assert look.time_zone == "Europe/Warsaw"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"light__accent": "blue"}, "Accent must be like #0b6b60; “blue” is not."),
        ({"light__accent": "#ffffff"}, "Nothing was changed: the accent on the light card has"),
        ({"imprint": "javascript:alert(1)"}, "Imprint cannot be so"),
        ({"help": "http://shop.example"}, "must be an address that begins with https://"),
        ({"time_zone": "Mars"}, "Time zone cannot be so: “Mars” is none; write it like"),
        ({"texts": "de: Gleich!"}, "Sentences must be a language"),
        ({"texts": "xx | You are next | !"}, "there is no language"),
        ({"texts": "de | You are nxt | !"}, "did you mean"),
        ({"logo": b"<html><script>"}, "Nothing was changed: the logo must be a whole SVG"),
        ({"logo": PNG + b"x" * LARGEST_LOGO}, "the logo must have at most 64 KiB."),
        ({"logo": b""}, "Nothing was changed: the logo must not be an empty file."),
    ],
)
def test_what_pages_could_not_show_has_a_sentence_and_changes_nothing(
    studio: Studio, typed: dict, said: str
) -> None:
    before = studio.store.status(studio.room).version
    answer = studio.save(**{"help": "https://kept.example", **typed})
    assert answer.status_code == 400
    assert said in answer.text
    assert "help" in typed or "https://kept.example" in answer.text, "what was typed is lost"
    assert studio.store.status(studio.room).version == before


def test_a_body_beyond_any_logo_is_refused_as_too_long(studio: Studio) -> None:
    answer = studio.save(b"x" * (LARGEST_LOGO + 80_000))
    assert answer.status_code == 413
    assert "A body of more than 128 KiB is not read; nothing was changed." in answer.text


def test_a_new_logo_takes_the_place_of_one_that_is_to_go(studio: Studio) -> None:
    """As by the command. What is no file is refused."""
    studio.save(SVG)
    assert studio.save(PNG, no_logo="on").status_code == 303
    assert studio.store.logo(studio.room) == PNG
    at = f"/rooms/{studio.room}/brand"
    refused = studio.desk.post(at, held(studio.desk.get(at), at) | {"logo": "a name"})
    assert (refused.status_code, studio.store.logo(studio.room)) == (400, PNG)
    assert "the logo must be a file." in refused.text


def test_a_sentence_may_hold_what_stands_between_the_parts_of_a_line(studio: Studio) -> None:
    """Made by the command, say: else the form could not be saved again."""
    assert studio.save(texts="de | You are next | Gleich | bald").status_code == 303
    assert studio.save(help="https://shop.example").status_code == 303
    assert studio.look.texts == (Saying("de", "You are next", "Gleich | bald"),)


def test_a_look_that_others_changed_meanwhile_is_not_written_over(studio: Studio) -> None:
    version = studio.store.status(studio.room).version
    studio.store.set(studio.room, {"title": "Other"}, actor="console:ben")
    answer = studio.save(version=str(version), help="https://mine.example")
    assert answer.status_code == 409
    assert "Nothing of yours was done: ben changed this room" in answer.text
    assert "https://mine.example" in answer.text
    assert studio.look.links == ()


def test_the_preview_shows_states_and_languages_with_the_rooms_look(
    studio: Studio, people: People, store_url: str
) -> None:
    """To whoever may look; the gate's own pages, under the gate's own policy."""
    studio.save(SVG, texts="de | You are next | Gleich!", light__accent="#003399")
    viewer = Desk(store_url)
    viewer.log_in(people[Role.VIEWER])
    at = f"/rooms/{studio.room}/preview"
    assert f'href="{at}/"' in viewer.get(f"/rooms/{studio.room}").text
    index = viewer.get(f"{at}/?lang=de")
    found = set(re.findall(rf'href="({at}/[^"]+)"', index.text))
    assert f"{at}/paused/de" in found
    assert f"{at}/paused/de/plain" in found
    assert f'href="/rooms/{studio.room}"' in index.text
    page = viewer.get(f"{at}/waiting/de")
    assert "Gleich!" in page.text
    assert "require-trusted-types-for" in page.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    files = re.findall(rf'(?:src|href)="?({at}/[^" >]+)', page.text)
    assert len(files) >= 5
    for address in files:
        assert viewer.get(address).status_code == 200, address
    assert viewer.get(f"{at}/nowhere/de").status_code == 404
    assert Desk(store_url).get(f"{at}/").status_code == 303


def test_what_is_pressed_in_a_preview_reaches_no_line(studio: Studio) -> None:
    """Every key of the room is byte for byte as before; no cookie is handed out."""
    keys = [key for key in RoomKeys.of(studio.room) if "log" not in key]

    def kept() -> list[bytes | None]:
        return [studio.store._redis.dump(key) for key in keys]

    before = kept()
    at = f"/rooms/{studio.room}/preview"
    for path, method in (
        ("waiting/ticket", "POST"), ("called/pass", "POST"), ("waiting/ticket", "DELETE"),
        ("entered/pass", "POST"), ("waiting/leave", "POST"),
    ):  # fmt: skip
        answer = studio.desk.client.open(f"{at}/{path}", method=method, json={})
        assert answer.status_code < 500
        assert "wr-ticket" not in answer.headers.get("Set-Cookie", "")
    assert kept() == before

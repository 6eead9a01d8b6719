"""The operators' pages, as their browser gets them."""

import gzip
import re
import struct
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.util import find_spec
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from desks import Desk

from waitingroom import clock
from waitingroom.console.charts import CHARTS, MOST_POINTS, draw, thinned
from waitingroom.console.figures import moment, share, span
from waitingroom.console.keeper import Keeper
from waitingroom.history import Sample
from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.history import HOUR, SALE
from waitingroom.store.keys import ROOMS, SCHEMA, RoomKeys, history_key

People = dict[Role, str]
T0 = 1_790_000_000_000
SAMPLE = Sample(T0, 1, 60, 0, 10, 0, 0, 0, 0, 0, 0, 0)


@pytest.fixture
def logged_in(desk: Desk, people: People) -> Desk:
    """A viewer's browser."""
    assert desk.log_in(people[Role.VIEWER]).status_code == 303
    return desk


@pytest.fixture
def room(store: Store, room_id: str) -> str:
    """An open room: 3 inside, 5 in line."""
    settings = Settings(
        rate_per_min=600, burst=3, opens_at_ms=clock.now_ms(), capacity=3, title="Boots <& Co"
    )
    store.create(room_id, settings, actor="test")
    store.join(room_id, 8)
    store.status(room_id)
    for arrival in (1, 2, 3):
        assert store.enter(room_id, 1, arrival, arrival).is_in
    return room_id


def test_all_rooms_and_one_room_are_told(logged_in: Desk, room: str, store: Store) -> None:
    """The same figures in the page and in what its script asks for."""
    Keeper(store, "http://127.0.0.1:9").sample()
    page = logged_in.get("/").text
    assert "Boots &lt;&amp; Co" in page
    told = logged_in.get("/live.json").json["figures"]
    names = ("inside", "rate", "gate")
    assert [told[f"{room} {name}"] for name in names] == ["3 of 3", "600", "–"]
    assert told[f"{room} store"].endswith(" ms")
    page = logged_in.get(f"/rooms/{room}").text
    live = logged_in.get(f"/rooms/{room}/live.json").json
    for name, text in live["figures"].items():
        seen = re.search(f'data-figure="{name}"[^>]*>([^<]*)<', page)
        assert seen[1] == text or name in ("entries", "waiting")
    assert live["news"][0][1] == "The sale opened"


def test_the_message_stands_among_what_shoppers_read(
    logged_in: Desk, room_id: str, store: Store
) -> None:
    """Also one that came with the room, of which there is no news; once."""
    store.create(room_id, Settings(message="Bring a bag"), actor="test")

    def news() -> list[str]:
        live = logged_in.get(f"/rooms/{room_id}/live.json").json
        return [text for _, text in live["news"] if text.startswith("Message")]

    assert news() == ["Message: Bring a bag"]
    assert "Message: Bring a bag" in logged_in.get(f"/rooms/{room_id}").text
    store.set(room_id, {"message": "Bring two"}, actor="test")
    assert news() == ["Message: Bring two"]
    store.set(room_id, {"message": ""}, actor="test")
    assert news() == ["Message: Bring two"]


def test_a_phone_asks_for_stylesheet_and_script_once(desk: Desk) -> None:
    """Their addresses change as they do; without that, or with an old mark, nothing is kept."""
    page = desk.get("/login").text
    for path in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        with desk.get(path) as answer:
            assert answer.status_code == 200
            assert "immutable" in answer.headers["Cache-Control"]
        for other in (path.partition("?")[0], f"{path[:-1]}x"):
            with desk.get(other) as answer:
                assert answer.headers["Cache-Control"] == "no-store"
    assert page.count("/static/") == 3
    assert desk.get("/login?v=1").headers["Cache-Control"] == "no-store"
    assert desk.get("/static/none.css?v=1").status_code == 404


def test_a_room_that_is_not_there_is_said_so(logged_in: Desk) -> None:
    answer = logged_in.get("/rooms/none-such")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no room “none-such”" in answer.text
    assert logged_in.get("/rooms/none-such/hour/line.svg").status_code == 404
    assert logged_in.get("/nothing/here").status_code == 404


@pytest.mark.parametrize("span_name", ["hour", "sale"])
@pytest.mark.parametrize("name", CHARTS)
def test_charts_are_pictures_without_anything_of_others(
    logged_in: Desk, room: str, store: Store, span_name: str, name: str
) -> None:
    """SVG that is whole, and loads nothing."""
    Keeper(store, "http://127.0.0.1:9").sample()
    answer = logged_in.get(f"/rooms/{room}/{span_name}/{name}.svg")
    assert answer.mimetype == "image/svg+xml"
    root = ElementTree.fromstring(answer.data)
    hosts = {
        urlsplit(value).netloc
        for element in root.iter()
        for key, value in element.attrib.items()
        if key.rpartition("}")[2] in ("href", "src")
    }
    assert hosts <= {""}
    assert "<script" not in answer.text
    assert logged_in.get(f"/rooms/{room}/{span_name}/none.svg").status_code == 404


def test_the_last_hour_is_the_last_hour(logged_in: Desk, room: str, store: Store) -> None:
    """Whatever was kept before: after a night without us the newest samples are yesterday's."""
    store._redis.delete(*(history_key(room, grain.every_ms) for grain in (HOUR, SALE)))
    sample = Sample.of(store.status(room))
    store.history.add({room: replace(sample, at_ms=sample.at_ms - 36_000_000)})
    assert "Nothing was recorded yet" in logged_in.get(f"/rooms/{room}/hour/line.svg").text
    assert "Nothing was recorded yet" not in logged_in.get(f"/rooms/{room}/sale/line.svg").text


def test_a_chart_for_phones_has_letters_as_large_on_less_ground() -> None:
    """And fewer times below it; a sale of days names the day."""
    samples = [replace(SAMPLE, at_ms=T0 + hour * 3_600_000) for hour in range(48)]
    sizes = (False, True)
    wide, narrow = (draw("line", samples, "UTC", dark=False, narrow=one) for one in sizes)
    assert 'viewBox="0 0 340 220"' in narrow
    assert narrow.count("font-size:13px") == wide.count("font-size:13px") > 0
    day = r">\w{3} \d\d:\d\d<"
    assert 2 <= len(re.findall(day, narrow)) < len(re.findall(day, wide))
    assert not re.search(day, draw("line", samples[:3], "UTC", dark=False))


def test_a_chart_has_the_times_of_its_zone_also_where_clocks_are_put_forward() -> None:
    """Round ones of that zone's clock, which goes from two to three there."""
    half_past_midnight_ms = 1_774_744_200_000
    samples = [replace(SAMPLE, at_ms=half_past_midnight_ms + n * 300_000) for n in range(13)]
    for zone, times in (
        ("UTC", ["00:36", "00:48", "01:00", "01:12", "01:24"]),
        ("Europe/Warsaw", ["01:36", "01:48", "03:00", "03:12", "03:24"]),
        ("Asia/Kolkata", ["06:00", "06:12", "06:24", "06:36", "06:48", "07:00"]),
    ):
        drawn = draw("line", samples, zone, dark=False)
        assert re.findall(r">(\d\d:\d\d)</text>", drawn) == times, zone


def test_a_moment_that_a_clock_shows_twice_says_which_it_is() -> None:
    at_ms = round(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000)
    first, second = (moment(at_ms + hours * 3_600_000, "Europe/Warsaw") for hours in (0, 1))
    assert first == "2026-10-25 02:30:00 (+02:00)"
    assert second == "2026-10-25 02:30:00 (+01:00)"


def test_a_chart_of_small_numbers_repeats_none_of_them() -> None:
    samples = [replace(SAMPLE, at_ms=T0 + at * 5000, waiting=at % 2) for at in range(9)]
    shown = re.findall(r">(\d+)</text>", draw("line", samples, "UTC", dark=False))
    assert sorted(shown) == ["0", "1"]


def test_a_system_without_rooms_says_how_to_make_one(
    logged_in: Desk, store: Store, room: str
) -> None:
    """And the page's script finds out by itself that there is one."""
    store._redis.rename(ROOMS, "aside")
    page = logged_in.get("/").text
    assert "There is no room yet. An operator makes one." in page
    assert 'data-state=""' in page
    nothing = {"state": "", "figures": {}}
    live = logged_in.get("/live.json").json
    assert {name: live[name] for name in nothing} == nothing
    store._redis.rename("aside", ROOMS)
    assert room in logged_in.get("/live.json").json["state"].split()
    assert room in logged_in.get("/part").text


def test_a_room_of_a_newer_version_is_named_and_explained(
    logged_in: Desk, room: str, store: Store
) -> None:
    """Among the others, and by its own address; nothing says that the store is away."""
    key = RoomKeys.of(room).state
    store._redis.setrange(key, 0, struct.pack("<d", SCHEMA + 1))
    page = logged_in.get("/").text
    assert "cannot be read" in page
    assert room in page.partition("cannot be read")[2]
    answer = logged_in.get(f"/rooms/{room}")
    assert answer.status_code == 503
    assert "was written by a newer version of this software" in answer.text
    assert "That cannot be read" in answer.text
    assert "data-again" not in answer.text


def test_titles_and_reasons_keep_their_own_direction(
    logged_in: Desk, store: Store, room_id: str
) -> None:
    store.create(room_id, Settings(title="מכירה (50%)", opens_at_ms=1), actor="test")
    store.act(room_id, "pause", actor="test", reason="הפסקה")
    page = logged_in.get(f"/rooms/{room_id}").text
    assert '<h1 dir="auto">מכירה (50%)</h1>' in page
    assert "<bdi>Paused: הפסקה</bdi>" in page
    assert "<bdi>מכירה (50%)</bdi>" in logged_in.get("/").text


def test_a_long_history_is_thinned_to_what_a_screen_shows() -> None:
    """The newest moment is always there."""
    points = [(at, float(at)) for at in range(10_001)]
    shown = thinned(points)
    assert len(shown) <= MOST_POINTS
    assert shown[-1] == points[-1]
    assert thinned(points[:5]) == points[:5]


def test_charts_leave_imports_as_they_are() -> None:
    """pygal would have every later import of the process warned of."""
    assert find_spec("none_such_module") is None
    assert not [one for one in sys.meta_path if type(one).__module__.startswith("pygal")]


def test_the_first_moment_of_a_room_is_seen_in_its_chart() -> None:
    assert 'class="dot' in draw("line", [SAMPLE], "UTC", dark=False)
    later = replace(SAMPLE, at_ms=T0 + 5_000)
    drawn = draw("line", [SAMPLE, later], "UTC", dark=False)
    assert 'class="dot' not in drawn
    assert drawn.count(">14:13</text>") == 1, "the same minute, again and again"


def test_a_chart_of_nothing_says_so() -> None:
    assert "Nothing was recorded yet" in draw("line", [], "UTC", dark=True)


def test_pages_load_nothing_of_others_and_stand_in_nobodys_frame(
    logged_in: Desk, room: str
) -> None:
    for path in ("/", "/login", f"/rooms/{room}", "/rooms/none"):
        answer = logged_in.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["Cache-Control"] == "no-store"


def test_what_a_page_wants_is_there_its_icon_too(logged_in: Desk) -> None:
    """Without one a browser asks for /favicon.ico, and each of them left a fault in the log."""
    head = logged_in.get("/").text.partition("</head>")[0]
    assert 'rel="icon"' in head
    for path in re.findall(r'(?:href|src)="([^"]+)"', head):
        with logged_in.get(path) as answer:
            assert answer.status_code == 200, path


def test_a_hundred_rooms_take_one_look(logged_in: Desk, store: Store, room_id: str) -> None:
    """As many round trips as for one: what a page costs must not grow with the sale."""
    for number in range(2):
        store.create(f"{room_id}-{number}", Settings(opens_at_ms=0), actor="test")
    few = _calls(logged_in, store)
    for number in range(2, 40):
        store.create(f"{room_id}-{number}", Settings(opens_at_ms=0), actor="test")
    assert _calls(logged_in, store) <= few + 5, "a long request is read in pieces"


def _calls(desk: Desk, store: Store) -> int:
    """How often the console waited for the store during one look, by the reads it made."""
    events = "total_reads_processed"
    before = store._redis.info("stats")[events]
    assert desk.get("/live.json").status_code == 200
    return store._redis.info("stats")[events] - before


def test_figures_are_told_in_words() -> None:
    assert [span(ms) for ms in (1, 59_000, 245_000, 12_000_000, 183_600_000)] == [
        "0:01",
        "0:59",
        "4:05",
        "3 h 20 min",
        "2 d 3 h",
    ]
    assert (share(1, 8), share(0, 0)) == ("12 %", "–")


def test_a_hurried_operator_finds_the_pause_before_what_is_slow(
    store_url: str, people: dict[Role, str], room: str
) -> None:
    """On a phone: the pause, what a sale is steered by, what else to do, and only then waits."""
    desk = Desk(store_url)
    desk.log_in(people[Role.OPERATOR])
    page = desk.get(f"/rooms/{room}").text
    spots = (
        ">Pause<",
        'data-figure="inside"',
        'data-figure="no_shows"',
        ">Pause with this reason<",
        'data-figure="waits_hour"',
    )
    places = [page.index(spot) for spot in spots]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "path", ["/", "/live.json", "/rooms/ID", "/rooms/ID/hour/line.svg", "/static/console.css"]
)
def test_what_is_long_is_packed_for_browsers_that_take_it(
    operator: Desk, store: Store, room_id: str, path: str
) -> None:
    """And says so, for caches; unpacked it is what others get."""
    for at in range(20):
        store.create(f"{room_id}-{at}", Settings(), actor="test")
    ask = path.replace("ID", f"{room_id}-1")
    packing = {"Accept-Encoding": "gzip, br"}
    with operator.get(ask) as plain, operator.get(ask, **packing) as packed:
        assert (plain.content_encoding, packed.content_encoding) == (None, "gzip")
        assert "Accept-Encoding" in plain.vary
        assert "Accept-Encoding" in packed.vary
        assert len(packed.data) < len(plain.data) / 2
        assert packed.content_length == len(packed.data)
        # A token of forms and a time may be others by now.
        assert len(gzip.decompress(packed.data)) == pytest.approx(len(plain.data), rel=0.01)


def test_the_api_and_what_is_short_are_left_as_they_are(operator: Desk, room: str) -> None:
    """A room's ETag there is its version, which a change is based on."""
    for path in ("/api/v1/openapi.json", f"/rooms/{room}/live.json"):
        assert operator.get(path, **{"Accept-Encoding": "gzip"}).content_encoding is None

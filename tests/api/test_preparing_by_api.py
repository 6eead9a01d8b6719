"""Clones, looks and rehearsals by the API: what is done, refused, and based on what was seen."""

import base64

from callers import Caller, console, keys_of, refused
from test_brand import SVG
from werkzeug.test import TestResponse

from waitingroom.brand import LARGEST_LOGO
from waitingroom.gate.scenes import SCENES
from waitingroom.model import Phase, Settings
from waitingroom.operators import Role
from waitingroom.store.client import Store
from waitingroom.store.rehearsals import Rehearsals


def test_a_room_is_cloned_dressed_and_rehearsed(store: Store, store_url: str, room_id: str) -> None:
    """By an operator's key; a viewer's is refused, and nothing is done."""
    store.create(room_id, Settings(rate_per_min=70, title="Fair", message="Hi"), actor="test")
    keys = keys_of(store, room_id)
    client, at = console(store_url), f"/api/v1/rooms/{room_id}"
    mine = {"headers": {"Authorization": f"Bearer {keys[Role.OPERATOR]}"}}
    theirs = {"headers": {"Authorization": f"Bearer {keys[Role.VIEWER]}"}}
    look = {
        "colours": {"light-accent": "#003399"},
        "texts": [{"lang": "de", "sentence": "You are next", "text": "Gleich!"}],
        "logo": base64.b64encode(SVG).decode(),
    }
    assert client.patch(f"{at}/brand", json=look, **theirs).status_code == 403
    dressed = client.patch(f"{at}/brand", json=look, **mine)
    assert dressed.status_code == 200, dressed.text
    assert store.logo(room_id) == SVG
    assert store.status(room_id).brand.texts[0].text == "Gleich!"
    for wrong in (
        {}, {"logo": "%"}, {"colours": {"light-accent": "blue"}}, {"texts": [{"lang": "x"}]},
                  {"texts": [look["texts"][0] | {"sentence": "No such"}]},
    ):  # fmt: skip
        assert client.patch(f"{at}/brand", json=wrong, **mine).status_code in (400, 422)
        named = client.patch(f"{at}/brand", json=wrong, **mine).json["fields"]
        assert {name.partition(".")[0] for name in named} <= wrong.keys() | {"the document"}
    assert store.status(room_id).version == dressed.json["version"]
    other = f"{room_id}-b"
    made = client.post(f"{at}/clone", json={"room": other, "title": "Two"}, **mine)
    assert (made.status_code, made.json["rate_per_min"]) == (201, 70)
    assert (store.logo(other), store.status(other).message) == (SVG, "")
    assert client.post(f"{at}/clone", json={"room": other}, **mine).status_code == 409
    assert client.get(f"{at}/rehearsal", **mine).status_code == 404
    asked = {"people": 9, "minutes": 2}
    assert client.post(f"{at}/rehearsal", json=asked | {"people": 0}, **mine).status_code == 422
    begun = client.post(f"{at}/rehearsal", json=asked, **mine)
    assert begun.status_code == 201, begun.text
    assert client.post(f"{at}/rehearsal", json=asked, **mine).status_code == 409
    assert client.get(f"{at}/rehearsal", **theirs).json == begun.json
    again = client.post(f"/api/v1/rooms/{begun.json['room']}/rehearsal", json=asked, **mine)
    assert (again.status_code, again.json["error"]) == (409, "wrong_state")
    assert client.delete(f"{at}/rehearsal", **mine).status_code == 204
    assert store.status(begun.json["room"]).phase is Phase.CLOSED
    there = Rehearsals(store)
    there.clean_up(there.of(room_id))


def test_the_largest_logo_there_may_be_comes_by_the_api_too(
    store: Store, store_url: str, room_id: str
) -> None:
    """As base64 it is longer than any other body may be; one byte more is refused in a sentence."""
    store.create(room_id, Settings(), actor="test")
    client, at = console(store_url), f"/api/v1/rooms/{room_id}"
    mine = {"headers": {"Authorization": f"Bearer {keys_of(store, room_id)[Role.OPERATOR]}"}}

    def sent(logo: bytes, at: str = f"{at}/brand", **more: object) -> TestResponse:
        return client.patch(at, json={"logo": base64.b64encode(logo).decode()} | more, **mine)

    largest = SVG.ljust(LARGEST_LOGO)
    texts = [{"lang": "de", "sentence": "You are next", "text": "ü" * 500}]
    assert sent(largest, texts=texts).status_code == 200
    assert store.logo(room_id) == largest
    for more in (1, 2, 3):
        answer = sent(largest + b" " * more)
        assert answer.status_code == 422
        assert "logo" in answer.json["fields"]
    assert store.logo(room_id) == largest
    refused(sent(largest * 2), 413, "too_large")
    refused(sent(largest, f"{at}/knobs"), 413, "too_large")
    assert sent(b"").status_code == 200
    assert store.status(room_id).brand.logo is None


def test_each_state_of_the_pages_is_previewed(
    callers: dict[Role, Caller], store: Store, room_id: str
) -> None:
    """With the room's own name, in the language that is asked for; nobody joins by it."""
    store.create(room_id, Settings(title="Jarmark", opens_at_ms=0), actor="test")
    ask = callers[Role.VIEWER]
    for state in SCENES:
        page = ask("GET", f"/rooms/{room_id}/preview?state={state}&lang=pl")
        assert (page.status_code, page.mimetype) == (200, "text/html"), state
        assert 'lang="pl"' in page.text or "lang=pl" in page.text
    page = ask("GET", f"/rooms/{room_id}/preview?state=waiting")
    assert (page.status_code, "Jarmark" in page.text) == (200, True), page.text
    at = f"/rooms/{room_id}/preview?state=waiting&lang=de&page="
    with_script, plain, privacy = (
        ask("GET", f"{at}{page}").text for page in ("script", "plain", "privacy")
    )
    assert ("<script" in with_script, "<script" in plain + privacy) == (True, False)
    assert ("Vor Ihnen" in plain, "Cookies und Datenschutz" in privacy) == (True, True)
    refused(ask("GET", f"/rooms/{room_id}/preview?state=entered&page=plain"), 404, "not_found")
    assert store.status(room_id).tail == 0
    refused(ask("GET", f"/rooms/{room_id}/preview?state=boiling"), 422, "bad_fields")
    refused(ask("GET", f"{at}naked"), 422, "bad_fields")

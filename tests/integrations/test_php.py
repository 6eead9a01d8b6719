"""docs/integrations.md's lines for PHP-FPM, behind nginx, with PHP itself at the other end."""

import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from documented import EXAMPLES
from gates import KEYS
from rooms import Room, make, now_ms
from sites import SHOP_KEY, Site, insider, process, site, walker
from systems import eventually, lacking

from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.tokens import Keyring, Pass

SHOP = Path(__file__).parents[1] / "nginx" / "shop.php"
ROOM = "php"


def listens(path: Path) -> bool:
    """Whether somebody takes connections there: the file is there a moment before."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@pytest.fixture(scope="module")
def shop(
    embedded: EmbeddedStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Site, Room]]:
    """nginx speaks FastCGI with it."""
    if (program := shutil.which("php-cgi")) is None:
        lacking("no PHP: one example of the documents is not run (apt-get install php-cgi)")
    folder = tmp_path_factory.mktemp("php")
    store = Store.connect(embedded.url, timeout_s=10)
    path = folder / "php.sock"
    lines = EXAMPLES["nginx", "php.conf"].replace("/srv/shop/index.php", str(SHOP))
    changes = {
        "    # ---- the shop\n": lines,
        "proxy_pass http://wr_shop;": f"fastcgi_pass unix:{path};",
    }
    with site(embedded.url, folder, ROOM, changes=changes) as made:
        env = {"API": f"http://127.0.0.1:{made.ports.console}", "ROOM": ROOM, "SHOP_KEY": SHOP_KEY}
        with process((str(program), "-b", str(path)), folder / "php.log", os.environ | env):
            eventually(lambda: listens(path), "PHP is up")
            yield made, make(store, ROOM, origins=(made.origin,), rate_per_min=6_000, burst=200)
    store.close()


def test_a_shop_in_php_sells_and_gives_the_place_back(shop: tuple[Site, Room]) -> None:
    """Through the line and to the order."""
    made, room = shop
    assert walker(made).go_to("/item?x=1").header("location") == f"/wr/{ROOM}/go?back=/item?x=1"
    shopper = insider(made)
    inside = shopper.go_to("/item?x=1")
    lease = inside.json["lease"]
    assert inside.json == {"path": "/item?x=1", "lease": lease}
    assert lease.startswith("1-")
    before = room.status().counters.released
    assert shopper.post("/checkout").json == {"released": True}
    assert room.status().counters.released == before + 1


def test_php_believes_nginx_and_no_client_about_the_place(shop: tuple[Site, Room]) -> None:
    """However the header is spelt."""
    made, _ = shop
    shopper = insider(made)
    own = shopper.go_to("/x").json["lease"]
    for name in ("Wr-Lease", "WR-LEASE", "Wr_Lease", "wr-lease"):
        assert shopper.ask("GET", "/x", {name: "1-999999"}).json["lease"] == own


def test_an_answer_of_php_with_a_later_pass_is_for_no_cache(shop: tuple[Site, Room]) -> None:
    """Whatever PHP says of it."""
    made, _ = shop
    now = now_ms()
    aged = Pass(ROOM, 1, "1-900", now - 600_000, now + 300_000, now + 3_000_000)
    raw = Keyring(KEYS).room_keys(ROOM).sign_pass(aged)
    answer = made.ask("GET", "/x", {"Cookie": f"wr-pass-{ROOM}={raw}"})
    assert f"wr-pass-{ROOM}" in answer.cookies
    assert answer.header("cache-control") == "private, no-store"


def test_the_shop_in_php_releases_as_the_document_shows() -> None:
    """That is what ran here."""
    function = EXAMPLES["nginx", "release.php"].partition("\n// …")[0]
    assert function in SHOP.read_text("utf-8")

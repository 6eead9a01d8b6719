"""A staff pass, from the command line through the guard into the shop before its opening."""

import json

import pytest
from systems import Folder, eventually

from waitingroom.crowd.shopper import Browser


@pytest.mark.long
def test_a_staff_pass_opens_the_shop_once_before_the_sale_until_it_is_revoked(
    folder: Folder,
) -> None:
    """Everybody else stands in the line; the link works for one browser."""
    del folder.env["WAITINGROOM_SHOP"]
    run = folder.up()
    gate, shop = run.note["gate_url"], run.note["shop_url"]
    made = folder.do("room", "create", "demo", "--opens-at", "+1h", "--origin", shop)
    assert made.returncode == 0, made.stderr
    url = json.loads(folder.do("staff", "pass", "demo", "--name", "Ada", "--json").stdout)["url"]

    ada, other = Browser(), Browser()
    inside = ada.get(url)
    assert inside.url == f"{shop}/"
    assert b"/items/" in inside.body
    assert other.get(url).url.startswith(gate)
    assert other.get(f"{shop}/").url.startswith(gate)

    (listed,) = json.loads(folder.do("staff", "list", "demo", "--json").stdout)
    assert (listed["name"], listed["state"], listed["lease"][:2]) == ("Ada", "good", "s-")
    assert folder.do("staff", "revoke", "demo", "--pass", listed["lease"]).returncode == 0
    eventually(lambda: ada.get(f"{shop}/").url.startswith(gate), "the shop has heard of it")

    assert folder.do("staff", "list", "demo").stdout.splitlines()[1].split()[2] == "revoked"
    url = json.loads(folder.do("staff", "pass", "demo", "--name", "Ben", "--json").stdout)["url"]
    ben = Browser()
    assert ben.get(url).url == f"{shop}/"
    assert folder.do("staff", "revoke", "demo").returncode == 0
    eventually(lambda: ben.get(f"{shop}/").url.startswith(gate), "the shop has heard of it")

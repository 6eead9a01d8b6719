"""A room's brand in the store: kept with the room, through every new beginning."""

import pytest
from real import ME, T0

from waitingroom.errors import BadSetting, VersionConflict
from waitingroom.model import Brand, Logo

BRAND = Brand(colours=(("light-accent", "#003399"),), logo=Logo("image/png", "0123456789ab"))
LOGO = b"\x89PNG\r\n\x1a\n\x00\xff" * 9


def brand(room, wanted, logo=None):
    snapshot = room.status(T0)
    return room.store.brand(room.name, wanted, logo=logo, version=snapshot.version, now_ms=T0, **ME)


def test_a_brand_is_told_with_the_room_and_its_logo_apart(make_room):
    """Gates read a room twice a second: they need the logo once."""
    room = make_room()
    assert room.status(T0).brand == Brand()
    assert room.store.logo(room.name) == b""
    assert brand(room, BRAND, LOGO).brand == BRAND
    assert room.status(T0).brand == BRAND
    assert room.store.logo(room.name) == LOGO
    assert brand(room, Brand(), b"").brand == Brand()
    assert room.store.logo(room.name) == b""


def test_a_brand_outlives_a_reset_and_a_new_opening(make_room):
    """It belongs to the room, not to one running of it."""
    room = make_room()
    brand(room, BRAND, LOGO)
    room.reset(T0, T0 + 1000)
    room.act(T0 + 2000, "close")
    assert room.open(T0 + 3000).brand == BRAND
    assert room.store.logo(room.name) == LOGO


def test_a_brand_based_on_an_older_room_is_refused(make_room):
    """Two operators who add a link each must not lose one."""
    room = make_room()
    version = room.status(T0).version
    brand(room, BRAND)
    with pytest.raises(VersionConflict):
        room.store.brand(room.name, Brand(), version=version, now_ms=T0, **ME)
    assert room.status(T0).brand == BRAND


def test_a_brand_that_pages_could_not_show_is_not_stored(make_room):
    """The client looks before it asks the store."""
    room = make_room()
    with pytest.raises(BadSetting):
        brand(room, Brand(links=(("help", "ftp://x.example"),)))
    assert room.status(T0).brand == Brand()


def test_an_act_on_a_brand_is_logged_without_the_picture(make_room):
    """Who, what, and no bytes."""
    room = make_room()
    brand(room, BRAND, LOGO)
    (newest,) = room.store.record.newest(room.name, 1)
    assert (newest.act, newest.actor) == ("set", ME["actor"])
    assert "#003399" in newest.detail
    assert len(newest.detail) < 500

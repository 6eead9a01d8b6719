"""Rooms made, anew or after the pattern of another; from the console and the command line alike."""

from collections.abc import Mapping
from dataclasses import replace

from waitingroom.errors import BadSetting
from waitingroom.model import Actor, Brand, Settings, Snapshot
from waitingroom.settings import Value
from waitingroom.store.acts import settings_of
from waitingroom.store.client import Store


def timeless(room: Snapshot) -> Settings:
    """The knobs that a clone of ``room`` takes over: not its times, which were of another sale (one
    that has passed would open it), nor its message, nor a test's clock.
    """
    return replace(
        settings_of(room),
        early_at_ms=0,
        opens_at_ms=0,
        draw_at_ms=0,
        closes_at_ms=0,
        message="",
        test_clock=False,
    )


def look_of(store: Store, room: Snapshot) -> tuple[Brand, bytes]:
    """How its pages look, and the logo."""
    logo = store.logo(room.room) if room.brand.logo else b""
    # A logo that was changed between the two looks would not be the one that the brand tells of.
    return (room.brand if logo else replace(room.brand, logo=None)), logo


def made_like(
    store: Store,
    room: str,
    like: Snapshot | None,
    values: Mapping[str, Value],
    *,
    actor: Actor | str,
) -> Snapshot:
    """Make ``room`` with ``values``, and for all else as ``like`` is: its knobs, brand and logo.

    None of its people, its seed, its record or its keys: those belong to a room's id. Of two racers
    one is told :class:`RoomExists`. Called twice, too.
    """
    if like is None:
        return store.create(room, replace(Settings(), **values), actor=actor)  # type: ignore[arg-type]
    if like.room == room:
        raise BadSetting("room", "a clone needs an id of its own")
    look, logo = look_of(store, like)
    settings = replace(timeless(like), **values)  # type: ignore[arg-type]
    return store.create(room, settings, look=look, logo=logo, actor=actor)

"""Faults, as one small tree. Each has a stable ``code`` that goes over the wire.

Outcomes (a shopper waits, the door is shut, the place lapsed) are not here: they are
returned, see :mod:`waitingroom.outcomes`.
"""


class WaitingRoomError(Exception):
    """The root. ``code`` is stable and public; the text is for people."""

    code = "error"


class StoreDown(WaitingRoomError):
    """The store cannot be reached, is too slow, or refuses to write."""

    code = "store_down"


class StoreUnfit(WaitingRoomError):
    """The store may not be used as it is set up (it may evict keys, or is too old)."""

    code = "store_unfit"


class NoSuchRoom(WaitingRoomError):
    """There is no room of that name."""

    code = "no_such_room"

    def __init__(self, room: str) -> None:
        super().__init__(f"there is no room “{room}”")
        self.room = room


class NoSuchPlace(WaitingRoomError):
    """The code that a shopper told is of no place in this room as it runs now."""

    code = "no_such_place"


class RoomExists(WaitingRoomError):
    """A room of that name is already there."""

    code = "room_exists"

    def __init__(self, room: str) -> None:
        super().__init__(f"there is already a room “{room}”")
        self.room = room


class VersionConflict(WaitingRoomError):
    """The room was changed by somebody else since the caller looked."""

    code = "version_conflict"

    def __init__(self, room: str, based_on: int, found: int) -> None:
        super().__init__(
            f"room “{room}” was changed meanwhile: your change is based on version {based_on}, "
            f"the room is at {found}; look again, then repeat it"
        )
        self.room = room
        self.based_on = based_on
        self.found = found


class CannotUndo(WaitingRoomError):
    """The last change is not to be taken back: nothing was changed, or something came after it."""

    code = "cannot_undo"

    def __init__(self, room: str, why: str) -> None:
        super().__init__(f"the last change of room “{room}” cannot be taken back: {why}")
        self.room = room
        self.why = why


class BadSetting(WaitingRoomError):
    """A setting has a value that it cannot have. ``field`` names it, ``why`` says what is wrong."""

    code = "bad_setting"

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}")
        self.field = field
        self.why = why


class WrongState(BadSetting):
    """The value is one that the setting can have, and the room as it is does not take it: it is too
    late, or something else is in its place.
    """

    code = "wrong_state"


class WrongPhase(WaitingRoomError):
    """The operator's act makes no sense in the phase that the room is in."""

    code = "wrong_phase"


class PortTaken(WaitingRoomError):
    """Somebody else listens where we want to."""

    code = "port_taken"


class WrongSeed(WaitingRoomError):
    """The seed of a draw is not the one whose hash was published before."""

    code = "wrong_seed"


class WrongNumber(WaitingRoomError):
    """The draw gives another number than was told."""

    code = "wrong_number"


class BadToken(WaitingRoomError):
    """A credential that is not good. The leaves say why; the wire says only ``bad_ticket``."""

    code = "bad_ticket"


class Malformed(BadToken):
    """Not in the one canonical form that we write."""


class Forged(BadToken):
    """The signature fits none of the keys."""


class WrongRoom(BadToken):
    """Signed by us, for another room."""


class FromTheFuture(BadToken):
    """Issued more than the tolerated skew after now."""


class Expired(BadToken):
    """A pass or handover past its end. ``expired_at_ms``: when that was."""

    def __init__(self, expired_at_ms: int) -> None:
        super().__init__(f"expired at {expired_at_ms}")
        self.expired_at_ms = expired_at_ms

"""Staff passes: a signed way into the shop for somebody who must see it before the opening. Pure.

A pass is good by its signature until its end. What the store keeps of it names whom it is for, and
takes it back; the pass itself is kept nowhere.
"""

import secrets
from dataclasses import dataclass
from enum import StrEnum

from waitingroom.errors import BadSetting, WaitingRoomError, WrongState
from waitingroom.links import with_handover
from waitingroom.plain import is_line
from waitingroom.tokens import Handover, RoomKeyring

SHORTEST_MS, LONGEST_MS = 60_000, 7 * 86_400_000
"""Of a pass: as long as its link works, and no longer than any other pass may last."""
LINK_MS = 60_000
"""How long the link works: no handover may live longer, or a replay of it would not be known."""
LONGEST_NAME = 60
LONGEST_PATH = 200


class PassState(StrEnum):
    """Whether a staff pass counts, and if not, why."""

    GOOD = "good"
    OVER = "over"
    REVOKED = "revoked"
    ENDED = "ended"  # with all others, or with a reset


@dataclass(frozen=True, slots=True)
class StaffPass:
    """What is known of a pass. ``lease``: ``s-`` and 16 hex. ``name``: for whom. ``by``: an actor.
    ``epoch``: the room's staff epoch. ``revoked_at_ms``: 0 for never.
    """

    room: str
    lease: str
    name: str
    by: str
    epoch: int
    made_at_ms: int
    until_ms: int
    revoked_at_ms: int = 0
    revoked_by: str = ""

    def state(self, staff_epoch: int, now_ms: int) -> PassState:
        """As it is now, in a room that is at ``staff_epoch``."""
        if self.revoked_at_ms:
            return PassState.REVOKED
        if self.until_ms <= now_ms:
            return PassState.OVER
        return PassState.GOOD if self.epoch == staff_epoch else PassState.ENDED

    @property
    def link_until_ms(self) -> int:
        """When the link stops to work, whether it was used or not."""
        return self.made_at_ms + LINK_MS


class NoSuchPass(WaitingRoomError):
    """There is no staff pass of that lease."""

    code = "no_such_pass"

    def __init__(self, room: str, lease: str) -> None:
        super().__init__(f"there is no staff pass “{lease[:40]}” of room “{room}”")


class TooManyPasses(WaitingRoomError):
    """As many staff passes as a room may have are good."""

    code = "too_many_passes"

    def __init__(self, room: str, most: int) -> None:
        super().__init__(
            f"room “{room}” has {most} staff passes that are not over, and may have no more: "
            "revoke all of them, and make those anew that are needed"
        )


def new_lease() -> str:
    """An id that no other pass has."""
    return f"s-{secrets.token_hex(8)}"


def check_pass(name: str, lasts_ms: int) -> None:
    """Raise :class:`BadSetting` for a pass that cannot be made."""
    if not name.strip():
        raise BadSetting("name", "say who it is for")
    if len(name) > LONGEST_NAME or not is_line(name):
        raise BadSetting("name", f"at most {LONGEST_NAME} characters, and no line breaks")
    if not SHORTEST_MS <= lasts_ms <= LONGEST_MS:
        raise BadSetting("for", "a pass is good for 1m to 7d")


def check_origins(room: str, origins: tuple[str, ...]) -> str:
    """Where the shop of a room is. Raises :class:`WrongState` where that is not known."""
    if not origins:
        raise WrongState(
            "origins",
            "this room does not know where its shop is; give the shop’s address first: "
            f"waitingroom room set {room} --origin https://shop.example.com",
        )
    return origins[0]


PATH = r"^/([!-.0-\[\]-~][!-\[\]-~]*)?$"
"""What :func:`check_path` takes."""


def check_path(path: str) -> None:
    """Raise :class:`BadSetting` for what is no path of a shop."""
    whole = all("!" <= character <= "~" and character != "\\" for character in path)
    if not whole or path[:1] != "/" or path[:2] == "//" or len(path) > LONGEST_PATH:
        raise BadSetting(
            "to",
            "write where in the shop the room’s pages begin, like / or /sale/, without its host",
        )


def link(made: StaffPass, keys: RoomKeyring, origin: str, path: str = "/") -> str:
    """An address in the shop at ``origin`` that lets one browser in, once.

    ``path``: one that the room guards, or nobody there would take the pass.
    """
    handover = Handover(
        room=made.room,
        epoch=made.epoch,
        lease=made.lease,
        nonce=secrets.token_hex(8),
        issued_at_ms=made.made_at_ms,
        expires_at_ms=made.link_until_ms,
        pass_expires_at_ms=made.until_ms,
        pass_ends_at_ms=made.until_ms,
    )
    return with_handover(f"{origin}{path}", keys.sign_handover(handover))

"""A room's id, as it is typed."""

from typing import Any

import click

from waitingroom.model import RESERVED_IDS, is_room_id


class RoomId(click.ParamType[str]):
    """A room's id."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id, if it may be one."""
        if value in RESERVED_IDS:
            self.fail(f"“{value}” cannot name a room: the gate has a page there", param, ctx)
        if not is_room_id(value):
            self.fail(
                f"“{value}” cannot name a room; use lower-case letters, digits and hyphens, "
                "at most 40, and no hyphen first",
                param,
                ctx,
            )
        return str(value)


room_argument = click.argument("room_id", metavar="ID", type=RoomId())

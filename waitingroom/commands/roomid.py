"""A room's id, as it is typed."""

from typing import Any

import click

from waitingroom.room_ids import why_no_room_id


class RoomId(click.ParamType[str]):
    """A room's id."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The id, if it may be one."""
        if wrong := why_no_room_id(value):
            self.fail(wrong, param, ctx)
        return str(value)


room_argument = click.argument("room_id", metavar="ID", type=RoomId())

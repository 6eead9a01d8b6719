"""``waitingroom preview``: look at every state of the shopper's pages, in every language."""

from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import click

from waitingroom import clock
from waitingroom.commands import system
from waitingroom.commands.output import config_option
from waitingroom.commands.roomid import RoomId
from waitingroom.errors import NoSuchRoom, PortTaken, WaitingRoomError
from waitingroom.model import Snapshot


class NothingToShow(WaitingRoomError):
    """There is no such room to take the look from."""

    code = "no_such_room"


@click.command()
@click.argument("room_id", metavar="[ID]", required=False, type=RoomId())
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8002,
    show_default=True,
    help="Where to listen on 127.0.0.1; 0 = any free port.",
)
@config_option
def preview(room_id: str | None, port: int, file: Path | None) -> None:  # fmt: skip
    """Look at every state, in every language.

    With the title, message and brand of the room ID; without ID as a new room looks, and no system
    needs to run. Ctrl-C ends it.
    """
    from werkzeug.serving import make_server

    from waitingroom.gate.pages import Pages
    from waitingroom.gate.preview import Preview

    look, logo = _look(room_id, file) if room_id else (None, b"")
    app = Preview(Pages(templates=system.settings(file).templates), clock.now_ms, look, logo)
    try:
        # Werkzeug says it in words of its own first.
        with redirect_stderr(StringIO()):
            server = make_server("127.0.0.1", port, app, threaded=True)
    except (OSError, SystemExit):
        raise PortTaken(f"port {port} on 127.0.0.1 cannot be used; say --port 0") from None
    click.echo(f"http://127.0.0.1:{server.server_port}/ shows every state; Ctrl-C ends it")
    server.serve_forever()


def _look(room_id: str, file: Path | None) -> tuple[Snapshot, bytes]:
    with system.store_of(system.find(file)) as store:
        try:
            return store.status(room_id), store.logo(room_id)
        except NoSuchRoom as fault:
            names = ", ".join(store.rooms()) or "none yet"
            raise NothingToShow(
                f"{fault}; rooms: {names}. Without an ID, the preview shows how a new room looks"
            ) from None

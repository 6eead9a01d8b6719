"""The command line: wires the commands and says what went wrong in one sentence.

Exit status: 0 done, 1 it could not be done, 2 it was typed wrongly, 130 interrupted. With
``--json`` a complaint is ``{"error": CODE, "message": …}`` on standard error.
"""

import sys
from collections.abc import Sequence

import click

from waitingroom import __version__
from waitingroom.commands.alarms import alarms
from waitingroom.commands.audit import audit
from waitingroom.commands.complaint import complain
from waitingroom.commands.draw import draw
from waitingroom.commands.operator import operator
from waitingroom.commands.preview import preview
from waitingroom.commands.ready import load_test, ready
from waitingroom.commands.room import room
from waitingroom.commands.secret import secret
from waitingroom.commands.staff import staff
from waitingroom.commands.up import demo, up
from waitingroom.errors import WaitingRoomError

INTERRUPTED = 130
"""As a shell says it of a program that Ctrl-C ended."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="waitingroom")
def cli() -> None:
    """The open-source virtual waiting room for Python shops.

    To begin: waitingroom demo. Commands find the system that runs from the same folder, or that
    the settings name; COMMAND --help says what each takes.

    For scripts: with --json a command answers in JSON, and complains on standard error as
    {"error": CODE, "message": …}. The exit status is 0 when it was done, 1 when it could not be,
    2 when it was typed wrongly, 130 after Ctrl-C or a no.
    """


room.add_command(load_test)
for _command in (up, demo, room, ready, alarms, preview, operator, staff, audit, draw, secret):
    cli.add_command(_command)


def run(words: Sequence[str]) -> int:
    """Run one command; the exit status."""
    as_json = "--json" in words
    try:
        status = cli.main(list(words), prog_name="waitingroom", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return 2
    except click.ClickException as error:
        if as_json:
            complain("usage", error.format_message(), as_json)
        else:
            error.show()
        return error.exit_code
    except WaitingRoomError as error:
        complain(error.code, str(error), as_json)
        return INTERRUPTED if error.code == "interrupted" else 1
    except click.Abort as abort:
        # click makes one of Ctrl-C too, and names it as the cause; else somebody answered no.
        when = "interrupted; it may be done already" if abort.__cause__ else "nothing was changed"
        complain("interrupted", when, as_json)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    return status if isinstance(status, int) else 0

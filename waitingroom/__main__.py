"""The program ``waitingroom``, also as ``python -m waitingroom``.

It imports the command line only when it runs: Ctrl-C in that third of a second is no traceback, and
where only the guard is installed a sentence says what is missing. A draw is checked there too.
"""

import sys

LACKING = (
    "waitingroom: only the guard is installed here ({name} is missing); "
    "for the waiting room itself: pip install 'waitingroom[server]'"
)


def main() -> None:
    """Run what was typed; ends the process with its exit status."""
    try:
        from waitingroom.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    except ModuleNotFoundError as error:
        if (error.name or "waitingroom").partition(".")[0] in (
            "waitingroom",
            "storefront",
            "workers",
        ):
            raise
        if sys.argv[1:3] == ["draw", "verify"]:
            from waitingroom.commands.verify import alone

            sys.exit(alone(sys.argv[3:]))
        sys.exit(LACKING.format(name=error.name))
    sys.exit(status)


if __name__ == "__main__":
    main()

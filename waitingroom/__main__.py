"""The program ``waitingroom``, also as ``python -m waitingroom``.

It imports the command line only when it runs: Ctrl-C in that third of a second is no traceback.
"""

import sys


def main() -> None:
    """Run what was typed; ends the process with its exit status."""
    try:
        from waitingroom.cli import run

        status = run(sys.argv[1:])
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()

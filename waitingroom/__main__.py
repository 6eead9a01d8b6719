"""``python -m waitingroom``: the same as the program ``waitingroom``."""

from waitingroom.cli import main

if __name__ == "__main__":
    main()

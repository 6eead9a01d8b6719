"""Becomes another program that ends when its parent does: ``bound.py PARENT_PID PROGRAM …``.

Run as a file, by an isolated interpreter (quick to start, imports nothing of ours), between fork
and exec: a child of a supervisor that is killed with -9 must not live on. On Linux the kernel
sends SIGTERM to the program when the thread that started it ends, so start children from the
main thread. Elsewhere the program is only started.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Bind, then become ``arguments[1:]``. ``arguments[0]``: the parent's pid."""
    parent = int(arguments[0])
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("the parent ended first")
    try:
        os.execv(arguments[1], arguments[1:])  # noqa: S606 - becoming another program is the point
    except OSError as error:
        sys.exit(f"{arguments[1]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""What goes wrong between us and the store, in the words of our own error tree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import redis

from waitingroom.errors import (
    CannotUndo,
    NoSuchRoom,
    RoomExists,
    StoreDown,
    StoreUnfit,
    VersionConflict,
    WrongPhase,
    WrongState,
)
from waitingroom.settings import TOO_LATE
from waitingroom.staff import NoSuchPass, TooManyPasses
from waitingroom.store.call import Call

T = TypeVar("T")
UNREACHED = (redis.RedisError, OSError, RuntimeError)
"""What a driver raises where it gets no answer. RuntimeError is uvloop's, for a write to a
connection that the server has just closed; redis-py lets it through."""


def is_unknown_function(error: redis.ResponseError) -> bool:
    """Whether the server lost (or never had) this library."""
    return "Function not found" in str(error)


@contextmanager
def translated(call: Call | None) -> Iterator[None]:
    """Raise our own errors in place of redis-py's. ``call`` says which room was meant."""
    try:
        yield
    except redis.ResponseError as error:
        raise _fault(str(error), call) from error
    except UNREACHED as error:
        raise StoreDown(f"the store does not answer: {error}") from error


def plain(command: Callable[[], T]) -> T:
    """What a command of the driver's answers, or our own error."""
    with translated(None):
        return command()


def _fault(text: str, call: Call | None) -> Exception:
    room = call.keys[0].split("{")[1].split("}")[0] if call else ""
    word, _, rest = text.partition(" ")
    # Anything else: read-only, out of memory, disk full, loading, too few replicas. It cannot now.
    fault: Exception = StoreDown(f"the store refuses: {text}")
    match word:
        case "WRNOROOM":
            fault = NoSuchRoom(room)
        case "WREXISTS":
            fault = RoomExists(room)
        case "WRCONFLICT":
            fault = VersionConflict(room, int(call.args[2]) if call else 0, int(rest))
        case "WRFROZEN":
            fault = WrongState(rest, f"cannot be changed any more: {TOO_LATE[rest]}")
        case "WRUNDO":
            fault = CannotUndo(room, rest)
        case "WRNOPASS":
            fault = NoSuchPass(room, rest)
        case "WRFULL":
            fault = TooManyPasses(room, int(rest))
        case "WRPHASE":
            fault = WrongPhase(rest)
        case "WRSCHEMA":
            fault = StoreUnfit(f"room “{room}” was written by a newer version of this software")
    return fault

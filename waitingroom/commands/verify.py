"""``waitingroom draw verify``: recompute a place from published values, and nothing else.

It talks to no room and no store, so that anybody can check a draw with a saved status document; and
it needs nothing but Python, so that the package alone is enough, without what a server needs.
Exit status: 0 as published, 1 not so (the seed or the number is wrong), 2 nothing to check
(something is missing, unreadable, or not published yet).
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeGuard

from waitingroom.commands.complaint import complain
from waitingroom.draw import MAX_DRAWN, SEED_BYTES, number_of
from waitingroom.draw import commitment as commitment_of
from waitingroom.errors import WaitingRoomError, WrongNumber, WrongSeed
from waitingroom.model import DrawMethod
from waitingroom.room_ids import is_room_id

MAX_INTEGER = 10**15 - 1
"""The largest integer in a token, and so in a place."""
MAX_STATUS_BYTES = 1_000_000
BY_HAND = ("room", "epoch", "drawn", "seed", "commitment")


@dataclass(frozen=True, slots=True)
class Published:
    """What a room publishes of its draw. ``seed`` is empty where a FIFO room shows none."""

    room: str
    epoch: int
    drawn: int
    method: DrawMethod
    commitment: str
    seed: bytes

    def number_of(self, arrival: int) -> int:
        """The number of ``arrival``. Raises WrongSeed where the seed was not committed to."""
        if self.seed and commitment_of(self.seed) != self.commitment:
            raise WrongSeed(
                f"the seed is not the one that was committed to: its SHA-256 is "
                f"{commitment_of(self.seed)}, and {self.commitment} was published"
            )
        if self.method is DrawMethod.FIFO or arrival > self.drawn:
            return arrival
        return number_of(
            arrival, seed=self.seed, room=self.room, epoch=self.epoch, drawn=self.drawn
        )

    def reason(self, arrival: int) -> str:
        """Why that number, for people."""
        if self.method is DrawMethod.FIFO:
            return "the room keeps the order of joining"
        if arrival > self.drawn:
            return f"it came after the draw of {self.drawn}, in the order of joining"
        return f"by the draw of {self.drawn}, whose seed fits the commitment"


class TypedWrongly(Exception):
    """What was typed, or the document that it names, is nothing that can be checked."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raise, where argparse would end the process."""
        raise TypedWrongly(message)


def verify(words: Sequence[str]) -> str:
    """The answer to ``words``, the options of the command: text, or with ``--json`` a document.

    Raises :class:`TypedWrongly`; WrongSeed and WrongNumber for what is not as published.
    """
    typed = vars(_parser().parse_args(words))
    arrival, number = typed["arrival"], typed["number"]
    by_hand = {name: typed[name] for name in BY_HAND}
    file = typed["status_file"]
    published = _from_file(file, by_hand) if file else _from_options(by_hand)
    found, reason = published.number_of(arrival), published.reason(arrival)
    if number is not None and number != found:
        raise WrongNumber(
            f"arrival {arrival} of “{published.room}” has number {found}, not {number}: {reason}"
        )
    if not typed["json"]:
        return f"arrival {arrival} of “{published.room}” has number {found}: {reason}"
    answer = {"ok": True, "room": published.room, "epoch": published.epoch}
    answer |= {"drawn": published.drawn, "method": published.method}
    answer |= {"arrival": arrival, "number": found}
    return json.dumps(answer, indent=2, ensure_ascii=False)


def alone(words: Sequence[str]) -> int:
    """The command where the rest of the command line is not installed; its exit status."""
    as_json = "--json" in words
    try:
        print(verify(words))
    except TypedWrongly as error:
        complain("usage", str(error), as_json)
        return 2
    except WaitingRoomError as error:
        complain(error.code, str(error), as_json)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "waitingroom draw verify",
        allow_abbrev=False,
        description="Recompute the number of an arrival from published values alone.",
    )
    add = parser.add_argument
    add("--status-file", metavar="FILE", help="A saved status.json; - for stdin.")
    add("--room", help="Instead of the file: the room's id, …")
    add("--epoch", type=_count(0, MAX_INTEGER), help="… its epoch, …")
    add("--drawn", type=_count(0, MAX_DRAWN), help="… how many were drawn, …")
    add("--seed", type=_hex, help="… the seed, in hex, published at the draw, …")
    add("--commitment", type=_hex, help="… and its SHA-256, published before.")
    add("--arrival", type=_count(1, MAX_INTEGER), required=True, help="Whose place.")
    add("--number", type=_count(1, MAX_INTEGER), help="The number that was told.")
    add("--json", action="store_true", help="Answer in JSON.")
    return parser


def _hex(text: str) -> str:
    text = text.strip().lower()
    if not _is_hex(text):
        raise argparse.ArgumentTypeError(f"must be {2 * SEED_BYTES} hexadecimal digits")
    return text


def _count(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a count from {least} to {most}")
        return value

    return read


def _from_options(given: dict[str, Any]) -> Published:
    missing = [f"--{name}" for name in BY_HAND if given[name] is None]
    if missing:
        raise TypedWrongly(f"give {', '.join(missing)}, or --status-file instead of all five")
    if not is_room_id(given["room"]):
        raise TypedWrongly("--room: this cannot name a room")
    return Published(**given | {"method": DrawMethod.SHUFFLE, "seed": bytes.fromhex(given["seed"])})


def _from_file(name: str, given: dict[str, Any]) -> Published:
    extra = [f"--{name}" for name in BY_HAND if given[name] is not None]
    if extra:
        raise TypedWrongly(f"--status-file says {', '.join(extra)} already; leave it out")
    try:
        document = json.loads(_read(name))
    except (ValueError, RecursionError):
        raise _unreadable("it is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("draw"), dict):
        raise _unreadable("it has no “draw”")
    return _from_document(document | document["draw"])


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read(MAX_STATUS_BYTES)
    try:
        with Path(name).open("rb") as file:
            return file.read(MAX_STATUS_BYTES)
    except (OSError, ValueError) as error:
        raise TypedWrongly(f"--status-file: {error}") from None


def _from_document(document: dict[str, Any]) -> Published:
    room, method, epoch = (document.get(name) for name in ("room", "method", "epoch"))
    drawn, seed, commitment = (document.get(name) for name in ("drawn", "seed", "commitment"))
    if not isinstance(room, str) or not is_room_id(room):
        raise _unreadable("its “room” cannot name a room")
    if not isinstance(method, str) or method not in set(DrawMethod):
        raise _unreadable("its “method” is neither shuffle nor fifo")
    if method == DrawMethod.SHUFFLE and (drawn is None or seed is None):
        raise TypedWrongly(f"“{room}” has not drawn yet: no seed is published")
    if method == DrawMethod.FIFO and seed is None:
        drawn, seed, commitment = drawn or 0, "", ""
    elif not _is_hex(seed) or not _is_hex(commitment):
        raise _unreadable(f"“seed” and “commitment” must be {2 * SEED_BYTES} hexadecimal digits")
    if not _is_count(epoch, MAX_INTEGER) or not _is_count(drawn, MAX_DRAWN):
        raise _unreadable("“epoch” and “drawn” must be counts")
    return Published(room, epoch, drawn, DrawMethod(method), commitment, bytes.fromhex(seed))


def _is_count(value: object, most: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_hex(value: object) -> TypeGuard[str]:
    digits = set("0123456789abcdef")
    return isinstance(value, str) and len(value) == 2 * SEED_BYTES and set(value) <= digits


def _unreadable(why: str) -> TypedWrongly:
    return TypedWrongly(f"this is no status document of a room: {why}")

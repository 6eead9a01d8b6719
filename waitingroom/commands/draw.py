"""``waitingroom draw verify``: recompute a place from published values, and nothing else.

It talks to no room and no store, so that anybody can check a draw with a saved status document.
Exit status: 0 as published, 1 not so (the seed or the number is wrong), 2 nothing to check
(something is missing, unreadable, or not published yet).
"""

import json
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeGuard

import click

from waitingroom.commands.output import json_option, print_json
from waitingroom.draw import MAX_DRAWN, SEED_BYTES, number_of
from waitingroom.draw import commitment as commitment_of
from waitingroom.errors import WrongNumber, WrongSeed
from waitingroom.model import DrawMethod, is_room_id

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


def _hex(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    text = value if value is None else value.strip().lower()
    if text is not None and not _is_hex(text):
        raise click.BadParameter(f"must be {2 * SEED_BYTES} hexadecimal digits")
    return text


@click.group()
def draw() -> None:
    """Check the draw that gave early shoppers their numbers."""


@draw.command()
@click.option("--status-file", type=click.File("rb"), help="A saved status.json; - for stdin.")
@click.option("--room", help="Instead of the file: the room's id, …")
@click.option("--epoch", type=click.IntRange(0, MAX_INTEGER), help="… its epoch, …")
@click.option("--drawn", type=click.IntRange(0, MAX_DRAWN), help="… how many were drawn, …")
@click.option("--seed", callback=_hex, help="… the seed, in hex, published at the draw, …")
@click.option("--commitment", callback=_hex, help="… and its SHA-256, published before.")
@click.option("--arrival", type=click.IntRange(1, MAX_INTEGER), required=True, help="Whose place.")
@click.option("--number", type=click.IntRange(1, MAX_INTEGER), help="The number that was told.")
@json_option
def verify(
    status_file: BinaryIO | None, arrival: int, number: int | None, as_json: bool, **by_hand: Any
) -> None:
    """Recompute the number of an arrival from published values alone."""
    published = _from_file(status_file, by_hand) if status_file else _from_options(by_hand)
    found, reason = published.number_of(arrival), published.reason(arrival)
    if number is not None and number != found:
        raise WrongNumber(
            f"arrival {arrival} of “{published.room}” has number {found}, not {number}: {reason}"
        )
    if as_json:
        answer = {"ok": True, "room": published.room, "epoch": published.epoch}
        answer |= {"drawn": published.drawn, "method": published.method}
        print_json(answer | {"arrival": arrival, "number": found})
    else:
        click.echo(f"arrival {arrival} of “{published.room}” has number {found}: {reason}")


def _from_options(given: dict[str, Any]) -> Published:
    missing = [f"--{name}" for name in BY_HAND if given[name] is None]
    if missing:
        raise click.UsageError(f"give {', '.join(missing)}, or --status-file instead of all five")
    if not is_room_id(given["room"]):
        raise click.BadParameter("this cannot name a room", param_hint="--room")
    return Published(**given | {"method": DrawMethod.SHUFFLE, "seed": bytes.fromhex(given["seed"])})


def _from_file(file: BinaryIO, given: dict[str, Any]) -> Published:
    extra = [f"--{name}" for name in BY_HAND if given[name] is not None]
    if extra:
        raise click.UsageError(f"--status-file says {', '.join(extra)} already; leave it out")
    try:
        document = json.loads(file.read(MAX_STATUS_BYTES))
    except (ValueError, RecursionError, OSError):
        raise _unreadable("it is not JSON") from None
    if not isinstance(document, dict) or not isinstance(document.get("draw"), dict):
        raise _unreadable("it has no “draw”")
    return _from_document(document | document["draw"])


def _from_document(document: dict[str, Any]) -> Published:
    room, method, epoch = (document.get(name) for name in ("room", "method", "epoch"))
    drawn, seed, commitment = (document.get(name) for name in ("drawn", "seed", "commitment"))
    if not isinstance(room, str) or not is_room_id(room):
        raise _unreadable("its “room” cannot name a room")
    if not isinstance(method, str) or method not in set(DrawMethod):
        raise _unreadable("its “method” is neither shuffle nor fifo")
    if method == DrawMethod.SHUFFLE and (drawn is None or seed is None):
        raise click.UsageError(f"“{room}” has not drawn yet: no seed is published")
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


def _unreadable(why: str) -> click.UsageError:
    return click.UsageError(f"this is no status document of a room: {why}")

"""Which paths need a pass, and for which room. Pure.

The guard sees a path as the WSGI server decoded it, once. What the application behind it makes
of that path is not ours to know: it may decode again, cut at ``;``, resolve ``..`` or ignore case.
So only a **plain** path, which has one reading, may be let through by the allow-list; any other
is protected as whatever it may turn out to be.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from urllib.parse import unquote

MOST_DECODINGS = 3
"""How often a path may be percent-encoded beyond the server's own decoding and still be read."""

_SIMPLE = re.compile(
    r"(?:/(?:[A-Za-z0-9_~-][A-Za-z0-9._~@,=+-]*[A-Za-z0-9_~-]|[A-Za-z0-9_~-]))+/?|/"
)
"""What nearly every path looks like: plain without a closer look."""
_HAS_READINGS = re.compile(r"[%\\;?#\ufffd]|//")
"""Servers write U+FFFD for bytes that are no UTF-8, which others may read otherwise."""
_PARAMETERS = re.compile(r";[^/]*")
_CUT = re.compile(r"[;?#\x00].*", re.DOTALL)
_LOOSE_ENDS = re.compile(r"(?<=/)[ \x00-\x1f\x7f]+|[. \x00-\x1f\x7f]+(?=/|$)")
_SLASHES = re.compile(r"/{2,}")
_WORD = re.compile(r"[\w-]")


@dataclass(frozen=True, slots=True)
class Open:
    """The allow-list names this path: nobody is asked for a pass."""


@dataclass(frozen=True, slots=True)
class InRoom:
    """The path belongs to ``room``, by the rule for ``prefix``."""

    room: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Refused:
    """No rule names this path, or several rooms could be meant. ``code``: which of the two."""

    code: str


Verdict = Open | InRoom | Refused

NOT_ALLOWED = Refused("not_allowed")
AMBIGUOUS = Refused("ambiguous_path")


def is_plain(path: str) -> bool:
    """Whether ``path`` (decoded text) can be read in one way only."""
    if _SIMPLE.fullmatch(path):
        return True
    if not path.startswith("/") or not path.isprintable() or _HAS_READINGS.search(path):
        return False
    if unicodedata.normalize("NFKC", path) != path:
        return False
    return all(_is_plain_segment(segment) for segment in path.split("/"))


def _is_plain_segment(segment: str) -> bool:
    """No ``.``, ``..``, and nothing that some file systems drop: dots and spaces at the end."""
    return segment == segment.strip(" ") and not segment.endswith(".")


def readings(path: str) -> set[str]:
    """What an application could make of ``path``; empty when it is encoded too deeply to tell."""
    found: set[str] = set()
    for _ in range(MOST_DECODINGS + 1):
        path = unicodedata.normalize("NFKC", path)
        found.update(_shapes(path.replace("\\", "/")))
        again = unquote(path, errors="replace")
        if again == path:
            return found
        path = again
    return set()


def _shapes(path: str) -> Iterator[str]:
    """The spellings of one decoding: parameters kept, dropped or cut at; dots resolved or not."""
    printable = "".join(letter for letter in path if letter.isprintable())
    for text in (path, printable, _PARAMETERS.sub("", path), _CUT.sub("", path)):
        # Dots first: cutting the loose ends would otherwise eat the "..".
        for whole in (text, normpath(_SLASHES.sub("/", "/" + text))):
            yield _SLASHES.sub("/", "/" + _LOOSE_ENDS.sub("", whole))


@dataclass(frozen=True, slots=True)
class Rules:
    """The mapping of path prefixes to rooms, and the allow-list.

    An allowed path that is named whole wins; else the longer prefix; else the room.
    ``rooms``: ``(prefix, room)``, prefixes without a trailing slash and case-folded.
    ``exact`` and ``under``: allowed paths, and prefixes (ending in ``/``) of allowed ones.
    """

    rooms: tuple[tuple[str, str], ...]
    exact: frozenset[str]
    under: tuple[str, ...]

    @classmethod
    def of(cls, rooms: Mapping[str, str], allow: Sequence[str]) -> "Rules":
        """Rules from what a shop wrote. Raises :class:`ValueError` that says what is wrong."""
        if not rooms:
            raise ValueError('rooms: name at least one, as in {"/": "demo"}')
        for prefix in rooms:
            if not is_plain(prefix):
                raise ValueError(f"rooms: {prefix!r} is not a plain path that starts with /")
        for pattern in allow:
            _check_pattern(pattern)
        folded = {prefix.rstrip("/").casefold(): room for prefix, room in rooms.items()}
        longest_first = sorted(folded.items(), key=lambda rule: -len(rule[0]))
        return cls(
            rooms=tuple(longest_first),
            exact=frozenset(pattern for pattern in allow if not pattern.endswith("*")),
            under=tuple(pattern[:-1] for pattern in allow if pattern.endswith("*")),
        )

    def decide(self, path_info: str) -> Verdict:
        """The verdict for a request's ``PATH_INFO`` (WSGI: bytes, shown as latin-1).

        The method, the headers and ``SCRIPT_NAME`` have no say: the application routes by this.
        """
        try:
            path = path_info.encode("latin-1").decode() or "/"
        except UnicodeError:
            return self._protect(path_info.encode("latin-1", "replace").decode(errors="replace"))
        if not is_plain(path):
            return self._protect(path)
        if path in self.exact:
            return Open()
        inside = self.room_of(path)
        allowed = self._allowed_length(path)
        if inside is not None and len(inside.prefix.rstrip("/")) >= allowed:
            return inside
        return Open() if allowed >= 0 else NOT_ALLOWED

    def _protect(self, path: str) -> InRoom | Refused:
        """The one room that a path with several readings can lead into, or a refusal."""
        inside = {where for text in readings(path) if (where := self.room_of(text)) is not None}
        if len({where.room for where in inside}) != 1:
            return AMBIGUOUS
        return min(inside, key=lambda where: len(where.prefix))

    def room_of(self, path: str) -> InRoom | None:
        """The room whose prefix fits best, without regard to case, up to the end of a word.

        A prefix ``/checkout`` takes in ``/checkout``, ``/checkout/x``, ``/checkout.json`` and
        ``/checkout:x``, and not ``/checkouts``.
        """
        folded = path.casefold()
        for prefix, room in self.rooms:
            if folded.startswith(prefix) and not _WORD.match(folded, len(prefix)):
                return InRoom(room, prefix or "/")
        return None

    def _allowed_length(self, path: str) -> int:
        """How long the best allowed prefix of ``path`` is; -1 for none. Case counts."""
        starts = (start for start in self.under if path.startswith(start))
        return max((len(start) - 1 for start in starts), default=-1)


def _check_pattern(pattern: str) -> None:
    """An allow-list entry is a path, or a path and ``/*``; nothing that fits by its ending."""
    path = pattern[:-1] if pattern.endswith("/*") else pattern
    if "*" in path or not is_plain(path):
        raise ValueError(f"allow: {pattern!r} is neither a plain path nor a path followed by /*")

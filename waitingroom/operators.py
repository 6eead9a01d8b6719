"""Who runs a sale: operators, what each may do, and their passwords. Pure."""

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

from werkzeug.security import check_password_hash, generate_password_hash

from waitingroom.bearer import KEY_NAME, NAMED, fits, new_key
from waitingroom.errors import WaitingRoomError

OPERATOR_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,59}")
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 200
FEWEST_SIGNS = 4
"""Different characters in a password: twelve blanks are none."""
_METHOD = "scrypt:32768:8:1"


class Role(StrEnum):
    """What somebody may do; each may do what those before it may.

    A viewer looks. Support finds places and gives second chances. An operator turns knobs, pauses,
    opens, closes. An admin also makes operators, keys and staff passes, and resets.
    """

    VIEWER = "viewer"
    SUPPORT = "support"
    OPERATOR = "operator"
    ADMIN = "admin"

    def may(self, needed: "Role") -> bool:
        """Whether this role includes ``needed``."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Operator:
    """An account. ``password``: its scrypt hash. ``generation``: moves with each new password or
    role, and ends every session from before.
    """

    name: str
    role: Role
    password: str
    made_at_ms: int
    generation: int = 1


class BadOperator(WaitingRoomError):
    """An operator's name or password that cannot be."""

    code = "bad_operator"


class NoSuchOperator(WaitingRoomError):
    """There is no operator of that name."""

    code = "no_such_operator"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no operator “{name}”")


class OperatorExists(WaitingRoomError):
    """An operator of that name is already there."""

    code = "operator_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is already an operator “{name}”")


class LastAdmin(WaitingRoomError):
    """Without this one nobody could make operators any more."""

    code = "last_admin"

    def __init__(self, name: str) -> None:
        super().__init__(f"“{name}” is the last admin: make another first")


class OperatorMoved(WaitingRoomError):
    """The account was changed by somebody else since the caller looked."""

    code = "operator_moved"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the account “{name}” was changed meanwhile; look again, then repeat your change"
        )


def checked_name(name: str) -> str:
    """``name`` as it is. Raises :class:`BadOperator`."""
    if OPERATOR_NAME.fullmatch(name) is None:
        raise BadOperator(
            f"{name[:60]!r} cannot name an operator: write lower-case letters, digits and . _ @ -, "
            "at most 60, and begin with a letter or digit"
        )
    return name


def check_password(password: str) -> None:
    """Raise :class:`BadOperator` for one that is too short, too long, or too few signs."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise BadOperator(
            f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            f"this one has {len(password)}"
        )
    if len(set(password)) < FEWEST_SIGNS:
        raise BadOperator(f"a password has at least {FEWEST_SIGNS} different characters")


def hashed(password: str) -> str:
    """What is kept of a password. Raises :class:`BadOperator` as :func:`check_password` does."""
    check_password(password)
    return generate_password_hash(password, _METHOD)


def made_password() -> str:
    """A password that nobody guesses: 96 random bits, in a form that can be read aloud."""
    return "-".join(secrets.token_hex(3) for _ in range(4))


# What no password hashes to; to make a real one would take a tenth of a second of each command.
_NOBODYS = f"{_METHOD}$nobody${'0' * 128}"


def is_password_of(operator: Operator | None, password: str) -> bool:
    """Whether ``password`` is the operator's; takes as long where there is no such operator."""
    kept = operator.password if operator else _NOBODYS
    if len(password) > LONGEST_PASSWORD:
        return False
    return check_password_hash(kept, password) and operator is not None


@dataclass(frozen=True, slots=True)
class Key:
    """A way in for a program: see :mod:`waitingroom.bearer`."""

    name: str
    role: Role
    digest: str
    made_at_ms: int


class NoSuchKey(WaitingRoomError):
    """There is no key of that name."""

    code = "no_such_key"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no key “{name[:40]}”")


class KeyExists(WaitingRoomError):
    """A key of that name is already there."""

    code = "key_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is already a key “{name}”: revoke it first, or take another name")


def made_key(name: str, role: Role, now_ms: int) -> tuple[str, Key]:
    """A new key: what is shown once, and what is kept. Raises :class:`BadOperator`."""
    if KEY_NAME.fullmatch(name) is None:
        raise BadOperator(f"{name[:60]!r} cannot name a key: {NAMED}")
    text, digest = new_key(name)
    return text, Key(name, role, digest, now_ms)


def is_key(key: Key | None, text: str) -> bool:
    """Whether ``text`` is what was shown when the key was made; as slow where there is none."""
    return fits(key.digest if key else None, text)

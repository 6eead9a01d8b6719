"""Operators' accounts in the store, and how often somebody tried a password lately."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import redis

from waitingroom.model import Actor
from waitingroom.operators import (
    LastAdmin,
    NoSuchOperator,
    Operator,
    OperatorExists,
    OperatorMoved,
    Role,
)
from waitingroom.store import acts
from waitingroom.store.call import Call, Reply
from waitingroom.store.faults import plain
from waitingroom.store.keys import LOGIN_TTL_S, OPERATORS, ended_key, login_key


@dataclass(frozen=True, slots=True)
class _Done:
    """What the record says of a change."""

    act: str
    actor: Actor | str
    before: str = ""
    after: str = ""


class Accounts:
    """All operators of a system. Whatever changes one is recorded in the same step.

    Raises ``StoreDown`` like every other use of the store.
    """

    def __init__(self, client: "redis.Redis", run: Callable[[Call], Reply]) -> None:
        self._redis = client
        self._run = run

    def find(self, name: str) -> Operator | None:
        """The account, or None."""
        raw: Any = plain(lambda: self._redis.hget(OPERATORS, name))
        return _read(name, raw) if raw else None

    def in_session(self, name: str, session: str) -> Operator | None:
        """The account, unless this session of it was ended; in one round trip."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hget(OPERATORS, name)
            pipeline.exists(ended_key(session))
            return pipeline.execute()

        raw, ended = plain(ask)
        return _read(name, raw) if raw and not ended else None

    def end_session(self, session: str, within_s: int) -> None:
        """Let nobody use a session any more that would end by itself ``within_s``."""
        plain(lambda: self._redis.set(ended_key(session), "", ex=within_s))

    def all(self) -> list[Operator]:
        """Every account by name."""
        raw: Any = plain(lambda: self._redis.hgetall(OPERATORS))
        return [_read(name.decode(), value) for name, value in sorted(raw.items())]

    def add(self, operator: Operator, *, actor: Actor | str) -> None:
        """Make an account. Raises :class:`OperatorExists`."""
        done = _Done("operator_add", actor, after=_told(operator))
        if not self._put(operator.name, b"", _written(operator), done):
            raise OperatorExists(operator.name)

    def change(
        self,
        name: str,
        *,
        actor: Actor | str,
        password: str | None = None,
        role: Role | None = None,
        generation: int | None = None,
        keep_admin: bool = False,
    ) -> Operator:
        """Give an account another password (hashed) or role; ends its sessions, and what was
        counted against its name.

        Raises :class:`NoSuchOperator`; :class:`OperatorMoved` where it is not of ``generation``
        (None: whatever it is); with ``keep_admin`` :class:`LastAdmin`. Of two changes at once none
        is lost.
        """
        act = "operator_role" if role else "operator_password"
        while True:
            raw, found = self._kept(name, generation)
            changed = replace(
                found,
                password=password or found.password,
                role=role or found.role,
                generation=found.generation + 1,
            )
            done = _Done(act, actor, _told(found), _told(changed))
            if self._put(name, raw, _written(changed), done, keep_admin):
                plain(lambda: self._redis.delete(login_key(f"name:{name}")))
                return changed

    def remove(
        self,
        name: str,
        *,
        actor: Actor | str,
        generation: int | None = None,
        keep_admin: bool = False,
    ) -> None:
        """End an account and its sessions. Raises as :meth:`change` does."""
        while True:
            raw, found = self._kept(name, generation)
            done = _Done("operator_remove", actor, _told(found))
            if self._put(name, raw, "", done, keep_admin):
                return

    def _kept(self, name: str, generation: int | None) -> tuple[bytes, Operator]:
        raw: Any = plain(lambda: self._redis.hget(OPERATORS, name))
        if not raw:
            raise NoSuchOperator(name)
        found = _read(name, raw)
        if generation not in (None, found.generation):
            raise OperatorMoved(name)
        return raw, found

    def _put(
        self, name: str, kept: bytes, wanted: str, done: _Done, keep_admin: bool = False
    ) -> bool:  # fmt: skip
        """Whether it was done: not where somebody else was quicker, and something else is kept.

        With ``keep_admin`` raises :class:`LastAdmin`.
        """
        call = acts.account(
            done.act,
            name,
            actor=done.actor,
            kept=kept,
            wanted=wanted,
            told=(done.before, done.after),
            keep_admin=keep_admin,
        )
        answer = self._run(call)
        if answer < 0:
            raise LastAdmin(name)
        return bool(answer)

    def failures(self, *whom: str) -> list[int]:
        """How often each of ``whom`` failed to log in lately."""
        found: Any = plain(lambda: self._redis.mget([login_key(one) for one in whom]))
        return [int(count or 0) for count in found]

    def failed(self, *whom: str) -> list[int]:
        """Count one more failure for each, for ``LOGIN_TTL_S`` from the first on; how many now."""

        def count() -> list[int]:
            pipeline = self._redis.pipeline(transaction=True)
            for one in whom:
                pipeline.set(login_key(one), 0, ex=LOGIN_TTL_S, nx=True)
                pipeline.incr(login_key(one))
            counts: list[int] = pipeline.execute()[1::2]
            return counts

        return plain(count)


def _written(operator: Operator) -> str:
    value = asdict(operator)
    del value["name"]
    return json.dumps(value)


def _told(operator: Operator) -> str:
    """What the record may say of an account: all but the password, of which only that it moved."""
    return json.dumps({"role": operator.role, "generation": operator.generation})


def _read(name: str, raw: bytes) -> Operator:
    value = json.loads(raw)
    return Operator(
        name,
        Role(value["role"]),
        value["password"],
        value["made_at_ms"],
        value["generation"],
    )

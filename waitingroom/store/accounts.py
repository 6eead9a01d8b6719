"""Operators' accounts in the store, and how often somebody tried a password lately."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import redis

from waitingroom.operators import NoSuchOperator, Operator, OperatorExists, Role
from waitingroom.store.faults import translated
from waitingroom.store.keys import LOGIN_TTL_S, OPERATORS, ended_key, login_key

T = TypeVar("T")


class Accounts:
    """All operators of a system. Raises ``StoreDown`` like every other use of the store."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def find(self, name: str) -> Operator | None:
        """The account, or None."""
        raw: Any = self._plain(lambda: self._redis.hget(OPERATORS, name))
        return _read(name, raw) if raw else None

    def in_session(self, name: str, session: str) -> Operator | None:
        """The account, unless this session of it was ended; in one round trip."""

        def ask() -> Any:
            pipeline = self._redis.pipeline(transaction=False)
            pipeline.hget(OPERATORS, name)
            pipeline.exists(ended_key(session))
            return pipeline.execute()

        raw, ended = self._plain(ask)
        return _read(name, raw) if raw and not ended else None

    def end_session(self, session: str, within_s: int) -> None:
        """Let nobody use a session any more that would end by itself ``within_s``."""
        self._plain(lambda: self._redis.set(ended_key(session), "", ex=within_s))

    def all(self) -> list[Operator]:
        """Every account by name."""
        raw: Any = self._plain(lambda: self._redis.hgetall(OPERATORS))
        return [_read(name.decode(), value) for name, value in sorted(raw.items())]

    def add(self, operator: Operator) -> None:
        """Make an account. Raises :class:`OperatorExists`."""
        value = _written(operator)
        if not self._plain(lambda: self._redis.hsetnx(OPERATORS, operator.name, value)):
            raise OperatorExists(operator.name)

    def change(
        self, name: str, *, password: str | None = None, role: Role | None = None
    ) -> Operator:
        """Give an account another password (hashed) or role; ends its sessions, and what was
        counted against its name.

        Raises :class:`NoSuchOperator`. Of two changes at once the later one counts.
        """
        found = self.find(name)
        if found is None:
            raise NoSuchOperator(name)
        changed = replace(
            found,
            password=password or found.password,
            role=role or found.role,
            generation=found.generation + 1,
        )
        self._plain(lambda: self._redis.hset(OPERATORS, name, _written(changed)))
        self._plain(lambda: self._redis.delete(login_key(f"name:{name}")))
        return changed

    def remove(self, name: str) -> None:
        """End an account and its sessions. Raises :class:`NoSuchOperator`."""
        if not self._plain(lambda: self._redis.hdel(OPERATORS, name)):
            raise NoSuchOperator(name)

    def failures(self, *whom: str) -> list[int]:
        """How often each of ``whom`` failed to log in lately."""
        found: Any = self._plain(lambda: self._redis.mget([login_key(one) for one in whom]))
        return [int(count or 0) for count in found]

    def failed(self, *whom: str) -> None:
        """Count one more failure for each, for ``LOGIN_TTL_S`` from the first on."""

        def count() -> None:
            pipeline = self._redis.pipeline(transaction=True)
            for one in whom:
                pipeline.set(login_key(one), 0, ex=LOGIN_TTL_S, nx=True)
                pipeline.incr(login_key(one))
            pipeline.execute()

        self._plain(count)

    def _plain(self, command: Callable[[], T]) -> T:
        with translated(None):
            return command()


def _written(operator: Operator) -> str:
    value = asdict(operator)
    del value["name"]
    return json.dumps(value)


def _read(name: str, raw: bytes) -> Operator:
    value = json.loads(raw)
    return Operator(
        name,
        Role(value["role"]),
        value["password"],
        value["made_at_ms"],
        value["generation"],
    )

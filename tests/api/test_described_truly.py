"""What the API answers is what its description says, whatever is sent: found by schemathesis.

Against a console that runs, over a real store, as each role. Bounded and the same each time.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
import schemathesis
from callers import AWAY, SHOP_KEY, console, keys_of
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from waitingroom.model import Settings
from waitingroom.operators import Role
from waitingroom.room_ids import is_room_id
from waitingroom.run.embedded import EmbeddedStore
from waitingroom.store.client import Store
from waitingroom.store.keys import OPERATOR_KEYS, OPERATORS, REHEARSALS, ROOMS, SHOP_KEYS, SYSTEM
from waitingroom.store.rehearsals import Rehearsals

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
A_FEW = settings(
    max_examples=4,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
TABLES = (OPERATORS, OPERATOR_KEYS, SHOP_KEYS, REHEARSALS)
METHODS = {"get", "post", "put", "patch", "delete"}
LIMIT_S = 30
"""For an answer."""


@pytest.fixture(scope="module")
def keys(embedded: EmbeddedStore) -> Iterator[dict[Role, str]]:
    """A key of each role. Rooms, accounts and keys that were made go in the end."""
    store = Store.connect(embedded.url, timeout_s=10)
    client: redis.Redis = store._redis
    before = {table: set(client.hkeys(table)) for table in TABLES}
    rooms = set(client.smembers(ROOMS))
    yield keys_of(store, "all-described")
    there = Rehearsals(store)
    for one in there.all():
        if one.room not in {name.decode() for name in before[REHEARSALS]}:
            there.clean_up(one)
    if made := set(client.smembers(ROOMS)) - rooms:
        client.srem(ROOMS, *made)
    for table, names in before.items():
        if more := set(client.hkeys(table)) - names:
            client.hdel(table, *more)
    store.close()


def state(store: Store, room: str) -> object:
    """What only an act changes: where the records end, and who may do what. What a plan had to do
    by now is done first.
    """
    store.status(room)
    tables = [store._redis.hgetall(table) for table in TABLES]
    return store.record.heads([SYSTEM, room]), tables, store.steps(room)


def operations() -> list[Any]:
    """All of them, from the console as it is built."""
    document = console(AWAY).get("/api/v1/openapi.json").json
    for item in document["paths"].values():
        for operation in METHODS.intersection(item):
            # We send the keys ourselves: one of each role, and no other.
            del item[operation]["security"]
    schema = schemathesis.openapi.from_dict(document)
    return [found.ok() for found in schema.get_all_operations()]


OPERATIONS = operations()


@pytest.mark.parametrize("operation", OPERATIONS, ids=[one.label for one in OPERATIONS])
def test_every_answer_is_described_whoever_asks_and_whatever(
    operation: Any, url: str, store: Store, room_id: str, keys: dict[Role, str]
) -> None:
    """No 5xx, nothing undocumented; and whoever is refused has changed nothing."""
    role = operation.definition.raw.get("x-role")
    store.create(room_id, Settings(rate_per_min=60, origins=("https://shop.example",)), actor="t")
    holders = list(keys.items()) if role else [(Role.VIEWER, SHOP_KEY)]
    good = operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
    bad = operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    asked = 0

    @A_FEW
    @given(case=st.one_of(good, bad), ours=st.booleans())
    def ask(case: Case, ours: bool) -> None:
        nonlocal asked
        given_room = str(case.path_parameters.get("room", ""))
        if ours and is_room_id(given_room):
            case.path_parameters["room"] = room_id
        for holder, key in holders:
            before = state(store, room_id)
            answer = case.call(
                base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=LIMIT_S
            )
            # That these two refuse wrong documents too, schemathesis does not know.
            too_long = answer.status_code in (413, 414)
            case.validate_response(answer, checks=CHECKS[: -1 if too_long else None])
            if role and not holder.may(Role(role)):
                assert answer.status_code in (403, 414), answer.text
            if answer.status_code >= 400:
                assert state(store, room_id) == before, answer.text
            asked += 1

    ask()
    assert asked >= len(holders)

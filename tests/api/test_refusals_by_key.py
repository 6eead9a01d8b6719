"""Which role an operation takes: as it is described, as its refusals say, as its page has it."""

import re

from callers import AWAY, Caller, console

from waitingroom.console.acts import ACTS
from waitingroom.operators import Role

METHODS = {"get", "post", "put", "patch", "delete"}
Callers = dict[Role, Caller]


def test_each_operation_names_the_role_that_it_takes(callers: Callers) -> None:
    """To a key that is one role short."""
    operations = [
        (method, path.removeprefix("/api/v1"), Role(one["x-role"]))
        for path, item in console(AWAY).get("/api/v1/openapi.json").json["paths"].items()
        for method, one in item.items()
        if method in METHODS and "x-role" in one
    ]
    assert len(operations) > 40
    roles = list(Role)
    for method, path, role in operations:
        if role is Role.VIEWER:
            continue
        short = roles[roles.index(role) - 1]
        answer = callers[short](method, re.sub(r"\{\w+\}", "spring", path))
        assert answer.status_code == 403, path
        assert f"takes the role {role};" in answer.json["message"], path
    taken = {path: role for method, path, role in operations if method == "post"}
    assert {name: taken[f"/rooms/{{room}}/{name}"] for name in ACTS} == {
        name: act.role for name, act in ACTS.items()
    }

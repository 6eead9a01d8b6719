"""Whoever may not do something is told which role may: that role itself is not refused."""

import re

from desks import Desk

from waitingroom.console.acts import ACTS
from waitingroom.operators import Role

NOT_BY_ROLE = ("/api/", "/login", "/logout")
SAID = re.compile(r"takes the role (\w+)")


def _forms(desk: Desk, room: str) -> list[str]:
    """Every address that a form of the console may go to."""
    values = {"room": room, "span": "hour", "lease": "abc", "code": "ABCDEF", "id": "1"}
    rules = [
        rule.rule
        for rule in desk.client.application.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and not rule.rule.startswith(NOT_BY_ROLE)
    ]
    found = []
    for rule in rules:
        names = ACTS if rule.endswith("/acts/<name>") else ("pace",)
        filled = re.sub(r"<(?:\w+:)?(\w+)>", lambda one: values.get(one[1], "{name}"), rule)
        found += sorted({filled.replace("{name}", name) for name in names})
    return found


def test_each_form_names_the_role_that_it_takes(
    store_url: str, people: dict[Role, str], room: str
) -> None:
    """Asked in the order of the roles, a form refuses all before the one that it names."""
    desks = {role: Desk(store_url) for role in Role}
    for role, desk in desks.items():
        desk.log_in(people[role])
    tokens = {role: desk.token() for role, desk in desks.items()}
    named = {}
    for path in _forms(desks[Role.VIEWER], room):
        answers = {role: desks[role].post(path, {}, token=tokens[role]) for role in Role}
        refused = [role for role, answer in answers.items() if answer.status_code == 403]
        named[path] = list(Role)[len(refused)]
        assert refused == list(Role)[: len(refused)], path
        said = {found[1] for role in refused if (found := SAID.search(answers[role].text))}
        assert said == ({named[path]} if refused else set()), path
    assert len(named) > 25
    assert {name: named[f"/rooms/{room}/acts/{name}"] for name in ACTS} == {
        name: act.role for name, act in ACTS.items()
    }

"""The description of the API: valid, whole, and open to read."""

from callers import AWAY, console
from openapi_spec_validator import validate

from waitingroom.console.api.meanings import IN
from waitingroom.operators import Role

METHODS = {"get", "post", "put", "patch", "delete"}


def test_the_description_is_valid_and_needs_neither_key_nor_store() -> None:
    """Whoever writes a program begins with it."""
    answer = console(AWAY).get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    validate(answer.json)


def test_every_operation_is_described() -> None:
    """With what it does, whom it takes, and that it may be refused; a name of its own each."""
    client = console(AWAY)
    document = client.get("/api/v1/openapi.json").json
    names = []
    for path, item in document["paths"].items():
        for method in METHODS.intersection(item):
            operation = item[method]
            names.append(operation["operationId"])
            assert operation["summary"].endswith("."), path
            assert operation["security"], path
            assert {"401", "405", "411", "413", "503"} <= set(operation["responses"]), path
            assert "default" not in operation["responses"], path
            if operation["security"] == [{"operator_key": []}]:
                assert operation["x-role"] in set(Role), path
    assert len(set(names)) == len(names)
    rules = [rule.rule for rule in client.application.url_map.iter_rules()]
    ours = [rule for rule in rules if rule.startswith("/api/")]
    served = {rule.replace("<", "{").replace(">", "}") for rule in ours}
    assert served - {"/api/v1/openapi.json"} == set(document["paths"])


def test_who_has_nothing_but_the_description_can_write_a_program_by_it() -> None:
    """Every field has a meaning, with its unit, or its document has; every refusal has its codes;
    keys, times, versions and faults are told of at its head; changes have examples.
    """
    document = console(AWAY).get("/api/v1/openapi.json").json
    for name, schema in document["components"]["schemas"].items():
        taken = schema.get("properties", {}).items()
        blank = [field for field, told in taken if not ("description" in told or "$ref" in told)]
        assert not blank or schema.get("description"), (name, blank)
    # Generators make a class of each.
    names = list(document["components"]["schemas"])
    assert all(name[0].isupper() for name in names), names
    assert len({name.lower() for name in names}) == len(names)
    schemas = document["components"]["schemas"]
    # What is called alike is not always the same: a refusal has a message, and a room another.
    for (name, field), said in IN.items():
        assert schemas[name]["properties"][field]["description"] == said, (name, field)
    knobs = schemas["Knobs"]
    assert "0 holds everybody" in knobs["properties"]["rate_per_min"]["description"]
    assert "1970" in knobs["properties"]["opens_at_ms"]["description"]
    assert knobs["minProperties"] == 1
    for word in ("Bearer", "1970", "fields", "If-Match", "Retry-After", "X-Request-ID"):
        assert word in document["info"]["description"]
    told = document["components"]["responses"]
    assert "`version_conflict`" in told["CONFLICT"]["description"]
    assert "Retry-After" in told["SERVICE_UNAVAILABLE"]["headers"]
    turn = document["paths"]["/api/v1/rooms/{room}/knobs"]["patch"]
    assert "ETag" in turn["responses"]["200"]["headers"]
    assert turn["requestBody"]["content"]["application/json"]["example"]
    assert "``" not in str(document)


def test_viewers_only_look_and_what_opens_doors_is_for_admins() -> None:
    """Whatever changes something takes more than a viewer; a what-if changes nothing."""
    document = console(AWAY).get("/api/v1/openapi.json").json
    roles = {
        f"{method} {path.removeprefix('/api/v1')}": item[method].get("x-role")
        for path, item in document["paths"].items()
        for method in METHODS.intersection(item)
    }
    viewers = {name for name, role in roles.items() if role == Role.VIEWER}
    changing = {name for name in viewers if not name.startswith("get ")}
    assert changing == {"post /rooms/{room}/what-if"}
    admins = {name for name, role in roles.items() if role == Role.ADMIN}
    opening = (" /operators", " /keys", " /shop-keys", " /record", "/staff-passes", "/guard-keys")
    doors = {name for name in roles if any(part in name for part in (*opening, "/reset"))}
    assert doors == admins

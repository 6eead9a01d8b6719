"""The frame of the API: one line makes an operation, its checks and its description.

``group.add("POST", "/rooms/<room>/undo", undo, Role.OPERATOR, answer=ROOM, changes=True)`` adds a
view that only keys of operators reach, whose name and docstring are those of the operation, and
whose every answer is described. It ``changes`` something: so it may say why (``?why=``), and in a
room be based on a version (``If-Match``). The view gets the path's values, ``version`` where it may
be based on one, ``body`` and ``query`` where they have a schema; it answers with a value that
``answer`` can show, or with a finished response.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, Final, NoReturn

import flask_smorest
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.openapi import OpenAPIConverter
from flask import Flask
from marshmallow import Schema, ValidationError, fields
from webargs import core
from webargs.flaskparser import FlaskParser

from waitingroom import __version__
from waitingroom.console import bodies
from waitingroom.console.api import meanings
from waitingroom.console.api.bearers import Bearers
from waitingroom.console.api.schemas import WHY, BasedOn, Document, asked
from waitingroom.console.faults import HTTP_CODES, STATUS, Refused
from waitingroom.errors import NoSuchRoom
from waitingroom.operators import Role
from waitingroom.room_ids import ROOM_ID, is_room_id

PREFIX: Final = "/api/v1"
TOO_LONG = "URI_TOO_LONG_TO_READ"
OPERATOR, SHOP = "operator_key", "shop_key"
ALWAYS = (401, 403, 405, 411, 413, 429, 503)
"""What any operation may answer."""
ROOM_PARAMETER = {
    "in": "path",
    "name": "room",
    "required": True,
    "description": "The room's id.",
    "example": "spring",
    "schema": {"type": "string", "pattern": f"^{ROOM_ID.pattern}$"},
}


REFUSED = frozenset(STATUS.values()) | HTTP_CODES.keys()
AGAIN = {"description": "Seconds until it is worth asking again.", "schema": {"type": "integer"}}
ALLOWED = {"description": "What may be done there.", "schema": {"type": "string"}}
VERSIONED = {
    "ETag": {
        "description": "The room's version in quotation marks, for `If-Match`.",
        "schema": {"type": "string"},
    }
}


class Fault(Document):
    """A refusal. ``error`` is stable, ``message`` is for people."""

    error = fields.String(required=True, metadata={"example": "wrong_phase"})
    message = fields.String(required=True, metadata={"example": "the room is closed"})
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        data_key="fields",
        metadata={"description": "What is wrong with each field, where that is what is wrong."},
    )


class _Parser(FlaskParser):
    """Bodies as strict JSON, queries without unknown names; faults in our own form."""

    DEFAULT_UNKNOWN_BY_LOCATION = FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION | {"query": None}

    def _raw_load_json(self, req: Any) -> Any:
        body = req.get_data()
        if not body:
            return core.missing
        if req.mimetype != "application/json":
            raise Refused("not_json", "the body must be JSON, with Content-Type: application/json")
        return bodies.strict(body)

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Every wrong field with a sentence."""
        # By where it was found, of which here is only one.
        (found,) = error.messages_dict.values()
        told = dict(_sentences("", found))
        message = "; ".join(f"{name}: {why}" for name, why in told.items())
        raise Refused("bad_fields", message, fields=told)


_OURS = {
    "Unknown field.": "there is no such field",
    "Missing data for required field.": "is missing",
    "Field may not be null.": "must not be null",
    "Not a valid list.": "must be a list",
    "Not a valid string.": "must be text",
    "Not a valid mapping type.": "must be an object",
    "Invalid input type.": "must be an object",
}
"""For marshmallow's own sentences."""


def _sentences(name: str, found: Any) -> Iterator[tuple[str, str]]:
    """Field and sentence, of what marshmallow nests by field and index."""
    if not isinstance(found, Mapping):
        told = (_OURS.get(str(one), str(one)) for one in found)
        yield name or "the document", " ".join(told).rstrip(".")
        return
    for key, inner in found.items():
        own = "" if key in ("_schema", "value", "key") else str(key)
        yield from _sentences(".".join(filter(None, (name, own))), inner)


class _Converter(OpenAPIConverter):
    """Tells how many fields are to be named, too; and that what may be null is no other object."""

    def schema2jsonschema(self, schema: Schema) -> dict[str, Any]:
        counted: dict[str, Any] = getattr(schema.Meta, "counted", {})
        found: dict[str, Any] = super().schema2jsonschema(schema)  # type: ignore[no-untyped-call]
        for told in found.get("properties", {}).values():
            for one in told.get("anyOf", ()):
                one.update({"enum": [None]} if one.get("nullable") else {})
        return found | counted


class _Plugin(MarshmallowPlugin):
    Converter = _Converter


class Api(flask_smorest.Api):  # type: ignore[misc]
    """The operations of an application, and their description at ``/api/v1/openapi.json``."""

    ERROR_SCHEMA = Fault
    DEFAULT_ERROR_RESPONSE_NAME = None

    def __init__(self, app: Flask) -> None:
        app.config.update(OPENAPI_URL_PREFIX=PREFIX)
        super().__init__(
            app,
            spec_kwargs={
                "title": "Waiting room",
                "version": __version__,
                "openapi_version": "3.0.3",
                "marshmallow_plugin": _Plugin(),
                "info": {"description": meanings.WHOLE},
            },
        )
        for name, whose in ((OPERATOR, "An operator's key"), (SHOP, "A shop's key")):
            scheme = {"type": "http", "scheme": "bearer", "description": f"{whose}."}
            self.spec.components.security_scheme(name, scheme)
        told = {"description": "The address is longer than 8,190 bytes: the web server's answer."}
        content = {"text/html": {"schema": {"type": "string"}}}
        self.spec.components.response(TOO_LONG, told | {"content": content})

    def _register_responses(self) -> None:
        """Each refusal with its codes, and where it says when to come again."""
        super()._register_responses()
        for status in sorted(REFUSED):
            found = self.spec.components.responses_lazy[HTTPStatus(status).name]
            found["description"] = meanings.of_status(status, HTTPStatus(status).phrase)
            if status in (429, 503):
                found["headers"] = {"Retry-After": AGAIN}
            if status == 405:
                found["headers"] = {"Allow": ALLOWED}

    def _register_error_handlers(self) -> None:
        """None but our own: see :mod:`waitingroom.console.faults`."""


class Group(flask_smorest.Blueprint):  # type: ignore[misc]
    """Operations that belong together. ``about``: in a sentence what they are for."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, name: str, about: str, bearers: Bearers) -> None:
        super().__init__(f"api_{name}", __name__, url_prefix=PREFIX, description=about)
        self._bearers = bearers

    def add(
        self,
        method: str,
        rule: str,
        view: Callable[..., Any],
        role: Role,
        *,
        answer: type[Schema] | Schema | dict[str, str] | None = None,
        status: int = 200,
        body: type[Schema] | None = None,
        body_required: bool = True,
        query: Mapping[str, fields.Field[Any]] | None = None,
        changes: bool = False,
        based: bool | None = None,
        also: tuple[int, ...] = (),
        content_type: str | None = None,
        etag: bool = False,
        example: Mapping[str, Any] | None = None,
    ) -> None:
        """One operation. ``changes``: it is recorded. ``based``: it may be based on a version, as,
        where nothing is said, every change of a room. ``also``: other statuses it may answer.
        ``content_type``: of an answer that is no JSON. ``etag``: it tells a room's version, as
        every operation that is based on one does. ``example``: a body.
        """
        based = (changes and "<room>" in rule) if based is None else based
        asks = ({"why": WHY} if changes else {}) | dict(query or {})
        statuses = {*ALWAYS, *also} | ({400, 415} if body else set())
        statuses |= ({422} if asks or body else set()) | ({404} if "<" in rule else set())
        statuses |= {409} if based else set()
        made = self.doc(
            **meanings.of_view(view),
            security=[{OPERATOR: []}],
            responses=refusals(statuses),
            **{"x-role": role.value},
        )(_called(view, bool(query), based))
        # What costs most to describe comes last: each of these copies all that was said before.
        if based:
            made = self.arguments(BasedOn, location="headers", arg_name="headers")(made)
        if asks:
            schema = asked(f"{view.__name__}_query", **asks)
            made = self.arguments(schema, location="query", arg_name="query")(made)
        if body:
            told = {"required": body_required, "example": example}
            made = self.arguments(body, arg_name="body", **told)(made)
        headers = VERSIONED if based or etag else None
        made = self.response(status, answer, content_type=content_type, headers=headers)(made)
        path = [ROOM_PARAMETER] if "<room>" in rule else []
        checked = self._checked(made, role)
        self.add_url_rule(rule, view.__name__, checked, methods=[method], parameters=path)

    def _checked(self, view: Callable[..., Any], role: Role) -> Callable[..., Any]:
        """Who asks comes first; then whether there can be such a room; then what is asked."""

        @wraps(view)
        def checked(**path: str) -> Any:
            self._bearers.let_in(role)
            if not is_room_id(path.get("room", "a")):
                raise NoSuchRoom(path["room"][:40])
            return view(**path)

        return checked


def refusals(statuses: Iterable[int]) -> dict[int, str]:
    """What each status says, by the names that the description has for them."""
    return {status: HTTPStatus(status).name for status in sorted(statuses)} | {414: TOO_LONG}


def _called(view: Callable[..., Any], queried: bool, based: bool) -> Callable[..., Any]:
    """The view as webargs calls it. ``?why=`` is left to whoever names the actor."""

    @wraps(view)
    def called(*, query: Any = None, headers: Any = None, **given: Any) -> Any:
        given |= {"query": query} if queried else {}
        given |= {"version": headers.get("version")} if based else {}
        return view(**given)

    return called

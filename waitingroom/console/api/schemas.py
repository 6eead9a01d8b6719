"""What the API takes and tells, as marshmallow schemas; those of our own values are derived."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from waitingroom.console.api import meanings
from waitingroom.plain import ONE_LINE, is_line
from waitingroom.plan import PlanStep
from waitingroom.settings import LATEST_MS, LONGEST_WHY

_DIGITS = re.compile(r"[0-9]{1,16}", re.ASCII)
VERSION = re.compile(r'^("[0-9]{1,15}"|[0-9]{1,15})$')


class Whole(fields.Integer):
    """A whole number; ``true`` and ``"1"`` are none."""

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValidationError("must be a whole number")
        return super()._validated(value)


class Count(fields.Integer):
    """A whole number in an address, in digits."""

    def _validated(self, value: Any) -> Any:
        if not (isinstance(value, str) and _DIGITS.fullmatch(value)):
            raise ValidationError("must be a whole number, in digits")
        return super()._validated(value)


class Flag(fields.Boolean):
    """``true`` or ``false``, and nothing that could be meant so."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Text(fields.String):
    """Text without line breaks or other control characters."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> str:
        text: str = super()._deserialize(value, *args, **kwargs)
        if not is_line(text):
            raise ValidationError("must not hold line breaks or control characters")
        return text


class Setting(fields.Field[int]):
    """The value of a knob that a plan turns: a whole number, or whether people may join."""

    def __init__(self, **more: Any) -> None:
        kinds = {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}
        super().__init__(metadata=kinds | more.pop("metadata", {}), **more)

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        if not isinstance(value, int):
            raise ValidationError("must be a whole number, or true or false")
        return value


def whole(
    low: int, high: int, *, about: str = "", either: Sequence[dict[str, Any]] = (), **more: Any
) -> Whole:
    """From ``low`` to ``high``. ``about``, here and below: its description. ``either``: what else
    is to be so, of which one is enough, as whoever takes it sees to.
    """
    told: dict[str, Any] = {"anyOf": list(either)} if either else {}
    allowed = validate.Range(low, high, error=f"must be from {low} to {high}")
    return Whole(validate=allowed, metadata=told | _said(about), **more)


def count(low: int, high: int, *, about: str = "", **more: Any) -> Count:
    """The same in an address."""
    allowed = validate.Range(low, high, error=f"must be from {low} to {high}")
    return Count(validate=allowed, metadata=_said(about), **more)


def text(
    longest: int, *, shortest: int = 0, about: str = "", form: str = ONE_LINE, **more: Any
) -> Text:
    """At most ``longest`` characters. ``form``: what whoever takes it wants it to be, for the
    description.
    """
    told = f"must have {shortest} to {longest} characters"
    allowed = validate.Length(shortest, longest, error=told)
    return Text(validate=allowed, metadata=_said(about) | {"pattern": form}, **more)


def pick(kind: type[StrEnum], *, about: str = "", **more: Any) -> fields.Enum[Any]:
    """One of the words of ``kind``."""
    return fields.Enum(kind, by_value=fields.String, metadata=_said(about), **more)


def moment(**more: Any) -> Whole:
    """Milliseconds since 1970, UTC."""
    return whole(0, LATEST_MS, **more)


def _said(about: str) -> dict[str, str]:
    return {"description": about} if about else {}


class Document(Schema):
    """What is taken or told. It never changes: smorest, which copies all that describes an
    operation again and again, gets the same one.

    What nothing is said of is described by its name; the whole by its class's docstring.
    """

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if cls.__doc__ and "Meta" not in cls.__dict__:
            about = {"description": meanings.plain(cls.__doc__)}
            setattr(cls, "Meta", type("Meta", (cls.Meta,), about))  # noqa: B010 - a type, to mypy

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Say what it is."""
        if about := meanings.of_field(field_name, type(self).__name__):
            field_obj.metadata = {"description": about, **field_obj.metadata}

    def __deepcopy__(self, _memo: object) -> Self:
        return self


def asked(
    name: str, counted: tuple[int, int | None] = (0, None), /, **known: fields.Field[Any]
) -> type[Schema]:
    """A document, or a query, with these fields and no others. ``name``: in the description.
    ``counted``: how many of them are to be named at least and at most, which whoever takes it
    sees to.
    """
    told = zip(("minProperties", "maxProperties"), counted, strict=True)
    more = {"counted": {name: number for name, number in told if number}}
    meta = type("Meta", (), {"unknown": RAISE} | more)
    return type(name, (Document,), {**known, "Meta": meta})


WHY = text(LONGEST_WHY, about="Why, for the record; shoppers do not read it.")


class Version(fields.Field[int]):
    """A room's version as ``ETag`` tells it, also without its quotation marks."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        if not VERSION.fullmatch(value):
            raise ValidationError('must be a version as ETag tells it, like "12"')
        return int(value.strip('"'))


class BasedOn(Document):
    """Which version of a room a change is based on."""

    version = Version(
        data_key="If-Match",
        metadata={
            "description": "The version that this is based on, as `ETag` told it. Where the room "
            "has another meanwhile nothing is done: 409 `version_conflict`. Without it the room "
            "may be at any version.",
            "type": "string",
            "pattern": VERSION.pattern,
        },
    )


@cache
def shown(kind: type, /, **more: fields.Field[Any]) -> type[Schema]:
    """How a value of ours is told: every field of the dataclass ``kind``, and ``more``."""
    assert is_dataclass(kind)
    hints = get_type_hints(kind)
    if kind is PlanStep:
        hints["value"] = Setting
    derived = {name: of_type(hints[name]) for name in kind.__dataclass_fields__}
    return type(kind.__name__, (Document,), {**derived, **more, "__doc__": kind.__doc__})


def many(schema: type[Schema]) -> Schema:
    """A list of them."""
    return schema(many=True)


def of_type(hint: Any, **more: Any) -> Any:
    """A field for a type of ours; always there, where nothing else is said."""
    more = {"required": True} | more
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (one for one in args if one is not NoneType)
        return of_type(inner, allow_none=True, **more)
    if origin is tuple or origin is list:
        return fields.List(of_type(args[0]), **more)
    if origin is not None and issubclass(origin, Mapping):
        return fields.Dict(keys=fields.String(), values=of_type(args[1]), **more)
    if isinstance(hint, type) and is_dataclass(hint):
        return fields.Nested(shown(hint), **more)
    if issubclass(hint, StrEnum):
        return pick(hint, **more)
    plain = {int: Whole, bool: Flag, str: fields.String, float: fields.Float, Setting: Setting}
    return plain[hint](**more)

"""The plan of what knobs become, and the last change of a room: values, frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ramp:
    """Steps of a plan that belong together: ``field`` goes from ``first``, where it was before the
    step at ``begins_ms``, to ``last``, at ``ends_ms``.
    """

    field: str
    begins_ms: int
    ends_ms: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step of a knob plan: from ``at_ms`` on, ``field`` has ``value``. ``ramp``: its own."""

    at_ms: int
    field: str
    value: int
    ramp: Ramp | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of a room, which an undo takes back: whose, and when.

    ``words``: each knob that would go back, with the store's word for where. ``steps``: the plan
    that would be again, or None.
    """

    actor: str
    at_ms: int
    words: dict[str, str]
    steps: tuple[PlanStep, ...] | None

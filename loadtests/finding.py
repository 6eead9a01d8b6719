"""What a check of the verdict says. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. ``wrong``: one sentence each, empty where all is well."""

    rule: str
    looked_at: str
    wrong: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the rule held."""
        return not self.wrong


def finding(rule: str, looked_at: str, wrong: Iterable[str]) -> Finding:
    """A finding from whatever yields what is wrong."""
    return Finding(rule, looked_at, tuple(wrong))

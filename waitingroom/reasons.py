"""Why an operator paused, drained or closed a room, as its shoppers are told. Pure.

A reason is one of a few that the pages say in every language, or an operator's own words, or both.
A code that a newer version knows is carried along and shown to nobody.
"""

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """What the pages have words for (``templates/gate/words.html``)."""

    TECHNICAL = "technical"
    OVERLOADED = "overloaded"
    PAYMENTS = "payments"
    STOCK = "stock"
    BOTS = "bots"
    MISTAKE = "mistake"


LABELS: dict[str, str] = {
    Cause.TECHNICAL: "technical trouble",
    Cause.OVERLOADED: "the shop is overloaded",
    Cause.PAYMENTS: "trouble with payments",
    Cause.STOCK: "a check of the stock",
    Cause.BOTS: "visits by bots",
    Cause.MISTAKE: "a mistake of ours",
}
"""Each in the operators' words."""


class Reason(NamedTuple):
    """``code``: one of :class:`Cause`, "" for none. ``text``: in the operator's own words."""

    code: str = ""
    text: str = ""

    @classmethod
    def of(cls, said: "Reason | str") -> "Reason":
        """Where a reason is asked for, a plain text is one without a code."""
        return cls(text=said) if isinstance(said, str) else said

    def in_words(self) -> str:
        """For operators, as one line; "" for no reason."""
        return ". ".join(filter(None, (LABELS.get(self.code, self.code), self.text)))


NO_REASON = Reason()

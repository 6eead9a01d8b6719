"""How the words of the page's states travel: which come with it, which later, and as what. Pure."""

from collections.abc import Mapping

from waitingroom.reasons import Reason

_Words = Mapping[str, str]
_ORDER = ("chip", "label", "big", "lead")
_AT_ONCE = frozenset({"loading", "early", "drawing", "waiting", "called"})
"""The states whose words come with the page: what a crowd sees at once."""
_LATER = frozenset(
    {
        *("lost", "expired", "afresh", "stalled", "come", "held", "no_reason"),
        *("no_notify", "fits", "after", "misfit", "reasons"),
    }
)
"""The texts that do not: few shoppers ever read them, or only where they ask for it."""


def at_once(words: Mapping[str, object]) -> dict[str, object]:
    """The words of states, or the texts, that come with the page."""
    rest = later(words)
    return {name: said for name, said in words.items() if name not in rest}


def later(words: Mapping[str, object]) -> dict[str, object]:
    """Those that the script fetches when it needs them."""
    rest = _LATER if "lost" in words else words.keys() - _AT_ONCE
    return {name: said for name, said in words.items() if name in rest}


def rows(states: Mapping[str, _Words]) -> dict[str, list[str]]:
    """The words of each state without their names, which the script knows by their order.

    Of those that come later, a word that a state before has in the same slot is that state's name.
    """
    found: dict[str, list[str]] = {}
    first: dict[tuple[int, str], str] = {}
    for kind in sorted(states, key=lambda kind: kind not in _AT_ONCE):
        said = [(slot, states[kind][name]) for slot, name in enumerate(_ORDER)]
        seen = {} if kind in _AT_ONCE else first
        found[kind] = [min(word, seen.get((slot, word), word), key=_size) for slot, word in said]
        first = dict.fromkeys(said, kind) | first
    return found


def because(words: _Words, reason: Reason) -> str:
    """A reason as its readers are told it, "" for none; a code that has no words is left out."""
    return " ".join(filter(None, (words.get(reason.code), reason.text)))


def _size(text: str) -> int:
    return len(text.encode())

"""What may stand in one line of text."""

import pytest

from waitingroom.errors import BadSetting
from waitingroom.plain import is_line
from waitingroom.settings import check, check_why


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Un instant\u00a0: merci",
        "Encore 5\u202fminutes",
        "\u0915\u094d\u200d\u0937",
        "\u0645\u06cc\u200c\u0634\u0648\u062f",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "H\u00e4n\u00adgen",
    ],
)
def test_what_languages_need_is_taken(text: str) -> None:
    """No-break spaces, joiners without a width, soft hyphens: none is a line break."""
    assert is_line(text)
    check({"message": text})
    check_why(text)


@pytest.mark.parametrize(
    "text",
    [
        *("a\nb", "a\n", "\r", "\t", "\0", "\x1b[2J", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"),
        *("\u202e", "\u2066", "\u202a"),
    ],
)
def test_what_breaks_or_turns_a_line_is_refused(text: str) -> None:
    """Nor what a terminal would carry out, or no UTF-8 can have."""
    assert not is_line(text)
    with pytest.raises(BadSetting):
        check({"message": text})

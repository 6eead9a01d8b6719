"""What may stand in one line of text that people write and read. Pure.

Not what ``str.isprintable`` says: French sets a no-break space before a colon, Hindi and Persian
join and part letters by characters without a width, and so does an emoji of several people.
"""

import re

ONE_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]*$"
"""No line breaks, no other control characters, and nothing that turns the line around, in which a
record or a page would say something else than it does. As JSON Schema writes it, too."""
_LINE = re.compile(ONE_LINE.removesuffix("$") + r"\Z")
_HALF = re.compile("[\ud800-\udfff]")


def is_line(text: str) -> bool:
    """Whether ``text`` is one. Halves of surrogate pairs, which no UTF-8 can have, are in none."""
    return bool(_LINE.match(text)) and not _HALF.search(text)

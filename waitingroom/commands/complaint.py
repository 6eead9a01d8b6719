"""What the program says when something cannot be done: one sentence, or with ``--json`` a document.

Without click, since where only the package is installed there is none.
"""

import json
import sys


def complain(code: str, message: str, as_json: bool) -> None:
    """On standard error: ``message``, or ``{"error": code, "message": …}``."""
    text = json.dumps({"error": code, "message": message}, ensure_ascii=False)
    print(text if as_json else f"waitingroom: {message}", file=sys.stderr)

"""Keys that programs send as ``Authorization: Bearer``: ``NAME.SECRET``, of which a digest is kept.

Not scrypt, as passwords: 256 random bits cannot be guessed, and each request is checked. Pure.
"""

import hashlib
import hmac
import re
import secrets

KEY_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
NAMED = "write lower-case letters, digits and _ -, at most 40, and begin with a letter or digit"
"""What a name wants to be."""
LONGEST_KEY = 200
"""Characters; more is not even looked at."""


def new_key(name: str) -> tuple[str, str]:
    """A key called ``name``: what is shown once, and its digest, which is kept."""
    text = f"{name}.{secrets.token_hex(32)}"
    return text, digest_of(text)


def name_in(text: str) -> str:
    """Whose key ``text`` says it is; "" where it can be none."""
    name, dot, _ = text.partition(".")
    return name if dot and len(text) <= LONGEST_KEY and KEY_NAME.fullmatch(name) else ""


def fits(digest: str | None, text: str) -> bool:
    """Whether ``text`` is the key whose digest is kept; as slow where there is none (None)."""
    kept = digest_of("") if digest is None else digest
    same = hmac.compare_digest(kept, digest_of(text))
    return same and digest is not None


def digest_of(text: str) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()

"""The draw (its permutation arrives with its own change)."""

import hashlib


def commitment(seed: bytes) -> str:
    """SHA-256 of the seed, in hex."""
    return hashlib.sha256(seed).hexdigest()

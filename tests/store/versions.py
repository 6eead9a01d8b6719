"""Older and newer versions of the function library, made from this one."""

import hashlib

from waitingroom.store import library

NAME = library.content_hash()


def changed(source: str, *substitutions: tuple[str, str]) -> tuple[str, str]:
    """Another version of the library, and the hash that names it and its functions."""
    for old, new in substitutions:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    name = hashlib.sha256(source.encode()).hexdigest()[:8]
    return source.replace(NAME, name), name


class Version:
    """A gate of another version: its library is loaded, and ``run`` calls it."""

    def __init__(self, store, *substitutions):
        self.redis = store._redis
        source, self.name = changed(library.source(), *substitutions)
        self.redis.function_load(source, replace=True)

    def run(self, call):
        return self.redis.fcall(
            f"wr_{call.verb}_{self.name}", len(call.keys), *call.keys, *call.args
        )

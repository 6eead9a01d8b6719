"""What a shop tells its guard, checked once at the start: a mistake is an error, not a hole."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from waitingroom.guard.paths import Rules
from waitingroom.model import Outside
from waitingroom.tokens import RoomKeyring


@dataclass(frozen=True, slots=True)
class GuardSettings:
    """Everything that the guard needs to know; :meth:`of` and :meth:`from_mapping` check it.

    ``gate``: the gate's public URL. ``api``: the room API's, or "" to be offline for good.
    ``shop``: the shop's own public origin, or "" to go by each request's scheme and Host.
    ``keyrings``: by room.
    """

    gate: str
    api: str
    shop_key: str = field(repr=False)
    keyrings: Mapping[str, RoomKeyring]
    rules: Rules
    outside: Outside
    shop: str

    @classmethod
    def of(
        cls,
        *,
        gate: str,
        api: str,
        shop_key: str,
        keys: Iterable[str],
        rooms: Mapping[str, str],
        allow: Iterable[str] = (),
        outside: str = Outside.BLOCKED,
        shop: str = "",
    ) -> "GuardSettings":
        """Check what a shop wrote. Raises :class:`ValueError` that names the word and the fault."""
        if api and not shop_key:
            raise ValueError("shop_key: the room API wants its bearer key")
        # It goes into a header, where a line's end or a letter beyond latin-1 cannot stand.
        if not (shop_key.isascii() and (shop_key.isprintable() or not shop_key)):
            raise ValueError("shop_key: has characters that cannot be in a header")
        if outside not in set(Outside):
            raise ValueError(f"outside: {outside!r} is neither “open” nor “blocked”")
        keyrings = {ring.room: ring for ring in map(RoomKeyring.parse, keys)}
        for room in rooms.values():
            if room not in keyrings:
                raise ValueError(f"keys: there are none for the room {room!r}")
        return cls(
            gate=_url("gate", gate),
            api=_url("api", api) if api else "",
            shop_key=shop_key,
            keyrings={room: keyrings[room] for room in rooms.values()},
            rules=Rules.of(rooms, list(allow)),
            outside=Outside(outside),
            shop=_url("shop", shop, origin_only=True) if shop else "",
        )

    @classmethod
    def from_mapping(cls, words: Mapping[str, str], allow: Iterable[str] = ()) -> "GuardSettings":
        """Settings from variables such as a process's environment, which the caller passes in.

        ``WAITINGROOM_GATE_URL``, ``_API_URL``, ``_SHOP_KEY``, ``_ROOM_KEYS`` (with spaces
        between), ``_ROOMS`` (``/=demo /vip=vip``), ``_ALLOW`` (added to ``allow``), ``_OUTSIDE``
        and ``_SHOP_URL``. Raises :class:`ValueError`.
        """
        values = {name.removeprefix("WAITINGROOM_"): text.strip() for name, text in words.items()}
        pairs = [pair.partition("=") for pair in values.get("ROOMS", "").split()]
        return cls.of(
            gate=values.get("GATE_URL", ""),
            api=values.get("API_URL", ""),
            shop_key=values.get("SHOP_KEY", ""),
            keys=values.get("ROOM_KEYS", "").split(),
            rooms={prefix: room for prefix, _, room in pairs},
            allow=[*allow, *values.get("ALLOW", "").split()],
            outside=values.get("OUTSIDE", "") or Outside.BLOCKED,
            shop=values.get("SHOP_URL", ""),
        )


def _url(word: str, text: str, *, origin_only: bool = False) -> str:
    """``text`` without the slash at its end, if it is an http(s) URL as we need it."""
    parts = urlsplit(text)
    good = parts.scheme in ("http", "https") and parts.hostname and not parts.username
    if not good or parts.query or parts.fragment or not (text.isascii() and text.isprintable()):
        raise ValueError(f"{word}: {text!r} is not an http:// or https:// URL without ? and #")
    if origin_only and parts.path.strip("/"):
        raise ValueError(f"{word}: {text!r} has a path; name scheme and host only")
    return text.rstrip("/")

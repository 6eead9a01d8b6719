"""Who asks: address, scheme, host and network of a request's side; behind proxies too. Pure."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from werkzeug.http import parse_list_header, parse_options_header

from waitingroom.readers import Network, ProxyHeaders

NETWORK_HEX = 16
Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Side:
    """``client``: the address that counts for the join limit. ``scheme``: "" where no proxy of ours
    says it. ``host``: as the shopper's browser names us.
    """

    client: str
    scheme: str
    host: str


@dataclass(frozen=True, slots=True)
class Proxies:
    """Those before the gate, and the headers that they write: no others are believed."""

    networks: Sequence[Network] = ()
    headers: ProxyHeaders = ProxyHeaders.X_FORWARDED

    def side_of(self, peer: str, headers: Headers) -> Side:
        """The shopper's side. ``peer``: the other end of the connection.

        Only where that is one of ours is anything believed, and only what ours wrote: of the
        addresses, from the right, the first that is no proxy of ours; of schemes and hosts what
        the outermost of ours wrote beside it. What stands further left was sent by whoever wanted
        to be somebody else.
        """
        found = list(headers)
        host = ", ".join(_lines(found, b"host"))
        if not self.trusts(peer):
            return Side(peer, "", host)
        if self.headers is ProxyHeaders.FORWARDED:
            hops, schemes, hosts = _forwarded(found)
        else:
            names = (b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host")
            hops, schemes, hosts = (_listed(found, name) for name in names)
        client, depth = self._outermost(peer, hops)
        scheme = _written_at(depth, schemes).lower()
        known = scheme if scheme in ("http", "https") else ""
        return Side(client, known, _written_at(depth, hosts) or host)

    def trusts(self, peer: str) -> bool:
        """Whether what the other end of a connection says of its client is believed."""
        return bool(self.networks) and self._is_ours(peer)

    def _outermost(self, peer: str, hops: list[str]) -> tuple[str, int]:
        """The client, and how many from the right were looked at for it."""
        client, depth = peer, 0
        for hop in reversed(hops):
            address = _address(hop)
            if address is None:
                break
            client, depth = str(address), depth + 1
            if not self._is_ours(client):
                break
        return client, depth

    def _is_ours(self, text: str) -> bool:
        address = _address(text)
        return address is not None and any(address in network for network in self.networks)


def _lines(headers: Headers, name: bytes) -> list[str]:
    return [value.decode("latin-1") for found, value in headers if found == name]


def _listed(headers: Headers, name: bytes) -> list[str]:
    """A list in a header, which may be sent as several lines."""
    lines = _lines(headers, name)
    return [item.strip() for item in ",".join(lines).split(",")] if lines else []


def _forwarded(headers: Headers) -> tuple[list[str], list[str], list[str]]:
    """RFC 7239's ``for``, ``proto`` and ``host`` of each hop, "" where it does not say."""
    items = parse_list_header(",".join(_lines(headers, b"forwarded")))
    said = [parse_options_header(f"hop; {item}")[1] for item in items]
    hops, schemes, hosts = (
        [hop.get(name, "") for hop in said] for name in ("for", "proto", "host")
    )
    return hops, schemes, hosts


def _written_at(depth: int, values: list[str]) -> str:
    """What the outermost proxy of ours wrote, of a list to which each may have added."""
    return values[-min(max(depth, 1), len(values))] if values else ""


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """An address; some proxies write its port behind it. None for anything else."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def network_of(client: str, key: bytes) -> str:
    """A name for the network of an address: IPv4 as it is, IPv6 by its /64, hashed with ``key``.

    So the store holds no address of anybody. What is no address counts as one network.
    """
    try:
        address: IPv4Address | IPv6Address | None = ip_address(client.partition("%")[0])
    except ValueError:
        address = None
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or address
    packed = address.packed[:8] if address else b""
    return hmac.digest(key, packed, sha256).hex()[:NETWORK_HEX]


def blurred(client: str) -> str:
    """The network around an address, as logs have it: IPv4 by its /24, IPv6 by its /48.

    "" for what is no address.
    """
    address = _address(client)
    if address is None:
        return ""
    return str(ip_network((address, 24 if address.version == 4 else 48), strict=False))

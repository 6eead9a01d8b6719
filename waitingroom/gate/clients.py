"""Who asks: the address of a request, also behind proxies of ours. Pure."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def client_of(peer: str, headers: Iterable[tuple[bytes, bytes]], proxies: Sequence[Network]) -> str:
    """The address that counts for the join limit.

    ``peer``: the other end of the connection. Only where that is one of ``proxies`` is
    X-Forwarded-For believed, and only what they wrote: from the right, the first address that is
    no proxy of ours. What stands further left was sent by whoever wanted to be somebody else.
    """
    if not proxies or not _is_one_of(peer, proxies):
        return peer
    lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
    found = peer
    for hop in reversed(",".join(lines).split(",")):
        address = _address(hop.strip())
        if address is None:
            break
        found = str(address)
        if not _is_one_of(found, proxies):
            break
    return found


def _is_one_of(text: str, proxies: Sequence[Network]) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in proxies)


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

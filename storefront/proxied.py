"""Whose word counts on what a request is called: that of the proxies before the shop."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from waitingroom.guard import REQUEST_ID_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Network = IPv4Network | IPv6Network


class Proxied:
    """Before the guard: hands it the ``X-Request-Id`` that comes from one of ``networks``, so that
    proxy, gate, shop and room API tell of a request by one name. The guard looks at its form, and
    makes one for all others.
    """

    def __init__(self, app: "WSGIApplication", networks: Sequence[Network]) -> None:
        self._app = app
        self._networks = networks

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """The request, as the guard shall see it."""
        given = environ.get("HTTP_X_REQUEST_ID", "")
        if given and self._trusts(environ.get("REMOTE_ADDR", "")):
            environ[REQUEST_ID_KEY] = given
        return self._app(environ, start_response)

    def _trusts(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self._networks)


def networks_in(text: str) -> tuple[Network, ...]:
    """Addresses and networks with commas between. Raises :class:`ValueError`."""
    return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())

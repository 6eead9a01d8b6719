"""What every handler has at hand, built once per worker by :mod:`waitingroom.gate.app`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from waitingroom.clients import Proxies, Side
from waitingroom.codes import Codes
from waitingroom.gate import languages
from waitingroom.gate.credentials import cookie_name, handed_over, pass_cookie, shown
from waitingroom.gate.http import TICKET_KEPT_S, Refusal, set_cookie
from waitingroom.gate.line import Line
from waitingroom.gate.origin import is_cross_site, is_ours, own_origins
from waitingroom.gate.pages import Pages
from waitingroom.gate.request import MOST_FORM_FIELDS, Request
from waitingroom.gate.rooms import KnownRoom, Rooms
from waitingroom.gate.targets import is_same_host, resolve
from waitingroom.gate.told import WaitCounts
from waitingroom.tokens import Keyring, Pass, Ticket


@dataclass(frozen=True, slots=True)
class Gate:
    """The services of one worker. ``public_url``: where shoppers reach the gate, whose path (if
    it has one) a proxy takes off before we are asked. ``proxies``: what stands before it, and is
    believed.
    """

    rooms: Rooms
    line: Line
    pages: Pages
    keyring: Keyring
    codes: Codes
    public_url: str
    clock: Callable[[], int]
    proxies: Proxies
    waits: WaitCounts = field(default_factory=WaitCounts)

    def side(self, request: Request) -> Side:
        """The shopper's side of a request, as far as we and our proxies know it. Looked at once:
        some 10 µs behind a proxy, and a join asks for it up to six times.
        """
        if request.side is None:
            peer = request.scope.get("client")
            address = str(peer[0]) if peer else ""
            request.side = self.proxies.side_of(address, request.scope["headers"])
        return request.side

    def is_secure(self, request: Request) -> bool:
        """Whether the shopper's side is https: always so where the public URL is, and elsewhere
        where a proxy of ours says it. Nobody can talk us out of it.
        """
        if self.public_url.startswith("https:"):
            return True
        return bool(self.proxies.networks) and self.side(request).scheme == "https"

    @property
    def prefix(self) -> str:
        """What stands before ``/{room}`` in addresses that we write, "" for nothing."""
        return urlsplit(self.public_url).path

    def page_of(self, request: Request, room: str, to: str) -> str:
        """The address of the page, in the language that the browser asks for."""
        lang = languages.choose(request.header(b"accept-language"))
        return f"{self.prefix}/{room}/{lang}" + (f"?to={quote(to, safe='')}" if to else "")

    def wait_page(self, room: str, to: str) -> str:
        """The address of the page without JavaScript."""
        return f"{self.prefix}/{room}/wait" + (f"?to={quote(to, safe='')}" if to else "")

    def ticket(self, request: Request, room: str) -> Ticket | None:
        """The good ticket that comes with a request, or None.

        The store dated it. So a clock that is set back, this machine's or the store's, makes no
        ticket one of the future: nobody loses a place by it.
        """
        raw = shown(request, "ticket", room, secure=self.is_secure(request))
        if not raw:
            return None
        known = self.rooms.room(room)
        return self.line.read_ticket(raw, room, max(self.clock(), known.latest_ms if known else 0))

    def code(self, ticket: Ticket) -> str:
        """What a ticket's holder tells support; "" where there is none."""
        return self.codes.of(ticket.room, ticket.epoch, ticket.arrival)

    def ticket_cookie(self, request: Request, ticket: Ticket) -> tuple[bytes, bytes]:
        """The Set-Cookie header of a ticket."""
        token = self.keyring.sign_ticket(ticket)
        secure = self.is_secure(request)
        name = cookie_name("ticket", ticket.room, secure=secure)
        return set_cookie(name, token, secure=secure, seconds=TICKET_KEPT_S)

    def pass_cookie(self, request: Request, value: Pass, *, now_ms: int) -> tuple[bytes, bytes]:
        """The Set-Cookie header of a pass."""
        return pass_cookie(self.keyring, value, now_ms=now_ms, secure=self.is_secure(request))

    def target(self, known: KnownRoom, to: str) -> str:
        """Where ``to`` leads, or a refusal where that is not the room's."""
        found = resolve(to, known.snapshot.origins)
        if found is None:
            raise Refusal(400, "bad_target", "that address is not one of this room's shop")
        return found

    def wanted(self, request: Request, known: KnownRoom) -> str:
        """Where a browser without JavaScript wants to go: as its form, its address or the page
        before says; "" where that is not the room's.

        The page is the same for everyone, so its form cannot say; its address (Referer) can.
        """
        said = (request.sent.get("to"), request.query.get("to"), self._wanted_before(request))
        good = (to for to in said if to and resolve(to, known.snapshot.origins) is not None)
        return next(good, "")

    def _wanted_before(self, request: Request) -> str:
        page = request.header(b"referer")
        if not is_ours(page, self._own_origins(request)):
            return ""
        try:
            found = parse_qs(urlsplit(page).query, max_num_fields=MOST_FORM_FIELDS)
        except ValueError:
            return ""
        return found.get("to", [""])[0]

    def reaches(self, request: Request, target: str) -> bool:
        """Whether a cookie that we set comes along to ``target``."""
        scheme = "https" if self.is_secure(request) else "http"
        return is_same_host(target, scheme, self.side(request).host)

    def handed_over(self, request: Request, value: Pass, target: str, *, now_ms: int) -> str:
        """``target``, with a handover where our cookie does not reach."""
        if self.reaches(request, target):
            return target
        return handed_over(self.keyring, value, target, now_ms=now_ms)

    def _own_origins(self, request: Request) -> frozenset[str]:
        side = self.side(request)
        secure = self.is_secure(request)
        return own_origins(self.public_url, side.host, side.scheme, secure=secure)

    def refuse_framed(self, request: Request) -> None:
        """By our pages' headers browsers show them in no frame. So that whoever runs the gate sees
        that somebody tries, it is refused here too where the browser says so.
        """
        if request.is_framed:
            raise Refusal(403, "framed", "this page cannot be part of another page")

    def refuse_cross_site(self, request: Request) -> None:
        """A form on somebody else's page could otherwise replace a good ticket by a new one."""
        origin, site = request.header(b"origin"), request.header(b"sec-fetch-site")
        own = self._own_origins(request) if origin else frozenset()
        if is_cross_site(origin, site, own):
            raise Refusal(403, "cross_site", "this request comes from another site's page")

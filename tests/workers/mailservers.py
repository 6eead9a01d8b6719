"""A real SMTP server that keeps what it takes, and can be told to misbehave at each step."""

import ssl
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

PASSWORD = "pass word/1"


@dataclass
class MailServer:
    """What arrived, and what to do: replies by step (``connect`` excepted), or a lost line.

    ``replies``: step (``mail``, ``rcpt``, ``data``) → what is said instead of yes. ``hang_up_at``:
    the step at which the line goes dead; ``data`` takes the mail first, as a server that dies right
    after would.
    """

    taken: list[bytes] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    hang_up_at: str = ""
    logins: int = 0
    encrypted: list[bool] = field(default_factory=list)

    def _say(self, server: SMTP, step: str, yes: str) -> str:
        if self.hang_up_at == step:
            assert server.transport is not None
            server.transport.abort()
        return self.replies.get(step, yes)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Each step's answer."""
        answer = self._say(server, "mail", "250 OK")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Each step's answer."""
        answer = self._say(server, "rcpt", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The mail's end has come."""
        answer = self.replies.get("data", "250 OK")
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            self.taken.append(envelope.content)
            self.encrypted.append(session.ssl is not None)
        return self._say(server, "data", answer)

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        """One name and password is right."""
        self.logins += 1
        right = data.login == b"shop" and data.password == PASSWORD.encode()
        return AuthResult(success=right, handled=right)


class Running:
    """A server on a free port. ``url``: for ``SHOP_SMTP_URL``."""

    def __init__(
        self,
        behaviour: MailServer,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        port: int,
    ) -> None:
        self._make = lambda: Controller(
            behaviour,
            hostname=host,
            port=port,
            authenticator=behaviour.authenticate,
            auth_require_tls=False,
            tls_context=tls,
            ready_timeout=30,
        )
        self._controller: Controller | None = None
        self.host, self.port = host, port

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"smtp://{self.host}:{self.port}"

    def start(self) -> None:
        """Listen."""
        self._controller = self._make()
        self._controller.start()

    def stop(self) -> None:
        """Listen no more; every connection ends."""
        if self._controller:
            self._controller.stop()
            self._controller = None

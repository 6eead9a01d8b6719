"""Where mail goes: an SMTP server, or a folder. Each knows whether a mail was taken, and says so.

A post office takes a mail in two steps: all that can still be taken back, then the one act that
cannot. Between the two it calls ``commit``, which may refuse.
"""

import contextlib
import re
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from mailbox import Maildir
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

PATIENCE_S = 20
"""For each step of the conversation with a server."""
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class NotTaken(Exception):
    """The mail was certainly not taken. Trying again later may help."""


class Refused(Exception):
    """The mail was certainly not taken, and never will be: a reply of the 5xx kind."""


class Unclear(Exception):
    """The mail may have been taken: its end went out, and no answer came."""


class PostOffice(Protocol):
    """Takes mails."""

    def take(self, message: EmailMessage, commit: Callable[[], None]) -> None:
        """Returns when the mail was taken.

        ``commit`` is called right before the act that cannot be taken back; what it raises ends
        the matter, and the mail was not taken. Raises :class:`NotTaken`, :class:`Refused` or
        :class:`Unclear`.
        """


class Outbox:
    """A Maildir, for development: any mail reader opens it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def take(self, message: EmailMessage, commit: Callable[[], None]) -> None:
        """See :class:`PostOffice`. A full disk is :class:`NotTaken`: a file appears whole."""
        try:
            self._folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            box = Maildir(self._folder, create=True)
            commit()
            box.add(message)
        except OSError as error:
            raise NotTaken(f"the outbox cannot be written: {error.strerror}") from error


class SmtpServer:
    """A server by its URL, ``smtp://[user:password@]host[:port]`` or ``smtps://…``.

    TLS is used wherever the server offers it; a password never goes without, but to this machine.
    Raises :class:`ValueError` for another kind of URL.
    """

    def __init__(self, url: str, *, patience_s: float = PATIENCE_S) -> None:
        self._at = urlsplit(url)
        if self._at.scheme not in ("smtp", "smtps") or not self._at.hostname:
            raise ValueError("SHOP_SMTP_URL wants smtp:// or smtps:// and a host")
        self._patience_s = patience_s

    def take(self, message: EmailMessage, commit: Callable[[], None]) -> None:
        """See :class:`PostOffice`. The reply to each step decides; none, before the end: not taken.

        smtplib's own ``sendmail`` raises the same error for a connection lost before and after the
        end of the mail, so the last steps are taken one by one here.
        """
        try:
            smtp = _connect(self._at, self._patience_s)
        except smtplib.SMTPResponseException as error:
            raise _kind(error.smtp_code)(_said(error.smtp_code, error.smtp_error)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error
        try:
            self._hand_over(smtp, message, commit)
        finally:
            smtp.close()

    def _hand_over(
        self, smtp: smtplib.SMTP, message: EmailMessage, commit: Callable[[], None]
    ) -> None:
        sender = message["From"].addresses[0].addr_spec
        to = message["To"].addresses[0].addr_spec
        try:
            _expect(250, smtp.mail(sender))
            _expect(250, smtp.rcpt(to))
            _expect(354, smtp.docmd("DATA"))
            # A dot alone ends the mail, so dots that begin a line are doubled (RFC 5321, 4.5.2).
            smtp.send(re.sub(rb"(?m)^\.", b"..", message.as_bytes()))
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"{type(error).__name__}: {error}") from error
        commit()
        try:
            smtp.send(b".\r\n")
            code, text = smtp.getreply()
        except Exception as error:
            # Whatever it was, a time limit of the job included: the end may have arrived.
            raise Unclear(f"{type(error).__name__}: {error}") from error
        if code < 0:
            raise Unclear("the answer was no reply")
        _expect(250, (code, text))
        _good_bye(smtp)


def _connect(at: SplitResult, patience_s: float) -> smtplib.SMTP:
    """A connection that is ready for a mail."""
    host = at.hostname or ""
    context = ssl.create_default_context()
    if at.scheme == "smtps":
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            host, at.port or 465, timeout=patience_s, context=context
        )
    else:
        smtp = smtplib.SMTP(host, at.port or 25, timeout=patience_s)
    try:
        smtp.ehlo_or_helo_if_needed()
        if at.scheme == "smtp" and smtp.has_extn("starttls"):
            # Whoever could pretend there is no TLS could also present a false certificate; where
            # no password is at stake, mail goes as any server would send it on.
            if not at.username:
                context = ssl._create_unverified_context()  # noqa: S323 - opportunistic, RFC 7435
            smtp.starttls(context=context)
        elif at.scheme == "smtp" and at.username and host not in _LOOPBACK:
            raise smtplib.SMTPNotSupportedError("no TLS: the password stays here")
        if at.username:
            smtp.login(unquote(at.username), unquote(at.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp


def _expect(code: int, reply: tuple[int, bytes]) -> None:
    """Raise for a reply that is not the one hoped for."""
    if reply[0] != code:
        raise _kind(reply[0])(_said(*reply))


def _kind(code: int) -> type[NotTaken] | type[Refused]:
    return Refused if 500 <= code < 600 else NotTaken


def _said(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"


def _good_bye(smtp: smtplib.SMTP) -> None:
    """QUIT; the mail is taken whatever comes of it."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        smtp.quit()

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
    """The mail was certainly not taken, and never will be: its address or content is no good."""


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
        try:
            self._at = urlsplit(url)
            fine = self._at.scheme in ("smtp", "smtps") and self._at.hostname and self._at.port != 0
        except ValueError:
            fine = False
        if not fine:
            raise ValueError("SHOP_SMTP_URL wants smtp:// or smtps://, a host and perhaps a port")
        self._patience_s = patience_s

    def take(self, message: EmailMessage, commit: Callable[[], None]) -> None:
        """See :class:`PostOffice`. The reply to each step decides; none, before the end: not taken.

        smtplib's own ``sendmail`` raises the same error for a connection lost before and after the
        end of the mail, so the steps are taken one by one here.
        """
        try:
            smtp = _connect(self._at, self._patience_s)
        except (OSError, smtplib.SMTPException) as error:
            # Whatever the code: what is wrong here is wrong with our settings, not with the mail.
            raise NotTaken(f"the mail server cannot be reached: {_words(error)}") from error
        try:
            _offer(smtp, message)
            commit()
            _end(smtp)
        finally:
            smtp.close()


def _offer(smtp: smtplib.SMTP, message: EmailMessage) -> None:
    """All of the mail but its end."""
    body = message.as_bytes()
    if not body.endswith(b"\r\n"):
        body += b"\r\n"
    try:
        reply = smtp.mail(message["From"].addresses[0].addr_spec)
        if reply[0] != 250:
            raise NotTaken(_said(reply))
        _judge(250, smtp.rcpt(message["To"].addresses[0].addr_spec))
        _judge(354, smtp.docmd("DATA"))
        # A dot alone ends the mail, so dots that begin a line are doubled (RFC 5321, 4.5.2).
        smtp.send(re.sub(rb"(?m)^\.", b"..", body))
    except (OSError, smtplib.SMTPException) as error:
        raise NotTaken(f"the mail server hung up: {_words(error)}") from error


def _end(smtp: smtplib.SMTP) -> None:
    """The end of the mail, and the answer to it."""
    try:
        smtp.send(b".\r\n")
        reply = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Unclear(f"the mail server did not answer: {_words(error)}") from error
    if not 200 <= reply[0] < 600:
        raise Unclear(f"no reply, but {_said(reply)!r}")
    _judge(250, reply)
    with contextlib.suppress(OSError, smtplib.SMTPException):
        smtp.quit()


def _judge(hoped: int, reply: tuple[int, bytes]) -> None:
    """Raise for a reply that is not the one hoped for.

    5xx is for good, but not where it speaks of us: a password that is missing, or (5.7, RFC 3463)
    a right to send that we lack. Somebody can mend that, and no order should have lost its mail.
    """
    code, text = reply
    if code == hoped:
        return
    ours = code in (530, 535, 538) or text.startswith(b"5.7.")
    raise (Refused if 500 <= code < 600 and not ours else NotTaken)(_said(reply))


def _words(error: OSError | smtplib.SMTPException) -> str:
    """What a driver says of it, without a class or a number where it has words."""
    if isinstance(error, smtplib.SMTPResponseException):
        return _said((error.smtp_code, _bytes(error.smtp_error)))
    return (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__


def _bytes(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode()


def _said(reply: tuple[int, bytes]) -> str:
    """For a log, where no address has a place; servers like to repeat them."""
    return re.sub(r"[^\s<>]+@[^\s<>]+", "…", f"{reply[0]} {reply[1].decode(errors='replace')}")


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
            # Whoever could present a false certificate could as well pretend that there is no TLS;
            # where no password is at stake, mail goes as servers send it on (RFC 7435).
            if not at.username:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            smtp.starttls(context=context)
            # What was said before is forgotten on both sides (RFC 3207, 4.2).
            smtp.ehlo_or_helo_if_needed()
        elif at.scheme == "smtp" and at.username and host not in _LOOPBACK:
            raise smtplib.SMTPNotSupportedError("no TLS: the password stays here")
        if at.username:
            smtp.login(unquote(at.username), unquote(at.password or ""))
    except BaseException:
        smtp.close()
        raise
    return smtp

"""Where mail goes, and what is known of it afterwards; with a real server that misbehaves."""

import socket
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from mailbox import Maildir
from pathlib import Path
from urllib.parse import quote

import aiosmtpd
import pytest
from mailservers import PASSWORD, MailServer, Running
from systems import free_ports

from workers.post import NotTaken, Outbox, PostOffice, Refused, SmtpServer, Unclear


def a_mail(text: str = "Thank you.\n") -> EmailMessage:
    """A small mail."""
    message = EmailMessage(policy=SMTP)
    message["From"] = "orders@shop.example"
    message["To"] = "ada@example.org"
    message.set_content(text, cte="quoted-printable")
    return message


class Commits:
    """Counts how often the point of no return was reached."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


def take(office: PostOffice, message: EmailMessage | None = None) -> int:
    """Hand a mail over; how often ``commit`` was called."""
    commits = Commits()
    office.take(message or a_mail(), commits)
    return commits.count


def test_a_server_takes_a_mail(smtp: Running, mail_server: MailServer) -> None:
    """Once, after one commit, and unchanged."""
    mail = a_mail("..two dots\n.one\nFrom here\n\n.\nthe end")
    assert take(SmtpServer(smtp.url), mail) == 1
    (taken,) = mail_server.taken
    assert taken == mail.as_bytes()


@pytest.mark.parametrize(
    ("step", "reply", "kind"),
    [
        ("mail", "451 later", NotTaken),
        ("rcpt", "451 later", NotTaken),
        ("data", "451 later", NotTaken),
        ("rcpt", "550 5.1.1 no such user", Refused),
        ("data", "554 5.6.0 not like this", Refused),
        ("mail", "550 we do not know you", NotTaken),
        ("rcpt", "530 authenticate first", NotTaken),
        ("rcpt", "554 5.7.1 relay access denied", NotTaken),
    ],
)
def test_a_refusal_at_any_step_is_known_as_one(
    smtp: Running, mail_server: MailServer, step: str, reply: str, kind: type[Exception]
) -> None:
    """What speaks of the mail is for good if it is 5xx; what speaks of us, somebody can mend."""
    mail_server.replies[step] = reply
    with pytest.raises(kind, match=reply):
        take(SmtpServer(smtp.url))
    assert not mail_server.taken


@pytest.mark.parametrize("step", ["mail", "rcpt"])
def test_a_line_that_goes_dead_before_the_end_is_a_mail_not_taken(
    smtp: Running, mail_server: MailServer, step: str
) -> None:
    """The server cannot have it: its end never went out."""
    mail_server.hang_up_at = step
    with pytest.raises(NotTaken):
        take(SmtpServer(smtp.url))


def test_what_a_server_says_is_passed_on_without_the_address(
    smtp: Running, mail_server: MailServer
) -> None:
    """It goes into logs, and servers like to repeat whom they refuse."""
    mail_server.replies["rcpt"] = "550 5.1.1 <ada@example.org>: no such user"
    with pytest.raises(Refused, match="no such user") as refused:
        take(SmtpServer(smtp.url))
    assert "ada" not in str(refused.value)


def test_a_line_that_goes_dead_after_the_end_leaves_it_unclear(
    smtp: Running, mail_server: MailServer
) -> None:
    """Here the server has it and could not say so."""
    mail_server.hang_up_at = "data"
    with pytest.raises(Unclear):
        take(SmtpServer(smtp.url))
    assert len(mail_server.taken) == 1


def test_a_server_that_is_not_there_or_says_nothing_has_taken_nothing() -> None:
    """Refused, frozen, or something else entirely."""
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        port = frozen.getsockname()[1]
        with pytest.raises(NotTaken):
            take(SmtpServer(f"smtp://127.0.0.1:{port}", patience_s=0.2))
    with pytest.raises(NotTaken):
        take(SmtpServer(f"smtp://127.0.0.1:{port}"))
    with pytest.raises(NotTaken):
        take(SmtpServer("smtp://nowhere.invalid:25"))


def test_a_commit_that_refuses_keeps_the_mail_from_the_server(
    smtp: Running, mail_server: MailServer
) -> None:
    """All has been said but the end; the server throws it away."""

    def refuse() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        SmtpServer(smtp.url).take(a_mail(), refuse)
    assert not mail_server.taken


def test_a_password_is_sent_to_this_machine_or_under_tls_only(mail_server: MailServer) -> None:
    """127.0.0.2 is not a name that we know as this machine's."""
    for host in ("127.0.0.1", "127.0.0.2"):
        server = Running(mail_server, host=host, port=free_ports(1)[0])
        server.start()
        url = server.url.replace("//", f"//shop:{quote(PASSWORD, safe='')}@")
        if host == "127.0.0.1":
            assert take(SmtpServer(url)) == 1
        else:
            with pytest.raises(NotTaken, match="no TLS"):
                take(SmtpServer(url))
        server.stop()
    assert mail_server.logins == 1


def test_a_wrong_password_is_not_the_mails_fault(smtp: Running, mail_server: MailServer) -> None:
    """535 is 5xx, and yet the mail will go once somebody has mended the settings."""
    with pytest.raises(NotTaken, match="535"):
        take(SmtpServer(smtp.url.replace("//", "//shop:wrong@")))
    assert not mail_server.taken


@pytest.fixture
def tls() -> ssl.SSLContext:
    """A certificate that nobody has vouched for: aiosmtpd's own tests bring one."""
    folder = Path(aiosmtpd.__file__).with_name("tests") / "certs"
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")
    return context


def test_tls_is_used_where_it_is_offered_and_a_password_wants_a_good_certificate(
    mail_server: MailServer, tls: ssl.SSLContext
) -> None:
    """Without a password any certificate is better than none."""
    server = Running(mail_server, tls=tls, port=free_ports(1)[0])
    server.start()
    assert take(SmtpServer(server.url)) == 1
    assert mail_server.encrypted == [True]
    with pytest.raises(NotTaken, match="CERTIFICATE_VERIFY_FAILED"):
        take(SmtpServer(server.url.replace("//", "//shop:secret@")))
    assert mail_server.logins == 0
    server.stop()


@pytest.mark.parametrize(
    "url", ["http://mail", "smtp://", "mail:25", "smtp://user@:25", "smtp://h:x"]
)
def test_a_url_that_is_none_is_refused_in_words(url: str) -> None:
    """The sentence names the variable."""
    with pytest.raises(ValueError, match="SHOP_SMTP_URL"):
        SmtpServer(url)


def test_the_outbox_is_a_folder_that_mail_readers_open(tmp_path: Path) -> None:
    """A Maildir; each mail a file."""
    folder = tmp_path / "deep" / "outbox"
    assert take(Outbox(folder)) == 1
    assert take(Outbox(folder)) == 1
    assert [mail["To"] for mail in Maildir(folder)] == ["ada@example.org"] * 2
    assert folder.stat().st_mode & 0o077 == 0


def test_an_outbox_that_cannot_be_written_has_taken_nothing(tmp_path: Path) -> None:
    """A file lies where the folder should be."""
    (tmp_path / "outbox").write_text("")
    with pytest.raises(NotTaken, match="outbox"):
        take(Outbox(tmp_path / "outbox" / "inner"))

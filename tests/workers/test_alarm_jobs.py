"""The jobs that tell of alarms: a real mail server, a real receiver of webhooks, RQ's worker."""

import base64
import email
import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from email.message import Message
from email.policy import default

import pytest
from burst import burst
from mailservers import MailServer, Running
from redis import Redis
from rq import Queue
from rq.registry import ScheduledJobRegistry
from systems import eventually, free_ports, served

from waitingroom import clock
from waitingroom.alarms import ALARMS
from waitingroom.console import notices
from waitingroom.console.notices import RETRIES_S, Post
from waitingroom.standing import AlarmNotice, AlarmStanding, Case
from waitingroom.store.alarms import Alarms
from workers import alarm, webhooks
from workers.post import NotTaken

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BEGAN_MS = 1_790_000_000_000
STILL = AlarmNotice(Case("WaitingRoomStandsStill", "spring"), BEGAN_MS, 0, 1500)
OVER = AlarmNotice(STILL.case, BEGAN_MS, BEGAN_MS + 300_000, 1500)
ADDRESSES = ("ada@ops.example", "bob@ops.example")


@dataclass
class Receiver:
    """A receiver of webhooks. ``answers``: a status each, then 204; ``got``: headers and body."""

    answers: list[int] = field(default_factory=list)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """One over real HTTP."""
    made = Receiver()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
            self.send_response(made.answers.pop(0) if made.answers else 204)
            self.send_header("Location", f"{made.url}/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with served(Handler) as url:
        made.url = f"{url}/hook?token=tok-3n"
        yield made


def verify(headers: dict[str, str], body: bytes, secret: str, now_s: int) -> bool:
    """What a receiver does, from the words of the scheme: also that it is not an old message."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    given = [one.partition(",")[2] for one in headers["webhook-signature"].split(" ")]
    fresh = abs(now_s - int(headers["webhook-timestamp"])) < 300
    return fresh and any(hmac.compare_digest(one, wanted) for one in given)


def enqueue(queue: Queue, notice: AlarmNotice, mails: int = 0, webhook: bool = False) -> None:
    """As the keeper does, together with how the alarm stands then."""
    stands = AlarmStanding(notice.began_ms, notice.began_ms, notice.began_ms, notice.value)
    after = {} if notice.ended_ms else {notice.case: stands}
    post = Post(queue.connection, mails=mails, webhook=webhook)
    Alarms(queue.connection).change(lambda _before: (after, []), post, [notice])


def work(store_url: str, **env: str) -> str:
    """A worker that knows whom to tell of alarms; what it said."""
    return burst(store_url, **{f"WAITINGROOM_ALARM_{name}": value for name, value in env.items()})


def again(queue: Queue) -> list[int]:
    """Take the jobs that wait for another try back into the queue, as if their time had come; how
    many tries each has left.
    """
    scheduled = ScheduledJobRegistry(queue=queue)
    found = [queue.fetch_job(job_id) for job_id in scheduled.get_job_ids()]
    jobs = [job for job in found if job]
    for job in jobs:
        queue.enqueue_job(job)
        scheduled.remove(job)
    return [job.retries_left or 0 for job in jobs]


@pytest.fixture
def told(smtp: Running, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a job that is done in this process."""
    values = {"MAIL_TO": ",".join(ADDRESSES), "SMTP_URL": smtp.url}
    values |= {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET}
    for name, value in values.items():
        monkeypatch.setenv(f"WAITINGROOM_ALARM_{name}", value)


def text_of(raw: bytes) -> tuple[Message, str]:
    """A mail, and what it says."""
    mail = email.message_from_bytes(raw, policy=default)
    return mail, mail.get_content()


def test_what_fails_first_is_tried_again_and_neither_keeps_the_other_from_being_told(
    queue: Queue, store_url: str, smtp: Running, mail_server: MailServer, receiver: Receiver
) -> None:
    """By RQ's own worker, five seconds later at first; each receiver is told once, and no address
    and no secret is in its log.
    """
    mail_server.replies["rcpt"] = f"450 no such luck for {ADDRESSES[0]}"
    receiver.answers[:] = [500]
    enqueue(queue, STILL, mails=1, webhook=True)
    settings = {"MAIL_TO": ADDRESSES[0], "SMTP_URL": smtp.url}
    settings |= {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET}
    said = work(store_url, **settings)
    lines = [json.loads(line) for line in said.splitlines() if '"not_taken"' in line]
    about = "about “Room spring: nothing moves, and 1,500 people wait” was not taken: "
    assert {line["message"] for line in lines} == {
        f"the mail to receiver 1 {about}450 no such luck for …; the next try comes in 5s",
        f"the webhook {about}the receiver of webhooks answered 500; the next try comes in 5s",
    }
    assert "Traceback" not in said
    assert again(queue) == [len(RETRIES_S) - 1] * 2
    mail_server.replies.clear()
    said += work(store_url, **settings)
    assert again(queue) == []
    assert len(mail_server.taken) == 1
    assert [verify(*one, SECRET, clock.now_ms() // 1000) for one in receiver.got] == [True] * 2
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    secrets = (*ADDRESSES, SECRET, "tok-3n", receiver.url)
    assert not [secret for secret in secrets if secret in said]


def test_what_nobody_took_before_it_was_over_is_told_as_over_alone(
    queue: Queue, store_url: str, smtp: Running, mail_server: MailServer, receiver: Receiver
) -> None:
    """A beginning behind its end would wake somebody for nothing, and leave an incident open."""
    mail_server.replies["rcpt"] = "451 not now"
    receiver.answers[:] = [503]
    settings = {"MAIL_TO": ADDRESSES[0], "SMTP_URL": smtp.url}
    settings |= {"WEBHOOK_URL": receiver.url, "WEBHOOK_SECRET": SECRET}
    enqueue(queue, STILL, mails=1, webhook=True)
    work(store_url, **settings)
    assert mail_server.taken == []
    mail_server.replies.clear()
    enqueue(queue, OVER, mails=1, webhook=True)
    assert len(again(queue)) == 2
    work(store_url, **settings)
    assert again(queue) == []
    (mail,) = [text_of(raw)[0] for raw in mail_server.taken]
    assert mail["Subject"].startswith("Over: ")
    assert [json.loads(body)["type"] for _, body in receiver.got[1:]] == ["alarm.ended"]


def test_an_alarm_is_mailed_to_each_address_and_once_more_when_it_is_over(
    told: None, mail_server: MailServer
) -> None:
    """What it is, since when, what to do, where to look."""
    for notice in (STILL, OVER):
        for nth in (0, 1):
            assert alarm.mail(asdict(notice), nth) == "taken"
    mails = [text_of(raw) for raw in mail_server.taken]
    assert [mail["To"] for mail, _ in mails] == [*ADDRESSES, *ADDRESSES]
    (mail, began), (over, ended) = mails[0], mails[2]
    words = "Room spring: nothing moves, and 1,500 people wait"
    assert mail["Subject"] == f"Critical: {words}"
    assert over["Subject"] == f"Over: {words}"
    assert began.splitlines() == [
        f"{words}.",
        "",
        "It began at 2026-09-21T14:13:20Z. You are told once more, when it is over.",
        "",
        ALARMS["WaitingRoomStandsStill"].to_do,
        "",
        "This could not be told to you earlier.",
        "",
        "The console: http://127.0.0.1:8001/rooms/spring",
        "The runbook: docs/runbook.md#waitingroomstandsstill",
    ]
    assert "ended at 2026-09-21T14:18:20Z" in ended
    assert len({mail["Message-ID"] for mail, _ in mails}) == 4
    assert len({mail["References"] for mail, _ in mails}) == 1


def test_a_webhook_says_what_began_where_and_what_to_do(told: None, receiver: Receiver) -> None:
    """The document of docs/operations.md."""
    assert [alarm.webhook(asdict(notice)) for notice in (STILL, OVER)] == ["taken"] * 2
    began, over = (json.loads(body) for _, body in receiver.got)
    assert began.keys() == {"type", "timestamp", "data"}
    assert (began["type"], over["type"]) == ("alarm.began", "alarm.ended")
    assert over["data"] == began["data"] | {"ended_at": "2026-09-21T14:18:20Z"}
    assert began["data"] == {
        "alarm": "WaitingRoomStandsStill",
        "severity": "critical",
        "room": "spring",
        "words": "Room spring: nothing moves, and 1,500 people wait",
        "to_do": ALARMS["WaitingRoomStandsStill"].to_do,
        "began_at": "2026-09-21T14:13:20Z",
        "ended_at": None,
        "console": "http://127.0.0.1:8001/rooms/spring",
    }


def test_without_a_queue_the_same_is_told_at_once(
    told: None,
    receiver: Receiver,
    mail_server: MailServer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """While the store is away; whoever does not take it is tried again, and is in no log."""
    monkeypatch.setattr(notices, "AT_ONCE_RETRIES_S", (0, 0))
    receiver.answers[:] = [500, 503]
    mail_server.replies["rcpt"] = f"550 no {ADDRESSES[0]} here"
    Post(Redis(port=free_ports(1)[0]), mails=2, webhook=True).at_once(STILL)
    eventually(lambda: len(receiver.got) == 3, "the third try")
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    eventually(lambda: not _at_work(), "all have been told, or tried")
    assert (
        caplog.text.count("an alarm was not taken by webhook: NotTaken; the next try comes in") == 2
    )
    assert not [one for one in (*ADDRESSES, "tok-3n") if one in caplog.text]


def _at_work() -> list[str]:
    return [one.name for one in threading.enumerate() if one.name.startswith(("mail-", "webhook"))]


def test_a_redirect_is_not_followed(told: None, receiver: Receiver) -> None:
    """What we tell goes where the operator said, or nowhere."""
    receiver.answers[:] = [302]
    with pytest.raises(NotTaken, match="answered 302"):
        alarm.webhook(asdict(STILL))
    assert len(receiver.got) == 1


def test_a_message_that_was_changed_or_is_old_is_known_for_it(receiver: Receiver) -> None:
    """By the verifier that docs/operations.md describes."""
    now_ms = clock.now_ms()
    body = webhooks.body_of(OVER, "http://console", now_ms)
    webhooks.post(receiver.url, body, webhooks.signed(OVER.id, body, SECRET, now_ms))
    ((headers, got),) = receiver.got
    now_s = now_ms // 1000
    assert verify(headers, got, SECRET, now_s)
    assert not verify(headers, got + b" ", SECRET, now_s)
    assert not verify({**headers, "webhook-id": STILL.id}, got, SECRET, now_s)
    assert not verify(headers, got, SECRET.replace("A", "B"), now_s)
    assert not verify(headers, got, SECRET, now_s + 301)


def test_nobody_there_is_told_without_their_address() -> None:
    """What the job raises goes into a log."""
    (port,) = free_ports(1)
    with pytest.raises(NotTaken) as failure:
        webhooks.post(f"http://127.0.0.1:{port}/tok-3n", b"{}", {})
    assert str(failure.value) == "the receiver of webhooks: ConnectionRefusedError"
    assert failure.value.__cause__ is None


def test_receivers_that_are_no_longer_set_are_let_go() -> None:
    """A job from before a change of settings."""
    assert alarm.mail(asdict(STILL), 0) == "that address is no longer told"
    assert alarm.webhook(asdict(STILL)) == "nobody is told by webhook any more"

"""The jobs that tell of an alarm: a mail to one address, a webhook to the receiver.

Each is tried again by RQ where it was not taken, for an hour and three quarters
(``waitingroom.console.notices``). Where nobody can tell whether it was taken it is sent again:
an alarm that is read twice does less harm than one that is not read, and both bear an id by which
receivers may know the second. What began and is over before anybody took it is told as over alone:
a beginning that comes behind its end would wake somebody, and leave an incident open. No address
and no secret is in a job's arguments, or logged.
"""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from rq import get_current_job

from waitingroom import clock
from waitingroom.alarms import ALARMS
from waitingroom.config import AlarmConfig, environment, load_config
from waitingroom.console.notices import LAST
from waitingroom.standing import AlarmNotice, Case
from waitingroom.store.alarms import Alarms
from workers import tries, webhooks
from workers.letter import templates
from workers.post import NotTaken, Refused, SmtpServer, Unclear

LATE_MS = 60_000
"""Whoever reads of an alarm so long after it began is told so."""
OVER = "it is over, and that is told by itself"


def mail(told: dict[str, Any], nth: int) -> str:
    """The RQ job: tell the ``nth`` address. Raises where another try is worth it."""
    config, notice = load_config(environment()).alarms(), notice_of(told)
    if nth >= len(config.mail_to):
        return "that address is no longer told"
    if _is_over(notice):
        return OVER
    message = letter(notice, config, config.mail_to[nth], clock.now_ms())
    try:
        SmtpServer(config.smtp_url).take(message, lambda: None)
    except Refused as why:
        return f"refused for good: {why}"
    except (NotTaken, Unclear) as why:
        tries.failed(_about(notice, f"mail to receiver {nth + 1}"), why, LAST)
        # Without what it came from: the driver's own words may hold an address.
        raise type(why)(str(why)) from None
    return "taken"


def webhook(told: dict[str, Any]) -> str:
    """The RQ job: tell the receiver. Raises where another try is worth it."""
    config = load_config(environment()).alarms()
    if not config.webhook_url:
        return "nobody is told by webhook any more"
    notice, now_ms = notice_of(told), clock.now_ms()
    if _is_over(notice):
        return OVER
    body = webhooks.body_of(notice, config.console_url, now_ms)
    headers = webhooks.signed(notice.id, body, config.webhook_secret, now_ms)
    try:
        webhooks.post(config.webhook_url, body, headers)
    except NotTaken as why:
        tries.failed(_about(notice, "webhook"), why, LAST)
        raise
    return "taken"


def _about(notice: AlarmNotice, what: str) -> str:
    return f"the {what} about “{notice.words}” was not taken"


def _is_over(notice: AlarmNotice) -> bool:
    """Whether it tells a beginning, and the alarm stands no more: that it ended is then queued or
    told, since the store wrote both at once. Without the queue there is no store to ask.
    """
    job = get_current_job()
    if job is None or notice.ended_ms:
        return False
    standing = Alarms(job.connection).kept().get(notice.case)
    return standing is None or standing.began_ms != notice.began_ms


def notice_of(told: dict[str, Any]) -> AlarmNotice:
    """What the keeper put into the job."""
    return AlarmNotice(Case(**told["case"]), told["began_ms"], told["ended_ms"], told["value"])


def letter(notice: AlarmNotice, config: AlarmConfig, to: str, now_ms: int) -> EmailMessage:
    """The mail to one address."""
    alarm = ALARMS[notice.case.name]
    message = EmailMessage(policy=SMTP)
    message["From"] = Address("Waiting room", addr_spec=config.mail_from)
    message["To"] = Address(addr_spec=to)
    over = "Over: " if notice.ended_ms else f"{alarm.severity.capitalize()}: "
    message["Subject"] = over + notice.words
    message["Date"] = format_datetime(webhooks.moment(now_ms))
    # The same of each try, so that a second can be told as one.
    message["Message-ID"] = f"<{notice.id}.{config.mail_to.index(to)}@waitingroom>"
    # What began and what ended are read together.
    message["References"] = f"<{notice.thread}@waitingroom>"
    message["Auto-Submitted"] = "auto-generated"
    text = (
        templates()
        .get_template("alarm.txt")
        .render(
            notice=notice,
            alarm=alarm,
            began=webhooks.told(notice.began_ms),
            ended=webhooks.told(notice.ended_ms) if notice.ended_ms else "",
            late=now_ms - (notice.ended_ms or notice.began_ms) > LATE_MS,
            console=webhooks.page_of(notice, config.console_url),
        )
    )
    message.set_content(text, cte="quoted-printable")
    return message

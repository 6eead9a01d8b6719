"""The confirmation as a mail. Pure: the same order gives the same bytes, whoever sends it when."""

import hashlib
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from storefront.models import Order

_HERE = Path(__file__).parent


def confirmation(order: Order, *, sender: str, shop_name: str, shop_url: str) -> EmailMessage:
    """The mail for an order whose item is loaded. ``sender``: an address, perhaps with a name."""
    name, address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name=name or shop_name, addr_spec=address)
    message["To"] = Address(addr_spec=order.email)
    message["Subject"] = f"Your order {order.number} at {shop_name}"
    message["Date"] = format_datetime(order.made_at)
    message["Message-ID"] = message_id(order, address.rpartition("@")[2])
    message["Auto-Submitted"] = "auto-generated"
    link = f"{shop_url}/orders/{order.token}"
    text = templates().get_template("confirmation.txt")
    # Seven bits, since not every server promises to carry eight.
    message.set_content(
        text.render(order=order, link=link, shop_name=shop_name), cte="quoted-printable"
    )
    return message


def message_id(order: Order, domain: str) -> str:
    """Fixed by the order, so that two mails for it, should that ever happen, can be told as one."""
    mark = hashlib.sha256(f"confirmation {order.token}".encode()).hexdigest()[:24]
    return f"<order-{order.number}.{mark}@{domain}>"


def templates() -> Environment:
    """What mails are made of."""
    # In a wheel the templates travel inside the package; in a checkout they lie beside it.
    packaged = _HERE / "templates" / "mail"
    folder = packaged if packaged.is_dir() else _HERE.parent / "templates" / "mail"
    # Plain text, in which an ampersand is an ampersand.
    return Environment(
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        autoescape=False,  # noqa: S701
    )

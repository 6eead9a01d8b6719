"""What the jobs need to know. The one reader of their variables.

``SHOP_DATABASE_URL`` and ``REDIS_URL`` are the shop's own. ``SHOP_SMTP_URL``
(``smtp://user:password@host:587``, or ``smtps://``) is where mail goes; without it a folder,
``SHOP_OUTBOX``, takes the mails, for development. ``SHOP_MAIL_FROM`` is the sender, ``SHOP_URL``
the shop's public address for the links in mails, ``SHOP_NAME`` its name.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class NoPostOffice(Exception):
    """Mails have nowhere to go. Nothing is lost: orders wait until this is set."""


@dataclass(frozen=True, slots=True)
class WorkersConfig:
    """Settings of the jobs; empty text stands for what is not set."""

    database_url: str
    redis_url: str
    smtp_url: str
    outbox: Path | None
    sender: str
    shop_url: str
    shop_name: str

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "WorkersConfig":
        """The settings in these variables."""
        outbox = env.get("SHOP_OUTBOX", "")
        return cls(
            database_url=env.get("SHOP_DATABASE_URL") or "sqlite:///shop.db",
            redis_url=env.get("REDIS_URL", ""),
            smtp_url=env.get("SHOP_SMTP_URL", ""),
            outbox=Path(outbox) if outbox else None,
            sender=env.get("SHOP_MAIL_FROM") or "orders@shop.invalid",
            shop_url=(env.get("SHOP_URL") or "http://127.0.0.1:8080").rstrip("/"),
            shop_name=env.get("SHOP_NAME") or "Stillwater Goods",
        )


def from_environment() -> WorkersConfig:
    """This process's settings."""
    return WorkersConfig.of(os.environ)  # noqa: TID251 - the jobs' composition root

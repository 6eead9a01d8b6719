"""E-mail addresses as a shopper types them. Pure."""

import re
import unicodedata

LONGEST = 254
"""RFC 5321 leaves room for this many characters."""
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*")


class BadAddress(ValueError):
    """An address that no mail could be sent to. The text tells the shopper what to do."""


def read_address(raw: str) -> str:
    """The address, trimmed, its domain in ASCII and lower case.

    Raises :class:`BadAddress`. Whether anybody reads mail there, nobody can know; quoted names and
    names beyond ASCII are refused, since many servers would refuse them later.
    """
    address = unicodedata.normalize("NFC", raw).strip()
    if not address:
        raise BadAddress("Enter your e-mail address: the confirmation goes there.")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise BadAddress("An e-mail address has a name, an @ and a domain, like ada@example.org.")
    if not _LOCAL.fullmatch(local):
        raise BadAddress("Check the part before the @: it has characters that mail cannot carry.")
    try:
        domain = domain.encode("idna").decode().lower()
    except UnicodeError:
        domain = ""
    if not _DOMAIN.fullmatch(domain):
        raise BadAddress("Check the part after the @: it should be a domain, like example.org.")
    if len(local) > 64 or len(local) + 1 + len(domain) > LONGEST:
        raise BadAddress("This address is longer than mail allows.")
    return f"{local}@{domain}"

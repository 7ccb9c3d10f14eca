"""Says from which address mails about tickets are sent, and which one replies go to.

The address for replies has a tag that names the ticket: support+<token>@example.org. Who holds it may write.
"""

import re
from collections.abc import Iterable
from email.utils import parseaddr

from sqlalchemy import select

from database import db
from domain import texts
from models.merchant import Merchant
from models.ticket import Department, Ticket

TOKEN = re.compile(r"[a-z2-7]{26}")
NOWHERE = "localhost"                   # the domain of Message-IDs where no address is set


class MailSettings:
    """The installation's own address; configured in app.py."""

    def __init__(self) -> None:
        self.mail_from: str | None = None

    def configure(self, mail_from: str | None) -> None:
        self.mail_from = parseaddr(mail_from or "")[1] or None


settings = MailSettings()


def sender_of(merchant: Merchant) -> str | None:
    """The address that mails about the merchant's tickets are sent from; None where the installation has none."""
    return merchant.support_email or settings.mail_from


def domain_of(merchant: Merchant) -> str:
    """The domain of the merchant's Message-IDs."""
    _, _, domain = (sender_of(merchant) or "").rpartition("@")
    return domain if domain.isascii() and domain else NOWHERE


def reply_address(ticket: Ticket, merchant: Merchant) -> str | None:
    """The address with the ticket's token, of its department or else of the merchant."""
    address = ticket.department.email or sender_of(merchant)
    if not address:
        return None
    account, _, domain = address.rpartition("@")
    return f"{account}+{ticket.mail_token}@{domain}"


def tokens_in(addresses: Iterable[str]) -> list[str]:
    """What may be tokens of tickets in addresses, each once, in their order."""
    found = (address.rpartition("@")[0].rpartition("+")[2].lower() for address in addresses)
    return list(dict.fromkeys(one for one in found if TOKEN.fullmatch(one)))


def untagged(address: str) -> str:
    """An address for comparison, without the token of a ticket."""
    account, at, domain = address.rpartition("@")
    before, plus, tag = account.rpartition("+")
    return texts.email_key(f"{before}@{domain}" if plus and TOKEN.fullmatch(tag.lower()) else f"{account}{at}{domain}")


def own_keys(merchant: Merchant) -> frozenset[str]:
    """The addresses, as they compare, whose mails become tickets of the merchant."""
    departments = db.session.scalars(select(Department.email).where(
        Department.merchant_id == merchant.id, Department.email.is_not(None)))
    return frozenset(texts.email_key(one) for one in (*departments, merchant.support_email, settings.mail_from) if one)

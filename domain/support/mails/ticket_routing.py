"""Finds the merchant of a mail from a mailbox that several share: by the addresses that it was sent to."""

from collections.abc import Sequence

from sqlalchemy import func, select

from database import db
from domain.support.mails import ticket_addresses
from models.merchant import Merchant
from models.ticket import Department, Ticket


def merchant_of(recipients: Sequence[str]) -> int | None:
    """The merchant by a ticket's token, by an address of its desk, or the only one; None where none is sure."""
    tokens = ticket_addresses.tokens_in(recipients)
    if tokens:
        rows = db.session.scalars(select(Ticket).where(Ticket.mail_token.in_(tokens)))
        by_token = {one.mail_token: one.merchant_id for one in rows}
        for token in tokens:
            if token in by_token:
                return by_token[token]
    for address in recipients:
        found = _owners(ticket_addresses.untagged(address))
        if found:
            return next(iter(found)) if len(found) == 1 else None
    only = db.session.scalars(select(Merchant.id).where(
        Merchant.deleted_at.is_(None)).order_by(Merchant.id).limit(2)).all()
    return only[0] if len(only) == 1 else None


def _owners(key: str) -> set[int]:
    """The merchants whose desk has this address."""
    of_merchant = select(Merchant.id).where(func.lower(Merchant.support_email) == key, Merchant.deleted_at.is_(None))
    of_department = select(Department.merchant_id).join(Merchant, Merchant.id == Department.merchant_id).where(
        func.lower(Department.email) == key, Merchant.deleted_at.is_(None))
    return {*db.session.scalars(of_merchant), *db.session.scalars(of_department)}

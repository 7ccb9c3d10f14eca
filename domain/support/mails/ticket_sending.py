"""Puts mails about tickets into the outbox, and keeps their Message-IDs, by which replies find their ticket."""

import secrets
from datetime import timedelta

from sqlalchemy import select

from database import db
from domain import clock, texts
from domain.people import merchant_mails
from domain.people.logins import customer_emails
from domain.people.merchant_mails import TICKET_ANSWER, TICKET_OPENED, TICKET_RECEIVED, TICKET_REPLIED
from domain.people.merchant_readers import admins_of
from domain.support.mails import ticket_addresses
from models.merchant import Merchant
from models.ticket import AuthorType, Ticket, TicketReply
from models.ticket_mail import MailKind, TicketMail
from models.user import User

CONFIRMED_AGAIN = timedelta(hours=1)    # after the last confirmation to the same sender
MOST_REFERENCES = 10
OF_THREAD = frozenset({MailKind.CREATED, MailKind.REPLIED, MailKind.ANSWER, MailKind.CONFIRMATION})
SUBJECT = 300                           # characters that are kept


def opened(ticket: Ticket) -> None:
    """A customer or a stranger opened a ticket: told to whoever has it, else to the merchant."""
    _notice(TICKET_OPENED, ticket, None, _staff(ticket))


def replied(ticket: Ticket, reply: TicketReply) -> None:
    """A message was added: an answer is mailed to the customer, a customer's reply to whoever has the ticket."""
    if reply.internal:
        return
    if reply.author_type is AuthorType.STAFF:
        _put(TICKET_ANSWER, MailKind.ANSWER, ticket, reply, customer_address(ticket))
    elif ticket.assignee_id is not None:
        _notice(TICKET_REPLIED, ticket, reply, _staff(ticket))


def confirm(ticket: Ticket, address: str) -> None:
    """Tell the sender of a mail that it has become a ticket, once an hour at most."""
    since = clock.now() - CONFIRMED_AGAIN
    told = db.session.scalar(select(TicketMail.id).where(
        TicketMail.merchant_id == ticket.merchant_id, TicketMail.kind == MailKind.CONFIRMATION,
        TicketMail.address_key == texts.email_key(address), TicketMail.created_at > since).limit(1))
    if told is None:
        _put(TICKET_RECEIVED, MailKind.CONFIRMATION, ticket, None, address)


def customer_address(ticket: Ticket) -> str | None:
    """Whom answers go to: the customer's user who opened the ticket, else the customer, else whoever opened it."""
    if ticket.customer is None:
        return ticket.sender
    users = customer_emails.of_customer(ticket.customer.id)
    opened = texts.email_key(ticket.sender) if ticket.sender else None
    asked = next((one.email for one in users if opened is not None and one.email_key == opened), None)
    return asked or ticket.customer.email or ticket.sender or next((one.email for one in users), None)


def customer_keys(ticket: Ticket) -> set[str]:
    """The addresses of the customer's people, as addresses compare; without a customer, of who opened the ticket."""
    if ticket.customer is None:
        return {texts.email_key(ticket.sender)} if ticket.sender else set()
    own = {texts.email_key(ticket.customer.email)} if ticket.customer.email else set()
    return own | {one.email_key for one in customer_emails.of_customer(ticket.customer.id) if one.email_key}


def thread_before(mail: TicketMail) -> list[str]:
    """The Message-IDs of the ticket's earlier mails: the first and the latest ones, oldest first."""
    of_thread = select(TicketMail.message_id).where(
        TicketMail.ticket_id == mail.ticket_id, TicketMail.id < mail.id, TicketMail.kind.in_(OF_THREAD))
    first = db.session.scalars(of_thread.order_by(TicketMail.id).limit(1)).all()
    latest = db.session.scalars(of_thread.order_by(TicketMail.id.desc()).limit(MOST_REFERENCES - 1)).all()
    return list(dict.fromkeys([*first, *reversed(latest)]))


def _staff(ticket: Ticket) -> list[str]:
    """Who is told about a ticket: its assignee, else the merchant, never an address whose mails become tickets."""
    assignee = db.session.get(User, ticket.assignee_id) if ticket.assignee_id is not None else None
    if assignee is not None and assignee.active and assignee.deleted_at is None:
        return [assignee.email]
    merchant = db.session.get_one(Merchant, ticket.merchant_id)
    own = ticket_addresses.own_keys(merchant)
    if merchant.email and texts.email_key(merchant.email) not in own:
        return [merchant.email]
    return [one for one in admins_of(merchant.id) if texts.email_key(one) not in own]


def _notice(name: str, ticket: Ticket, reply: TicketReply | None, to: list[str]) -> None:
    for address in to:
        _put(name, MailKind.NOTICE, ticket, reply, address)


def _put(name: str, kind: MailKind, ticket: Ticket, reply: TicketReply | None, address: str | None) -> None:
    """Queue a mail with its row, unless the merchant sends none of its kind or nobody would get it."""
    merchant = db.session.get_one(Merchant, ticket.merchant_id)
    if not address or not merchant_mails.is_on(merchant, name):
        return
    mail = TicketMail(
        merchant_id=ticket.merchant_id, test=ticket.test, kind=kind, ticket_id=ticket.id,
        reply_id=reply.id if reply is not None else None, address=address, address_key=texts.email_key(address),
        message_id=f"{secrets.token_hex(16)}@{ticket_addresses.domain_of(merchant)}", name="",
        subject=ticket.subject[:SUBJECT], created_at=clock.now(),
    )
    db.session.add(mail)
    db.session.flush()                               # the task names it by its id
    merchant_mails.put(
        name, lane=f"ticket_{ticket.id}" if kind is not MailKind.NOTICE else f"ticket_{ticket.id}_staff",
        merchant_id=ticket.merchant_id, test=ticket.test, about=f"ticket_{ticket.id}", ticket_mail_id=mail.id,
    )

"""Writes the mails about tickets: answers and confirmations to customers, news to the merchant's own people."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import AttachedFile, Message
from database import db
from domain import texts
from domain.access.customer_sessions import may_enter
from domain.people.logins import customer_emails
from domain.people.merchant_mails import TICKET_ANSWER, TICKET_OPENED, TICKET_RECEIVED, TICKET_REPLIED
from domain.support.mails import ticket_addresses, ticket_sending
from domain.support.mails.ticket_mail_reading import OURS
from domain.support.ticket_authors import NAMELESS
from domain.support.ticket_status import PRIORITIES
from models.merchant import Merchant
from models.ticket import Ticket, TicketAttachment, TicketReply
from models.ticket_mail import MailKind, TicketMail

KINDS = (TICKET_ANSWER, TICKET_RECEIVED, TICKET_OPENED, TICKET_REPLIED)
FOR_STAFF = frozenset({TICKET_OPENED, TICKET_REPLIED})
ANSWER_BY_MAIL = "Just answer this mail: what you write goes to the same conversation."
AUTOMATIC = {MailKind.CONFIRMATION: "auto-replied", MailKind.NOTICE: "auto-generated"}     # RFC 3834
LARGEST_TOGETHER = 10 * 1024 * 1024      # bytes of files that are sent along
LONGEST_NOTICE = 2_000                   # characters of a customer's message that staff gets by mail


# "Re:" of English, German, Dutch, Nordic, Polish and Italian programs, once or several times.
ANSWERED = re.compile(r"^(?:(?:re|aw|antw|sv|vs|odp|rif)\s*(?:\[\d+\])?\s*:\s*)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a mail is about; `link` leads staff to the ticket, `area` its customer."""

    ticket: Ticket
    who: Seller
    to: str
    link: str
    area: str = ""                       # the ticket in the client area, for its customer
    reply: TicketReply | None = None
    author: str = ""
    files: tuple[TicketAttachment, ...] = ()

    @property
    def words(self) -> str:
        return self.reply.message if self.reply is not None else self.ticket.message

    @property
    def subject(self) -> str:
        """The subject of an answer: "Re:" once, whatever the customer's program had put before it."""
        return f"Re: {ANSWERED.sub('', self.ticket.subject) or self.ticket.subject}"


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task, with what makes it part of its thread; None where what it is about is gone."""
    mail = db.session.get(TicketMail, task["ticket_mail_id"])
    ticket = db.session.get(Ticket, mail.ticket_id) if mail is not None and mail.ticket_id is not None else None
    if mail is None or ticket is None:
        return None
    reply = db.session.get(TicketReply, mail.reply_id) if mail.reply_id is not None else None
    case = Case(
        ticket=ticket, who=who, to=mail.address, link=f"{base}/admin/tickets/{ticket.id}", reply=reply,
        area=_area_link(ticket, mail.address, merchant, base),
        author=reply.author_name if reply is not None else ticket.author_name, files=_files(ticket, reply),
    )
    before = ticket_sending.thread_before(mail) if mail.kind is not MailKind.NOTICE else []
    headers = {"Message-ID": f"<{mail.message_id}>", OURS: f"<{mail.message_id}>"}
    if before:
        headers |= {"In-Reply-To": f"<{before[-1]}>", "References": " ".join(f"<{one}>" for one in before)}
    if (automatic := AUTOMATIC.get(mail.kind)) is not None:
        headers |= {"Auto-Submitted": automatic, "X-Auto-Response-Suppress": "All"}
    return WRITERS[task["mail"]](case, merchant, headers)


def answer(case: Case, merchant: Merchant, headers: Mapping[str, str]) -> Message:
    """Somebody of the merchant answered."""
    sent, left_out = _fitting(case.files)
    paragraphs = [f"Too large for a mail, so ask us for: {', '.join(left_out)}."] if left_out else []
    return Message(
        **_to_customer(case, merchant, headers), subject=case.subject,
        preview=" ".join(case.words.split())[:140], kicker=case.ticket.number,
        title=case.ticket.subject, words=case.words, under=f"{case.author or NAMELESS} wrote:", files=sent,
        paragraphs=paragraphs, why=f"You get this because {case.to} wrote to us.",
    )


def received(case: Case, merchant: Merchant, headers: Mapping[str, str]) -> Message:
    """A mail has become a ticket."""
    return Message(
        **_to_customer(case, merchant, headers), subject=case.subject, preview="We have your message.",
        kicker=case.ticket.number, title="We have your message", under="Somebody will answer you by mail.",
        facts=[("Subject", case.ticket.subject), ("Number", case.ticket.number)],
        why=f"You get this because {case.to} wrote to us.",
    )


def opened(case: Case, merchant: Merchant, headers: Mapping[str, str]) -> Message:
    """For staff: a customer opened a ticket."""
    return _for_staff(case, headers, "New ticket", f"New ticket: {case.ticket.subject}")


def replied(case: Case, merchant: Merchant, headers: Mapping[str, str]) -> Message:
    """For staff: a customer wrote in a ticket."""
    return _for_staff(case, headers, "Reply", f"{case.author} replied: {case.ticket.subject}")


WRITERS = {TICKET_ANSWER: answer, TICKET_RECEIVED: received, TICKET_OPENED: opened, TICKET_REPLIED: replied}


def _to_customer(case: Case, merchant: Merchant, headers: Mapping[str, str]) -> dict[str, Any]:
    """Who gets a mail, and where answers go: to the address with the ticket's token."""
    reply_to = ticket_addresses.reply_address(case.ticket, merchant)
    return {
        "to": [case.to], "sender_address": ticket_addresses.sender_of(merchant), "headers": headers,
        "reply_to": reply_to or case.who.email, "can_be_answered": bool(reply_to or case.who.email),
        "how_to_answer": ANSWER_BY_MAIL if reply_to else "Just answer this mail. A person reads it.",
        **({"button": "Open the conversation", "link": case.area} if case.area else {}),
    }


def _area_link(ticket: Ticket, address: str, merchant: Merchant, base: str) -> str:
    """The address of a ticket in the client area, by the merchant's sign-in; none for no user of its customer."""
    user = customer_emails.at_address(merchant.id, texts.email_key(address), test=ticket.test)
    if user is None or user.customer_id != ticket.customer_id or not may_enter(user, merchant):
        return ""
    place = "test" if ticket.test else "sign-in"
    return f"{base}/client/{place}/{merchant.area_key}?next=/client/tickets/{ticket.id}"


def _for_staff(case: Case, headers: Mapping[str, str], kicker: str, subject: str) -> Message:
    ticket, words = case.ticket, case.words
    customer = ticket.customer.name if ticket.customer is not None else ticket.sender or "Nobody’s customer"
    cut = words if len(words) <= LONGEST_NOTICE else f"{words[:LONGEST_NOTICE]}…"
    return Message(
        to=[case.to], headers=headers, subject=subject, preview=f"{ticket.number}, {customer}", kicker=kicker,
        title=ticket.subject, under=f"{case.author} wrote:", words=cut, button="Open the ticket", link=case.link,
        facts=[("Customer", customer), ("Number", ticket.number), ("Priority", PRIORITIES[ticket.priority])],
        can_be_answered=False, why=f"You get this because you answer tickets of {case.who.name}.",
    )


def _files(ticket: Ticket, reply: TicketReply | None) -> tuple[TicketAttachment, ...]:
    of_message = select(TicketAttachment).where(
        TicketAttachment.ticket_id == ticket.id,
        TicketAttachment.reply_id == reply.id if reply is not None else TicketAttachment.reply_id.is_(None))
    return tuple(db.session.scalars(of_message.order_by(TicketAttachment.id)))


def _fitting(files: tuple[TicketAttachment, ...]) -> tuple[tuple[AttachedFile, ...], list[str]]:
    """The files that are sent along, and the names of those that would make the mail too large."""
    sent: list[AttachedFile] = []
    left_out, together = [], 0
    for one in files:
        if together + one.size > LARGEST_TOGETHER:
            left_out.append(one.name)
        else:
            together += one.size
            sent.append(AttachedFile(one.name, one.mime_type, one.digest))
    return tuple(sent), left_out

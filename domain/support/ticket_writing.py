"""Stores tickets and replies with what follows from them: numbers, status, times, links. Callers check the input."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.support import ticket_files, ticket_links, ticket_status
from domain.support.mails import ticket_sending
from domain.support.ticket_authors import Author
from domain.support.ticket_files import KeptFile
from domain.support.ticket_status import MEDIUM, Step
from models.ticket import AuthorType, Department, Ticket, TicketReply, TicketStatus

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"       # addresses are compared without case
LETTERS_OF_TOKEN = 26                                        # 130 random bits

LIFE = Lifecycle(noun="ticket", emit_event=events.emit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A ticket that is about to be stored, its references checked."""

    subject: str
    message: str
    department: Department
    customer_id: int | None = None
    priority: int = MEDIUM
    assignee_id: int | None = None
    files: Sequence[KeptFile] = ()
    links: Sequence[ticket_links.LinkInput] = ()


def add_ticket(actor: Actor, draft: Draft, author: Author) -> Ticket:
    """Store a new ticket, which waits for an answer."""
    now = clock.now()
    ticket = Ticket(
        **actor.ownership(), number=_fresh_number(), customer_id=draft.customer_id, subject=draft.subject,
        message=draft.message, department_id=draft.department.id, priority=draft.priority, source=author.source,
        assignee_id=draft.assignee_id, author_type=author.kind, author_name=author.name, sender=author.sender,
        mail_token=_fresh_token(), status=TicketStatus.OPEN, waiting_since=now, created_at=now,
    )
    ticket_status.set_due(ticket)
    ticket_files.add(ticket, None, draft.files)
    ticket_links.add(ticket, draft.links)
    ticket_links.link_mentioned(ticket, draft.message)
    LIFE.add(actor, ticket)
    if author.kind is AuthorType.CLIENT:
        ticket_sending.opened(ticket)
    return ticket


def add_reply(
    actor: Actor, ticket: Ticket, message: str, author: Author, *, internal: bool = False,
    files: Sequence[KeptFile] = (),
) -> TicketReply:
    """Store a reply, or an internal note, to a locked ticket."""
    if ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one: reply there.")
    now, verb = clock.now(), "noted" if internal else "replied"
    with LIFE.changing(actor, ticket, verb, event=None if internal else ""):
        reply = TicketReply(
            merchant_id=ticket.merchant_id, test=ticket.test, ticket_id=ticket.id, author_type=author.kind,
            author_name=author.name, user_id=author.user_id, source=author.source, sender=author.sender,
            message=message, internal=internal, created_at=now,
        )
        db.session.add(reply)
        db.session.flush()                           # files name it by its id
        ticket_files.add(ticket, reply, files)
        ticket_links.link_mentioned(ticket, message)
        if not internal:
            is_staff = author.kind is AuthorType.STAFF
            ticket_status.take(ticket, Step.STAFF_REPLY if is_staff else Step.CLIENT_REPLY, now)
            ticket.last_reply_at = now
    ticket_sending.replied(ticket, reply)
    return reply


def waits_since(ticket: Ticket) -> datetime:
    """Since when the customer waits: the first message after the last answer."""
    of_ticket = select(func.max(TicketReply.created_at)).where(
        TicketReply.ticket_id == ticket.id, TicketReply.internal.is_(False),
        TicketReply.author_type == AuthorType.STAFF)
    answered = db.session.scalar(of_ticket)
    if answered is None:
        return ticket.created_at
    asked = db.session.scalar(select(func.min(TicketReply.created_at)).where(
        TicketReply.ticket_id == ticket.id, TicketReply.author_type == AuthorType.CLIENT,
        TicketReply.created_at > answered))
    return asked or clock.now()


def _fresh_number() -> str:
    """A number that no ticket has."""
    while True:
        number = f"TKT-{secrets.token_hex(4).upper()}"
        with db.session.no_autoflush:
            if db.session.scalar(select(Ticket.id).where(Ticket.number == number)) is None:
                return number


def _fresh_token() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LETTERS_OF_TOKEN))

"""Merges a ticket into another one of the same customer: its messages, files and links go there, and it is closed."""

from sqlalchemy import update

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid, NotFound
from domain.inputs import Input, RowId
from domain.support import ticket_links, ticket_status
from domain.support.ticket_listing import LISTING
from domain.support.ticket_status import WAITING, Step, take
from domain.support.ticket_writing import LIFE, waits_since
from models.ticket import Ticket, TicketAttachment, TicketReply, TicketStatus

MOST_STEPS = 50                         # of tickets that were merged one into the next
FIELD = "into"


class MergeInput(Input):
    """The ticket that stays."""

    into: RowId


def locked_pair(actor: Actor, key: int, into: int) -> tuple[Actor, Ticket, Ticket]:
    """The actor for the tickets' merchant and both tickets, locked in the order of their ids.

    Raises NotFound for the first, Invalid for the one that it is merged into.
    """
    own = actor.for_row(LISTING.get(actor, key))
    if key == into:
        raise Invalid.field(FIELD, "must be another ticket", "contradiction")
    found = {}
    for one in sorted((key, into)):
        try:
            _, found[one] = LISTING.lock(own, one)
        except NotFound:
            if one == key:
                raise
            raise Invalid.field(FIELD, "must exist", "unknown") from None
    return own, found[key], found[into]


def merge(actor: Actor, source: Ticket, target: Ticket) -> Ticket:
    """Merge a ticket into another one, both locked; returns that. Conflict where they are different customers'."""
    for one in (source, target):
        if one.merged_into_id is not None:
            raise Conflict(f"{one.number} was merged into another ticket already.")
    if None not in (source.customer_id, target.customer_id) and source.customer_id != target.customer_id:
        raise Conflict("The tickets belong to different customers.")
    waited, now = source.status in WAITING, clock.now()
    with LIFE.changing(actor, target, "merged"):
        _move_messages(source, target)
        ticket_links.move(source, target)
        target.customer_id = target.customer_id or source.customer_id
        answered = [one for one in (source.first_replied_at, target.first_replied_at) if one is not None]
        target.first_replied_at = min(answered, default=None)
        if waited and target.status is not TicketStatus.ON_HOLD:
            take(target, Step.CLIENT_REPLY, now)
            target.waiting_since = waits_since(target)
            ticket_status.set_due(target)
        target.last_reply_at = max(filter(None, (source.last_reply_at, target.last_reply_at, source.created_at)))
    with LIFE.changing(actor, source, "closed"):
        if source.status is not TicketStatus.CLOSED:
            take(source, Step.CLOSE, now)
        source.merged_into_id = target.id
    return target


def resolved(ticket: Ticket) -> Ticket:
    """The ticket in which this one's conversation goes on: itself, unless it was merged."""
    for _ in range(MOST_STEPS):
        if ticket.merged_into_id is None:
            break
        ticket = db.session.get_one(Ticket, ticket.merged_into_id)
    return ticket


def _move_messages(source: Ticket, target: Ticket) -> None:
    """Give the replies and files of a ticket to another; its first message becomes a reply there."""
    first = TicketReply(
        merchant_id=target.merchant_id, test=target.test, ticket_id=target.id, author_type=source.author_type,
        author_name=source.author_name, user_id=source.created_by_user_id, source=source.source, sender=source.sender,
        message=source.message, internal=False, created_at=source.created_at,
    )
    db.session.add(first)
    db.session.flush()                               # files name it by its id
    of_source = {
        TicketReply: TicketReply.ticket_id == source.id, TicketAttachment: TicketAttachment.ticket_id == source.id,
    }
    db.session.execute(update(TicketAttachment).where(
        of_source[TicketAttachment], TicketAttachment.reply_id.is_(None)).values(reply_id=first.id))
    for model, which in of_source.items():
        db.session.execute(update(model).where(which).values(ticket_id=target.id))
    db.session.expire(source, ["attachments"])
    db.session.expire(target, ["attachments"])

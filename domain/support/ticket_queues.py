"""The queues of the desk: which tickets wait for whom, how many, and what a user has not read of them yet."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, func, or_, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.support.ticket_listing import LISTING
from domain.support.ticket_status import WAITING
from models.customer import Customer
from models.ticket import Ticket, TicketStatus
from models.ticket_read import TicketRead

SHOWN = 50                              # tickets of a queue
OPEN = tuple(one for one in TicketStatus if one is not TicketStatus.CLOSED)
SOON = 7200.0                           # seconds before a ticket is due


class Queue(StrEnum):
    """A queue by its name in the URL."""

    WAITING = "waiting"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    OVERDUE = "overdue"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


COUNTED = tuple(one for one in Queue if one is not Queue.CLOSED)        # those that do not grow with the years
_WAITS = Ticket.status.in_(WAITING)
_NOW, _ME = bindparam("now", type_=Ticket.due_at.type), bindparam("me", type_=Ticket.id.type)
_WHICH: Mapping[Queue, ColumnElement[bool]] = {
    Queue.WAITING: _WAITS,
    Queue.MINE: and_(Ticket.status.in_(OPEN), Ticket.assignee_id == _ME),
    Queue.UNASSIGNED: and_(_WAITS, Ticket.assignee_id.is_(None)),
    Queue.OVERDUE: and_(_WAITS, Ticket.due_at < _NOW),
    Queue.ON_HOLD: Ticket.status == TicketStatus.ON_HOLD,
    Queue.CLOSED: Ticket.status == TicketStatus.CLOSED,
}
_LAST_WORD = func.coalesce(Ticket.last_reply_at, Ticket.created_at)
_COLUMNS = (
    Ticket.id, Ticket.number, Ticket.subject, Ticket.status, Ticket.priority, Ticket.due_at, Ticket.created_at,
    Ticket.author_name, Customer.name.label("customer_name"),
    or_(TicketRead.id.is_(None), TicketRead.read_at < _LAST_WORD).label("unread"),
)


def rows(actor: Actor, queue: Queue) -> Sequence[Any]:
    """The first tickets of a queue: those that are due first, of closed ones the newest."""
    own, values = LISTING.owned(actor)
    order: Any = (Ticket.due_at.is_(None), Ticket.due_at, Ticket.id)
    if queue is Queue.CLOSED:
        order = (Ticket.created_at.desc(), Ticket.id.desc())
    first = select(Ticket.id).where(*own, _WHICH[queue]).order_by(*order).limit(SHOWN)         # reads an index only
    statement = select(*_COLUMNS).outerjoin(Customer, Customer.id == Ticket.customer_id).outerjoin(
        TicketRead, and_(TicketRead.ticket_id == Ticket.id, TicketRead.user_id == _ME),
    ).where(Ticket.id.in_(first)).order_by(*order)
    return db.session.execute(statement, values | _bound(actor)).all()


def counts(actor: Actor) -> dict[Queue, int]:
    """How many tickets are in each queue of open ones."""
    own, values = LISTING.owned(actor)
    sums = [func.coalesce(func.sum(case((_WHICH[one], 1), else_=0)), 0) for one in COUNTED]
    statement = select(*sums).where(*own, Ticket.status.in_(OPEN))
    found = db.session.execute(statement, values | _bound(actor)).one()
    return dict(zip(COUNTED, map(int, found), strict=True))


def waiting(actor: Actor) -> int:
    """How many tickets wait for an answer of the actor's merchants, for the navigation."""
    own, values = LISTING.owned(actor)
    return db.session.scalar(select(func.count()).select_from(Ticket).where(*own, _WAITS), values) or 0


def overdue(actor: Actor) -> int:
    """How many tickets of the actor's merchants wait for longer than they should."""
    own, values = LISTING.owned(actor)
    late = select(func.count()).select_from(Ticket).where(*own, _WHICH[Queue.OVERDUE])
    return db.session.scalar(late, values | _bound(actor)) or 0


def mark_read(actor: Actor, ticket_id: int) -> None:
    """Keep that the user has read a ticket until now; inside a transaction."""
    if actor.user_id is None:
        return
    row = db.session.scalar(_read_by(actor.user_id, ticket_id))
    if row is None:
        db.session.add(TicketRead(user_id=actor.user_id, ticket_id=ticket_id, read_at=clock.now()))
    else:
        row.read_at = clock.now()


def is_read(actor: Actor, ticket_id: int, last_word: datetime) -> bool:
    """Whether there is nothing that the user has not read."""
    row = db.session.scalar(_read_by(actor.user_id, ticket_id)) if actor.user_id is not None else None
    return actor.user_id is None or (row is not None and row.read_at >= last_word)


def _read_by(user_id: int | None, ticket_id: int) -> Any:
    return select(TicketRead).where(TicketRead.user_id == user_id, TicketRead.ticket_id == ticket_id)


def _bound(actor: Actor) -> dict[str, Any]:
    return {"now": clock.now(), "me": actor.user_id or 0}

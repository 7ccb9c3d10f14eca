"""Manages tickets as the merchant's staff writes them: new ones, changes, and what pages offer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import func, select

from database import db
from domain import clock, usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.inputs import Choice, Input, Maybe, OrAbsent, RowId, Text, Title, Truth, Whole, changes
from domain.people import customers
from domain.resource import Action, Resource
from domain.support import assignees, departments, samples, ticket_authors, ticket_links, ticket_status
from domain.support.ticket_files import KeptFile
from domain.support.ticket_links import LinkInput
from domain.support.ticket_listing import LISTING
from domain.support.ticket_status import MEDIUM, STEP_TO, SetByHand, Step
from domain.support.ticket_writing import LIFE, Draft, add_reply, add_ticket, waits_since
from domain.usage import Use
from models.customer import Customer
from models.merchant import Merchant
from models.ticket import Ticket, TicketReply, TicketStatus

LONGEST = 20_000                        # characters of a message
Message = Annotated[str, Text(LONGEST, 1)]
Priority = Annotated[int, Whole(1, len(ticket_status.PRIORITIES))]
DepartmentNumber = Annotated[int, Whole(1, departments.MOST)]


class TicketInput(Input):
    """A ticket as staff may write it. The department is said by its number."""

    only_in_changes = frozenset({"status"})
    only_at_creation = frozenset({"message"})

    subject: Title
    message: Message
    customer_id: Maybe[RowId] = None
    department: OrAbsent[DepartmentNumber] = None
    priority: OrAbsent[Priority] = None
    assignee_id: Maybe[RowId] = None
    status: OrAbsent[Annotated[SetByHand, Choice(SetByHand)]] = None
    links: Annotated[list[LinkInput], Field(max_length=ticket_links.MOST)] = []


class ReplyInput(Input):
    """A reply, or an internal note, which customers do not see."""

    message: Message
    internal: Truth = False


def create(actor: Actor, new: TicketInput, files: tuple[KeptFile, ...] = ()) -> Ticket:
    """A new ticket that staff writes, for a customer or for nobody yet. Invalid names all that is wrong."""
    mistakes = Mistakes()
    with mistakes.collected():
        customers.LISTING.refer(actor, "customer_id", new.customer_id)
    with mistakes.collected():
        assignees.STAFF.refer(actor, "assignee_id", new.assignee_id)
    with mistakes.collected():
        department = departments.numbered(actor.merchant_id, new.department, "department")
    with mistakes.collected():
        ticket_links.check_all(actor, new.links)
    mistakes.refuse()
    own = actor.user_id if actor.own_only else None          # who sees own tickets only keeps what is not given away
    draft = Draft(
        subject=new.subject, message=new.message, department=department, customer_id=new.customer_id,
        priority=new.priority or MEDIUM, assignee_id=new.assignee_id or own, files=files, links=new.links,
    )
    return add_ticket(actor, draft, ticket_authors.of_actor(actor))


def update(actor: Actor, ticket: Ticket, given: dict[str, Any]) -> Ticket:
    """Change what was sent. The customer is set once, and a status follows the table of what may follow what."""
    mistakes, now = Mistakes(), clock.now()
    with LIFE.changing(actor, ticket) as change:
        if "subject" in given:
            ticket.subject = given["subject"]
        with mistakes.collected():
            if given.get("customer_id") != ticket.customer_id and "customer_id" in given:
                _set_customer(actor, ticket, given["customer_id"])
        with mistakes.collected():
            if "assignee_id" in given:
                assignees.STAFF.refer(actor, "assignee_id", given["assignee_id"])
                ticket.assignee_id = given["assignee_id"]
        with mistakes.collected():
            if given.get("department") is not None:
                ticket.department = departments.numbered(ticket.merchant_id, given["department"], "department")
        with mistakes.collected():
            if "links" in given:
                ticket_links.check_all(actor, given["links"])
                ticket_links.write(ticket, given["links"])
        mistakes.refuse()
        if given.get("priority") is not None:
            ticket.priority = given["priority"]
            ticket_status.set_due(ticket)
        status = given.get("status")
        if status is not None and status != ticket.status:
            change.verb = ticket_status.PAST[STEP_TO[status]]
            _take(ticket, STEP_TO[status], now)
    return ticket


def _set_customer(actor: Actor, ticket: Ticket, key: int | None) -> None:
    """Say whose ticket a stranger's is; Conflict where it is somebody's already."""
    customers.LISTING.refer(actor, "customer_id", key)
    if ticket.customer_id is not None:
        problem = Problem("locked", "can no longer be changed")
        raise Conflict("The ticket belongs to a customer already.", fields={"customer_id": problem})
    ticket.customer_id = key


def _by_hand(actor: Actor, ticket: Ticket, step: Step) -> Ticket:
    """A step by hand; Conflict where the status does not allow it."""
    with LIFE.changing(actor, ticket, ticket_status.PAST[step]):
        _take(ticket, step, clock.now())
    return ticket


def _take(ticket: Ticket, step: Step, now: datetime) -> None:
    if step is Step.REOPEN and ticket.merged_into_id is not None:
        raise Conflict("This ticket was merged into another one: reopen that.")
    ticket_status.take(ticket, step, now)


def reply(actor: Actor, ticket: Ticket, new: ReplyInput, files: tuple[KeptFile, ...] = ()) -> TicketReply:
    """Answer the customer, or leave an internal note. Conflict for a ticket that was merged into another one."""
    return add_reply(actor, ticket, new.message, ticket_authors.of_actor(actor), internal=new.internal, files=files)


def close(actor: Actor, ticket: Ticket) -> Ticket:
    return _by_hand(actor, ticket, Step.CLOSE)


def reopen(actor: Actor, ticket: Ticket) -> Ticket:
    """Put a ticket that was closed or on hold back among those that wait."""
    return _by_hand(actor, ticket, Step.REOPEN)


def hold(actor: Actor, ticket: Ticket) -> Ticket:
    """Take a ticket out of what waits until the customer writes or it is reopened."""
    return _by_hand(actor, ticket, Step.HOLD)


def take_over(actor: Actor, ticket: Ticket) -> Ticket:
    """Give the ticket to whoever asks."""
    if actor.user_id is None:
        raise Conflict("Only a user can take a ticket.")
    return update(actor, ticket, {"assignee_id": actor.user_id})


def put_status_back(actor: Actor, ticket: Ticket, was: Mapping[str, Any]) -> Ticket:
    """Undo of a step by hand: the status of before, and the waiting that belongs to it."""
    try:
        status = TicketStatus(str(was.get("status")))
    except ValueError:
        raise Invalid("This cannot be undone.") from None
    with LIFE.changing(actor, ticket):
        ticket.status = status
        ticket.closed_at = ticket.updated_at if status is TicketStatus.CLOSED else None
        ticket.waiting_since = waits_since(ticket) if status in ticket_status.WAITING else None
        ticket_status.set_due(ticket)
    return ticket


def _put_assignee_back(actor: Actor, ticket: Ticket, was: Mapping[str, Any]) -> Ticket:
    return update(actor, ticket, changes(TicketInput, dict(was)))


def _step(step: Step, **told: Any) -> Action:
    """The action of a step; each is undone by the status of before."""
    return Action(
        undo=put_status_back, keeps=("status",), bulk=True,
        offered=lambda actor, row: ticket_status.may(row.status, step) and (
            step is not Step.REOPEN or row.merged_into_id is None), **told,
    )


def _open_of(customer: Customer) -> int:
    """The tickets of a customer that are not closed."""
    return db.session.scalar(select(func.count()).select_from(Ticket).where(
        Ticket.customer_id == customer.id, Ticket.status != TicketStatus.CLOSED)) or 0


usage.register(Customer, Use("open ticket", "open tickets", _open_of))
usage.register(Merchant, Use("ticket", "tickets", lambda merchant: usage.rows(Ticket, merchant_id=merchant.id)))

RESOURCE = Resource(
    name="tickets",
    noun="ticket",
    listing=LISTING,
    read_scope="READ_TICKETS",
    write_scope="WRITE_TICKETS",
    input=TicketInput,
    sample=samples.TICKET,
    create=create,
    update=update,
    actions={
        "close": _step(Step.CLOSE, run=close, title="Close", past="{} was closed.", icon="check"),
        "hold": _step(Step.HOLD, run=hold, title="Put on hold", past="{} was put on hold.", icon="clock-pause"),
        "reopen": _step(Step.REOPEN, run=reopen, title="Reopen", past="{} was reopened.", icon="arrow-back-up"),
        "take": Action(
            run=take_over, title="Assign to me", past="{} was assigned to you.", icon="user-plus", bulk=True,
            undo=_put_assignee_back, keeps=("assignee_id",),
            offered=lambda actor, row: actor.user_id is not None and row.assignee_id != actor.user_id,
        ),
    },
)

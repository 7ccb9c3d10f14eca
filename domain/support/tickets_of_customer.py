"""Tickets as their customer writes and reads them: without internal notes."""

from domain.actor import Actor
from domain.errors import Conflict
from domain.inputs import Input, OrAbsent, Title
from domain.resource import Resource
from domain.support import departments, samples, ticket_authors
from domain.support.ticket_files import KeptFile
from domain.support.ticket_listing import OF_CUSTOMERS
from domain.support.ticket_status import MEDIUM
from domain.support.ticket_writing import Draft, add_reply, add_ticket
from domain.support.tickets import DepartmentNumber, Message, Priority
from models.ticket import Ticket, TicketReply


class CustomerTicketInput(Input):
    """A ticket as a customer may write it."""

    subject: Title
    message: Message
    department: OrAbsent[DepartmentNumber] = None
    priority: OrAbsent[Priority] = None


class CustomerReplyInput(Input):
    """A customer's reply."""

    message: Message


def create(actor: Actor, new: CustomerTicketInput, files: tuple[KeptFile, ...] = ()) -> Ticket:
    """A new ticket of the customer who asks."""
    draft = Draft(
        subject=new.subject, message=new.message, priority=new.priority or MEDIUM, files=files,
        department=departments.numbered(actor.merchant_id, new.department, "department"), customer_id=_customer(actor),
    )
    return add_ticket(actor, draft, ticket_authors.of_actor(actor))


def reply(actor: Actor, ticket: Ticket, new: CustomerReplyInput, files: tuple[KeptFile, ...] = ()) -> TicketReply:
    """A reply of the customer, to a locked ticket; one that was closed is open again."""
    return add_reply(actor, ticket, new.message, ticket_authors.of_actor(actor), files=files)


def _customer(actor: Actor) -> int:
    if actor.customer_id is None:
        raise Conflict("Only a customer opens a ticket here.")
    return actor.customer_id


RESOURCE = Resource(
    name="tickets",
    noun="ticket",
    listing=OF_CUSTOMERS,
    read_scope="READ_TICKETS",
    write_scope="WRITE_TICKETS",
    input=CustomerTicketInput,
    sample=samples.OF_CUSTOMER,
    create=create,
)

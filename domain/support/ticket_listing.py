"""The listing of tickets, with their replies, files and links."""

from dataclasses import replace
from typing import Any

from sqlalchemy import and_, bindparam, func, select

from database.searching import like
from domain.list_parts import Children, Filter, common_filters
from domain.list_search import Parts
from domain.listing import Listing
from domain.support.ticket_status import WAITING
from models.customer import Customer
from models.ticket import (
    Department,
    Ticket,
    TicketAttachment,
    TicketLink,
    TicketReply,
    TicketSource,
    TicketStatus,
)
from models.user import User

COLUMNS = (
    "id", "merchant_id", "test", "number", "customer_id", "subject", "message", "status", "priority", "source",
    "assignee_id", "author_type", "author_name", "sender", "waiting_since", "due_at", "first_replied_at",
    "last_reply_at", "closed_at", "merged_into_id", "created_at", "updated_at", "version",
)
REPLY = ("id", "author_type", "author_name", "source", "sender", "message", "internal", "created_at")
ATTACHMENT = ("id", "reply_id", "name", "mime_type", "size", "created_at")
IN_ANSWERS = 150                        # replies of a ticket in an answer of an API or an event: the newest
FILES_IN_ANSWERS = 2000
OLDEST_FIRST = (TicketReply.created_at, TicketReply.id)      # those of a merged ticket came later, and are older
WAITS = Ticket.status.in_(WAITING)
NOW = bindparam("now", type_=Ticket.due_at.type)


def _columns(model: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(model, name) for name in names}


SHOWN = {
    **_columns(Ticket, COLUMNS),
    "department": Department.number, "department_name": Department.name, "customer_name": Customer.name,
    "assignee_name": func.coalesce(User.name, User.email),
}
JOINS = (
    (Department, Department.id == Ticket.department_id), (Customer, Customer.id == Ticket.customer_id),
    (User, User.id == Ticket.assignee_id),
)
SORT = {
    "created_at": Ticket.created_at, "updated_at": Ticket.updated_at, "id": Ticket.id, "status": Ticket.status,
    "priority": Ticket.priority, "due_at": Ticket.due_at, "last_reply_at": Ticket.last_reply_at,
    "subject": Ticket.subject_sort,
}
ATTACHMENTS = Children(TicketAttachment.ticket_id, _columns(TicketAttachment, ATTACHMENT), TicketAttachment.id,
                       newest=FILES_IN_ANSWERS)
LINKS = Children(TicketLink.ticket_id, _columns(TicketLink, ("id", "noun", "key")), TicketLink.id)

LISTING = Listing(
    model=Ticket,
    noun="ticket",
    columns=SHOWN,
    joins=JOINS,
    children={
        "replies": Children(TicketReply.ticket_id, _columns(TicketReply, REPLY), OLDEST_FIRST, newest=IN_ANSWERS),
        "attachments": ATTACHMENTS,
        "links": LINKS,
    },
    sort=SORT,
    filters={
        **common_filters(Ticket),
        "status": Filter(TicketStatus, lambda bound: Ticket.status == bound),
        "customer_id": Filter(int, lambda bound: Ticket.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: Ticket.customer_id.in_(bound)),
        "assignee_id": Filter(int, lambda bound: Ticket.assignee_id == bound),
        "assignee_ids": Filter(list, lambda bound: Ticket.assignee_id.in_(bound)),
        "assigned": Filter(bool, lambda bound: bound == Ticket.assignee_id.is_not(None)),
        "departments": Filter(list, lambda bound: Ticket.department_id.in_(
            select(Department.id).where(Department.number.in_(bound)))),
        "priorities": Filter(list, lambda bound: Ticket.priority.in_(bound)),
        "priority": Filter(int, lambda bound: Ticket.priority == bound),
        "source": Filter(TicketSource, lambda bound: Ticket.source == bound),
        "number": Filter(str, lambda bound: Ticket.number == bound, str.upper),
        "waiting": Filter(bool, lambda bound: bound == WAITS),
        "closed": Filter(bool, lambda bound: bound == (Ticket.status == TicketStatus.CLOSED)),
        "late": Filter(bool, lambda bound: bound == and_(WAITS, Ticket.due_at < NOW)),
        "subject_contains": Filter("text", lambda bound: like(Ticket.subject_sort, bound)),
    },
    search=(Ticket.search_text, Parts(TicketReply.search_text, TicketReply.ticket_id)),
    customer="customer_id",
    own=Ticket.assignee_id,
)

# As pages read them, which show the replies in parts: see ticket_messages.
IN_PAGES = replace(LISTING, children={"links": LINKS})

# As the customers of the tickets read them: without internal notes, and without whom the work is given to.
OF_CUSTOMERS = Listing(
    model=Ticket,
    noun="ticket",
    columns={name: column for name, column in SHOWN.items() if name not in ("assignee_id", "assignee_name")},
    joins=JOINS[:2],
    children={
        "replies": Children(
            TicketReply.ticket_id, _columns(TicketReply, REPLY), OLDEST_FIRST, TicketReply.internal.is_(False),
            newest=IN_ANSWERS),
        "attachments": Children(
            TicketAttachment.ticket_id, _columns(TicketAttachment, ATTACHMENT), TicketAttachment.id,
            TicketAttachment.reply_id.not_in(select(TicketReply.id).where(TicketReply.internal))
            | TicketAttachment.reply_id.is_(None), newest=FILES_IN_ANSWERS),
    },
    sort=SORT,
    filters={
        **common_filters(Ticket),
        "status": Filter(TicketStatus, lambda bound: Ticket.status == bound),
        "closed": Filter(bool, lambda bound: bound == (Ticket.status == TicketStatus.CLOSED)),
    },
    search=(Ticket.search_text,),
    customer="customer_id",
)
IN_CUSTOMERS_PAGES = replace(OF_CUSTOMERS, children={})

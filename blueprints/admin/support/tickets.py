"""Pages of tickets."""

from typing import Any

from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from domain.actor import Actor
from domain.support import assignees, tickets
from domain.support.ticket_status import PRIORITIES
from models.ticket import Ticket, TicketSource, TicketStatus

STATUS = pairs(TicketStatus)
PRIORITY = tuple((str(number), name) for number, name in PRIORITIES.items())
TONES = {"open": "acc", "customer_reply": "acc", "answered": "ok", "on_hold": "warn", "closed": ""}


def staff(who: Actor) -> list[tuple[str, str]]:
    """Who may be given a ticket."""
    return [(str(key), name) for key, name in assignees.choices(who)]


def values(row: Ticket) -> dict[str, Any]:
    """A ticket's values for the form."""
    return {
        "subject": row.subject, "message": row.message, "customer_id": row.customer_id, "priority": row.priority,
        "assignee_id": row.assignee_id, "department": row.department.number,
    }


PAGE = ListPage(
    resource=tickets.RESOURCE,
    title="Tickets",
    group="Support",
    position=180,
    keys="t",
    icon="ticket",
    about="What customers ask, and what you answered.",
    form="admin/ticket_form.html",
    columns=(
        Column(name="subject", kind="link", sort="subject"),
        Column(name="number", kind="mono", minor=True),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="status", kind="tag", sort="status"),
        Column(name="assignee_name", title="Assigned to", minor=True),
        Column(name="due_at", title="Answer due", kind="when", sort="due_at", minor=True),
        Column(name="created_at", title="Opened", kind="ago", sort="created_at"),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=TicketStatus),
        ListFilter(name="source", title="Opened by", choices=pairs(TicketSource), read=TicketSource),
        ListFilter(name="priority", choices=PRIORITY, read=int),
    ),
    sections=(
        Section("Ticket", (
            Field(name="subject", required=True, wide=True),
            Field(name="message", kind="area", required=True, wide=True),
            Field(name="customer_id", label="Customer", kind="number"),
            Field(name="priority", kind="select", choices=PRIORITY, blank="Medium"),
            Field(name="department", kind="number"),
            Field(name="assignee_id", label="Assigned to", kind="select", choices=staff, blank="Nobody"),
        )),
    ),
    values=values,
    tones=TONES,
    name=lambda row: row.subject,
    note=lambda row: row.number,
)

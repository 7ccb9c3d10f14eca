"""Pages of tickets."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import g, request
from sqlalchemy import or_, select

from blueprints.admin import customer_field
from blueprints.admin.crud import form_token
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.support import ticket_desk, ticket_thread
from blueprints.pages.session import actor, wide_actor
from blueprints.row_keys import row_key
from database import DatabaseClash, db, transaction
from domain.actor import Actor
from domain.support import assignees, canned_answers, ticket_messages, ticket_queues, tickets
from domain.support.mails import ticket_sending
from domain.support.ticket_listing import IN_PAGES
from domain.support.ticket_status import PRIORITIES
from models.ticket import Department, Ticket, TicketSource, TicketStatus

STATUS = pairs(TicketStatus)
PRIORITY = tuple((str(number), name) for number, name in PRIORITIES.items())
TONES = {"open": "acc", "customer_reply": "acc", "answered": "ok", "on_hold": "warn", "closed": ""}


def staff(who: Actor) -> list[tuple[str, str]]:
    """Who may be given a ticket."""
    return [(str(key), name) for key, name in assignees.choices(who)]


def values(row: Ticket) -> dict[str, Any]:
    """A ticket's values for the form."""
    return {
        "subject": row.subject, "message": row.message, "customer_id": customer_field.named(row.customer_id),
        "priority": row.priority, "assignee_id": row.assignee_id, "department": row.department.number,
    }


def context(record: Any) -> dict[str, Any]:
    """The desk, the messages and what the ticket is about; from now on the user has read it."""
    who = wide_actor()
    last_word = record.last_reply_at or record.created_at
    if not ticket_queues.is_read(who, record.id, last_word):
        with suppress(DatabaseClash), transaction():
            ticket_queues.mark_read(who, record.id)
    row = db.session.get_one(Ticket, record.id)
    part = ticket_messages.part(record.id, row_key(request.args.get("before", "")))
    return {
        "desk": ticket_desk.desk_of(actor(), ticket_desk.chosen(), record.id),
        "entries": ticket_thread.entries(record, part), "part": part, "about": ticket_thread.about(record, who),
        "named": ticket_thread.named_in_subject(record, who),
        "calls": ticket_thread.calls(record, who), **ticket_thread.of_customer(record, who),
        "staff": staff(who.for_row(row)), "priorities": PRIORITY, "departments": departments_of(row),
        "answers_to": ticket_sending.customer_address(row), "wrong": g.get("refused"), "once": form_token.token(),
        "typed": g.get("typed", request.form.get("message", "")), "canned": canned_answers.offered(row.merchant_id),
        "due": ticket_desk.due_of(record.due_at) if record.due_at is not None else None,
    }


def departments_of(row: Ticket) -> list[tuple[str, str]]:
    """The departments that take tickets, and the ticket's own."""
    rows = db.session.scalars(select(Department).where(
        Department.merchant_id == row.merchant_id, or_(Department.active.is_(True), Department.id == row.department_id),
    ).order_by(Department.number))
    return [(str(one.number), one.name) for one in rows]


PAGE = ListPage(
    resource=replace(tickets.RESOURCE, listing=IN_PAGES),
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
            customer_field.customer_field(),
            Field(name="priority", kind="select", choices=PRIORITY, blank="Medium"),
            Field(name="department", kind="number"),
            Field(name="assignee_id", label="Assigned to", kind="select", choices=staff, blank="Nobody"),
        )),
    ),
    values=values,
    read=customer_field.read,
    explain=customer_field.explain,
    tones=TONES,
    name=lambda row: row.subject,
    note=lambda row: row.number,
    show="admin/ticket.html",
    details="admin/_ticket.html",
    context=context,
)

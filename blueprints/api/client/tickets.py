"""Declares a customer's tickets in the Client API: opening one, reading them with their replies, and their files."""

from dataclasses import replace
from typing import Any

from flask import g

from blueprints.api.client.contract import CONTRACT
from blueprints.api.client.lists import listed
from blueprints.api.client.ticket_fields import Files, Replies
from blueprints.api.contract import Arguments, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Moment, Words, WriteOnly, number_after
from blueprints.api.field_parts import One
from blueprints.api.verbs import expose, key_of, new_of, operation
from blueprints.api.wire.files import BYTES, FileContent
from domain.actor import Actor
from domain.errors import NotFound
from domain.support import ticket_files, tickets_of_customer
from domain.support.ticket_file_store import store
from domain.support.ticket_listing import OF_CUSTOMERS
from domain.support.ticket_status import PRIORITIES
from models.ticket import TicketStatus

PATH = "/tickets"
WHERE = CONTRACT.prefixes[0] + PATH
FILE = "attachment_id"


def _moment(name: str) -> Moment:
    return Moment(name=name, writable=False)


TICKETS = expose(
    CONTRACT,
    tickets_of_customer.RESOURCE,
    PATH,
    {
        "id": Field(name="id", writable=False),
        "ticket_number": Field(name="number", writable=False),
        "subject": Field(name="subject"),
        "message": Field(name="message"),
        "department_id": WriteOnly(name="department"),
        "priority_id": WriteOnly(name="priority"),
        "department": One(name="of_department", writable=False, fields={
            "id": Field(name="department", writable=False), "name": Field(name="department_name", writable=False)}),
        "priority": One(name="of_priority", writable=False, fields={
            "id": Field(name="priority", writable=False),
            "name": Words(name="priority", words=PRIORITIES, writable=False)}),
        "status": Words(name="status", words={one: one.value for one in TicketStatus}, writable=False),
        "created_at": _moment("created_at"),
        "updated_at": _moment("updated_at"),
        "last_reply_at": _moment("last_reply_at"),
        "attachments": Files(name="attachments", path=WHERE, writable=False),
        "replies": Replies(name="replies", path=WHERE, writable=False),
    },
    verbs=("get",),
)
LISTED = (
    "id", "ticket_number", "subject", "department", "priority", "status", "created_at", "updated_at", "last_reply_at",
)
ROWS = replace(OF_CUSTOMERS, children={}, columns={
    name: column for name, column in OF_CUSTOMERS.columns.items() if name != "message"})
OPENED = ExampleBody(
    {
        "title": "TicketOpened", "type": "object", "required": ["success", "ticket_id", "ticket_number"],
        "properties": {
            "success": {"type": "boolean"}, "ticket_id": {"type": "integer"},
            "ticket_number": {"type": "string", "pattern": "^TKT-[0-9A-F]{8}$"},
        },
    },
    {"success": True, "ticket_id": 15, "ticket_number": "TKT-A3F7B2C1"},
)
ANSWER = ExampleBody({"type": "string", "description": "The bytes of the file"}, "The bytes of the file")


def create(actor: Actor, arguments: Arguments) -> Outcome:
    """Open a ticket; answers its id and number."""
    actor, new = new_of(TICKETS, actor, arguments)
    made = tickets_of_customer.create(actor, new)
    g.call.part.makes(TICKETS.noun, made.id)
    shown: dict[str, Any] = {"success": True, "ticket_id": made.id, "ticket_number": made.number}
    return Outcome(shown, CONTRACT.created)


def download(actor: Actor, arguments: Arguments) -> Outcome:
    """A file of a ticket."""
    ticket_id, said = key_of(TICKETS, arguments.key), arguments.above.get(FILE)
    key = number_after("", said)
    if key is None:
        OF_CUSTOMERS.read(actor, ticket_id)
        raise NotFound("attachment", said)
    found = ticket_files.find(actor, OF_CUSTOMERS, ticket_id, key)
    return Outcome(FileContent(found.name, store.read(found.digest)))


CONTRACT.operations += [
    listed(TICKETS, ROWS, LISTED, summary="List tickets"),
    operation(
        TICKETS, "create", "POST", "", create, takes_body=True, summary="Open a ticket",
        described=Description(answer=OPENED),
    ),
    operation(
        TICKETS, "download", "GET", f"/{{key}}/attachments/{{{FILE}}}", download, media=BYTES,
        summary="Download a file of a ticket", described=Description(answer=ANSWER),
    ),
]

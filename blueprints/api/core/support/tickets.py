"""Declares tickets in the Core API: rows with their replies, answering, and merging."""

from typing import Any

from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.support.ticket_fields import (
    REPLY_FIELDS,
    SENT_REPLY,
    Files,
    Replies,
    reply_schema,
    sample_reply,
)
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, YES_NO, words
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field, Fields, Problems
from blueprints.api.field_map import Key, Moment, Words
from blueprints.api.field_parts import Many, take_object
from blueprints.api.requests import conditions
from blueprints.api.verbs import beside_id, changed, expose, key_of, locked, operation
from domain import inputs
from domain.actor import Actor
from domain.support import samples, ticket_merging, tickets
from domain.support.ticket_status import SetByHand
from domain.support.tickets import ReplyInput
from models.ticket import TicketSource, TicketStatus

CREATED = {"c_dt_from": Parameter("created_after"), "c_dt_to": Parameter("created_before")}
REPLIES = Replies(name="replies", fields=REPLY_FIELDS, writable=False)

TICKETS = expose(
    CONTRACT,
    tickets.RESOURCE,
    "/tickets",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "ticket_number": Field(name="number", writable=False),
        "subject": Field(name="subject"),
        "message": Field(name="message"),
        "sender": Field(name="sender", writable=False),
        "status": Words(
            name="status", words={one: one.value for one in SetByHand},
            shown_words={one.value: one.value for one in TicketStatus},
        ),
        "departments_id": Key(name="department"),
        "priorities_id": Key(name="priority"),
        "users_id": Field(name="assignee_id", refers="user"),
        "source": Field(name="source", writable=False),
        "links": Many(name="links", fields={"noun": Field(name="noun"), "id": Field(name="key")}),
        "attachments": Files(name="attachments", writable=False),
        "replies": REPLIES,
        "due_dt": Moment(name="due_at", writable=False),
        "first_replied_dt": Moment(name="first_replied_at", writable=False),
        "last_reply_dt": Moment(name="last_reply_at", writable=False),
        "closed_dt": Moment(name="closed_at", writable=False),
        "merged_into_id": Field(name="merged_into_id", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "close", "hold", "reopen"),
    required=("merchant_id", "subject", "message"),
    tenant="companies_id",
    parameters={
        **IDS, **CREATED, "clients_id": Parameter("customer_ids"), "users_id": Parameter("assignee_ids"),
        "status": Parameter("status", words(TicketStatus)), "source": Parameter("source", words(TicketSource)),
        "departments_id": Parameter("departments"), "priorities_id": Parameter("priorities"),
        "ticket_number": Parameter("number"), "late": Parameter("late", YES_NO),
    },
    sorts={
        **SORTS, "u_dt": "updated_at", "status": "status", "priorities_id": "priority", "due_dt": "due_at",
        "last_reply_dt": "last_reply_at", "subject": "subject",
    },
    event_shape=True,
)

SENT = ExampleBody(
    {
        "title": "TicketReplyInput", "type": "object", "additionalProperties": False, "required": ["message"],
        "properties": {
            "message": {"type": "string", "minLength": 1, "maxLength": tickets.LONGEST},
            "internal": {"type": "boolean", "description": "A note that the customer does not see", "default": False},
        },
    },
    {"message": samples.REPLY["message"]},
)
REPLY_SCHEMA = reply_schema(CONTRACT.formats, REPLY_FIELDS)
ANSWER = ExampleBody(REPLY_SCHEMA, sample_reply(samples.REPLY, REPLY_SCHEMA, CONTRACT.formats, REPLY_FIELDS))
INTO = ExampleBody(
    {
        "title": "TicketMergeInput", "type": "object", "additionalProperties": False,
        "required": [ticket_merging.FIELD], "properties": {ticket_merging.FIELD: {"type": "integer", "minimum": 1}},
    },
    {ticket_merging.FIELD: 2},
)
MERGE_FIELDS: Fields = {ticket_merging.FIELD: Key(name=ticket_merging.FIELD)}


def taken(arguments: Arguments, fields: Fields) -> tuple[dict[str, Any], Problems]:
    """What was sent beside the ticket's id, and the names that are unknown."""
    problems: Problems = {}
    sent = beside_id(arguments)
    return take_object(fields, sent, "", problems), problems


def reply(actor: Actor, arguments: Arguments) -> Outcome:
    """Answer the customer, or leave an internal note."""
    own, ticket = locked(TICKETS, actor, arguments)
    given, problems = taken(arguments, SENT_REPLY)
    made = tickets.reply(own, ticket, inputs.parse(ReplyInput, given, problems=problems))
    return Outcome(shown_replies(own, ticket.id)[made.id])


def shown_replies(actor: Actor, ticket_id: int) -> dict[int, dict[str, Any]]:
    """The ticket's replies as the contract shows them, by their ids."""
    record = TICKETS.resource.listing.read(actor, ticket_id)
    return {one["id"]: one for one in REPLIES.shower(CONTRACT.formats)(record.row, record.children)}


def merge(actor: Actor, arguments: Arguments) -> Outcome:
    """Merge a ticket into another one of the same customer."""
    key = key_of(TICKETS, arguments.key)
    TICKETS.resource.listing.get(actor, key)
    given, problems = taken(arguments, MERGE_FIELDS)
    new = inputs.parse(ticket_merging.MergeInput, given, problems=problems)
    own, source, target = ticket_merging.locked_pair(actor, key, new.into)
    conditions.check(source, arguments.if_match)
    ticket_merging.merge(own, source, target)
    return changed(TICKETS, actor, source.id)


CONTRACT.operations += [
    operation(
        TICKETS, "reply", "POST", "/{key}/reply", reply, takes_body=True, positional=("id", *SENT_REPLY),
        summary="Answer a ticket, or leave an internal note", described=Description(body=SENT, answer=ANSWER),
    ),
    operation(
        TICKETS, "merge", "POST", "/{key}/merge", merge, takes_body=True, positional=("id", *MERGE_FIELDS),
        summary="Merge a ticket into another one", described=Description(body=INTO),
    ),
]

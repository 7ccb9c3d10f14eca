"""Declares webhook endpoints and their deliveries in the Core API."""

from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT, MOMENT, moment
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, VERBS, words
from blueprints.api.description import SECRET, Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Moment
from blueprints.api.field_parts import Many
from blueprints.api.verbs import expose, locked, operation
from domain.actor import Actor
from domain.integrations import deliveries, webhooks
from models.outbox import TaskStatus
from models.webhook import EndpointStatus

ENDPOINTS = expose(
    CONTRACT,
    webhooks.RESOURCE,
    "/webhooks",
    {
        "id": ID,
        "companies_id": COMPANY,
        "url": Field(name="url"),
        "description": Field(name="description"),
        "events": Field(name="events"),
        "status": Field(name="status", writable=False),
        "disabled_reason": Field(name="disabled_reason", writable=False),
        "failures_in_row": Field(name="failures_in_row", writable=False),
        "failing_since_dt": Moment(name="failing_since", writable=False),
        "waits_until_dt": Moment(name="waits_until", writable=False),
        "wait_reason": Field(name="wait_reason", writable=False),
        "api_keys_id": Field(name="credential_id", writable=False),
        **HISTORY,
    },
    verbs=(*VERBS, "activate"),
    required=("url", "merchant_id"),
    tenant="companies_id",
    parameters={**IDS, "status": Parameter("status", words(EndpointStatus))},
    sorts={**SORTS, "url": "url", "u_dt": "updated_at"},
)



def rotate(actor: Actor, arguments: Arguments) -> Outcome:
    """A new secret, shown once; the old one also signs for a day."""
    own, endpoint = locked(ENDPOINTS, actor, arguments)
    secret = webhooks.rotate(own, endpoint)
    payload = {"id": endpoint.id, "previous_until_dt": moment(endpoint.previous_until)}
    return Outcome({**payload, "secret": secret}, kept=payload)


CONTRACT.operations.append(operation(
    ENDPOINTS, "rotate", "POST", "/{key}/rotate", rotate, positional=("id",),
    summary="A new signing secret; for a day both sign", described=Description(answer=ExampleBody(
        {
            "title": "NewSecret", "type": "object",
            "properties": {
                "id": {"type": "integer"}, "secret": SECRET, "previous_until_dt": MOMENT,
            },
            "required": ["id", "previous_until_dt"],
        },
        {"id": 1, "secret": "whsec_…, shown once", "previous_until_dt": "2026-02-01 12:00:00+0000"},
    )),
))

ATTEMPT = {
    "number": Field(name="number"),
    "started_dt": Moment(name="started_at"),
    "duration_ms": Field(name="duration_ms"),
    "status_code": Field(name="status_code"),
    "error": Field(name="error"),
    "response_body": Field(name="response_body"),
}

expose(
    CONTRACT,
    deliveries.RESOURCE,
    "/webhooks/deliveries",
    {
        "id": ID,
        "companies_id": COMPANY,
        "webhooks_id": Field(name="endpoint_id"),
        "message_id": Field(name="message_id"),
        "event": Field(name="event"),
        "resource": Field(name="resource"),
        "status": Field(name="status"),
        "last_error": Field(name="last_error"),
        "due_dt": Moment(name="due_at"),
        "finished_dt": Moment(name="finished_at"),
        "c_dt": Moment(name="created_at"),
        "body": Field(name="body"),
        "attempts": Many(name="attempts", fields=ATTEMPT),
    },
    verbs=("get", "list", "redeliver"),
    name="webhooks.deliveries",
    parameters={
        **IDS, "event": Parameter("event"), "resource": Parameter("resource"),
        "status": Parameter("status", words(TaskStatus)),
    },
    sorts=SORTS,
)

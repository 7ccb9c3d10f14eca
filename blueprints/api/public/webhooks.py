"""POST /webhooks/test: sends a test event to the key's receiver."""

from typing import Any

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.requests import unknown_names
from blueprints.services import services
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid
from domain.integrations import webhooks

LONGEST_NAME = 100
TEXT = {"type": "string"}
DESCRIBED = Description(
    body=ExampleBody(
        {
            "title": "WebhookTest", "type": "object", "additionalProperties": False,
            "properties": {
                "event": TEXT | {"minLength": 1, "maxLength": LONGEST_NAME, "default": "webhook.test"},
                "data": {"description": "The content of `data` for the receiver"},
            },
        },
        {"event": "webhook.test", "data": {"hello": "world"}},
    ),
    answer=ExampleBody(
        {
            "title": "WebhookTestResult", "type": "object",
            "properties": {
                "message": TEXT, "timestamp": TEXT | {"format": "date-time"}, "apiKey": TEXT,
                "deliveryId": {"type": ["string", "null"]}, "delivered": {"type": "boolean"},
                "statusCode": {"type": ["integer", "null"]},
            },
            "required": ["message", "timestamp", "apiKey", "deliveryId", "delivered", "statusCode"],
        },
        {
            "message": "delivered", "timestamp": "2026-01-31T12:00:00Z", "apiKey": "bk_live_jasT",
            "deliveryId": "delivery_1", "delivered": True, "statusCode": 200,
        },
    ),
)


def operation(contract: Contract) -> Operation:
    """The operation; a body is optional."""

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        body = arguments.body if arguments.body is not None else {}
        if not isinstance(body, dict):
            raise Invalid("The body must be a JSON object.", code="invalid_json")
        wrong = unknown_names.problems(body, ("event", "data"))
        if wrong:
            raise Invalid.several(wrong)
        event = body.get("event", "webhook.test")
        if not isinstance(event, str) or not 1 <= len(event) <= LONGEST_NAME:
            raise Invalid.field("event", f"must be a string of 1 to {LONGEST_NAME} characters")
        if not event.isprintable():
            raise Invalid.field("event", "contains characters that cannot be seen", "characters")
        probe = services().probe_key(actor, event, body.get("data"))
        return Outcome(contract.item(shown(actor, probe)))

    return Operation(
        name=webhooks.TEST_OPERATION, method="POST", path="/webhooks/test", scope="WEBHOOKS", run=run, takes_body=True,
        optional_body=True, per_minute=webhooks.TESTS_PER_MINUTE, summary="Send a test event to the key's webhook URL",
        described=DESCRIBED,
    )


def shown(actor: Actor, probe: Any) -> dict[str, Any]:
    message = "delivered" if probe.delivered else probe.error or f"The receiver responded with {probe.status_code}"
    return {
        "message": message,
        "timestamp": clock.now(),
        "apiKey": actor.prefix,
        "deliveryId": f"delivery_{probe.delivery_id}" if probe.delivery_id else None,
        "delivered": probe.delivered,
        "statusCode": probe.status_code,
    }

"""Declares test_charges.search in the Core API: the test bank's own book, one entry for each key."""

from typing import Any

from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.reader import QueryReader
from blueprints.api.description import Description, ExampleBody
from blueprints.services import services
from domain.actor import Actor

CHARGE: dict[str, Any] = {
    "id": 1, "idempotency_key": "6f1c…", "order_id": 1, "scheduled_payment_id": 1, "amount_minor": 1000,
    "currency": "EUR", "status": "approved", "at": "2026-01-31T12:00:00.000000Z", "refunded_minor": 0,
}
SCHEMA: dict[str, Any] = {
    "title": "TestCharge", "type": "object", "required": list(CHARGE),
    "properties": {
        name: {"type": ["integer", "null"] if name == "scheduled_payment_id" else
               "integer" if isinstance(value, int) else "string"}
        for name, value in CHARGE.items()
    },
}


def search(actor: Actor, arguments: Arguments) -> Outcome:
    """What the test bank booked for orders of the caller's merchants; nothing with a token of the live world."""
    query = QueryReader(arguments.query)
    ids = query.ids("orders_id")
    query.done()
    booked = services().test_charges(ids) if actor.test else []
    return Outcome([
        {name: one[name] for name in CHARGE} for one in booked if actor.reaches(one["merchant_id"])
    ])


CONTRACT.operations.append(Operation(
    name="test_charges.search", method="GET", path="/test-charges", scope="READ_PAYMENTS", run=search,
    parameters=("orders_id",), positional=("orders_id",), summary="List what the test bank booked",
    described=Description(
        query={"orders_id": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
        answer=ExampleBody({"type": "array", "items": SCHEMA}, [CHARGE]),
    ),
))

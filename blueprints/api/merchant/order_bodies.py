"""Describes the bodies and answers of the four creations of orders, each with the fields of its kind."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Exposure
from blueprints.api.description import Description, ExampleBody
from blueprints.api.json_schema import Schema
from blueprints.api.money_text import MONEY
from blueprints.api.requests.unknown_names import SENT
from domain.errors import Invalid
from domain.sales.orders.order_terms import ONLY_FOR
from models.product import Billing

COLLECTION, INTERVAL = "recurring_collection_interval", "scheduled_interval"      # two names of one field
TERMS: Mapping[Billing, Mapping[str, Any]] = {
    Billing.INSTALMENT: {"initial_amount": "10.00", "split_number": "3", "scheduled_unit": "MONTH",
                         "scheduled_interval": "1"},
    Billing.SUBSCRIPTION: {"scheduled_unit": "MONTH", "recurring_collection_interval": "1"},
    Billing.METERED: {"scheduled_unit": "MONTH"},
}
PLANNED: Schema = {
    "title": "PlannedPayment", "type": "object",
    "properties": {
        "scheduled_at": {"type": "string", "format": "date-time"}, "amount": MONEY, "tax_amount": MONEY,
        "depends_on_use": {"type": "boolean", "description": "The amount is known once the period's calls are counted"},
    },
    "required": ["scheduled_at", "amount", "tax_amount", "depends_on_use"],
}
PREVIEW: Schema = {
    "title": "OrderPreview", "type": "object", "description": "The answer with preview=true",
    "properties": {
        "due_now": MONEY, "credit": MONEY, "charge": MONEY, "schedule": {"type": "array", "items": PLANNED},
    },
    "required": ["due_now", "credit", "charge", "schedule"],
}


def described(exposure: Exposure, billing: Billing) -> Description:
    """The body of a creation of this kind; its answer is the order, or a preview of it."""
    body, row = schemas.body(exposure, new=True), schemas.row(exposure)
    whole = body.schema["properties"][exposure.wrapper]
    others = {wire for wire, one in exposure.fields.items() if billing not in ONLY_FOR.get(one.name, {billing})}
    schema = whole | {
        "title": f"New{billing.replace('_', ' ').title().replace(' ', '')}Order",
        "properties": {wire: one for wire, one in whole["properties"].items() if wire not in others},
    }
    example = body.example[exposure.wrapper] | TERMS.get(billing, {})
    answer = ExampleBody({"anyOf": [row.schema, PREVIEW]}, row.example)
    return Description(body=schemas.wrapped(ExampleBody(schema, example), exposure.wrapper), answer=answer)


@contextmanager
def named_as_sent(body: Mapping[str, Any]) -> Iterator[None]:
    """Context of a creation: mistakes in the interval have the name under which it was sent."""
    try:
        yield
    except Invalid as error:
        wrong = error.fields.get("interval_count")
        if wrong is not None and COLLECTION in body and INTERVAL not in body:
            del error.fields["interval_count"]
            error.fields[SENT + COLLECTION] = wrong
        raise

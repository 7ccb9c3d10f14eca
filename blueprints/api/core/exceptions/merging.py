"""Declares merging several scheduled payments in the Core API; its preview computes the same and writes nothing."""

from typing import Any

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.contract import CONTRACT, MOMENT
from blueprints.api.core.ordering import SCHEDULED_PAYMENTS
from blueprints.api.core.plans.previewing import MONEY, NAME, TRUTH, is_wanted, without
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import body_of, operation
from domain import inputs
from domain.actor import Actor
from domain.payments.schedule import scheduled_merging
from domain.payments.schedule.scheduled_merging import Merged, MergeInput

KEYS = {"type": "array", "items": {"type": "integer", "minimum": 1}}
SENT = ExampleBody(
    {
        "title": "MergeInput", "type": "object", "additionalProperties": False, "required": ["ids"],
        "properties": {"ids": KEYS | {"minItems": 2, "maxItems": scheduled_merging.MOST}, NAME: TRUTH},
    },
    {"ids": [7, 8]},
)
ANSWER = ExampleBody(
    {
        "title": "MergedPayments", "type": "object",
        "properties": {
            "id": {"type": "integer", "description": "The scheduled payment that is collected with the sum"},
            "merged_ids": KEYS, "orders_id": {"type": "integer"}, "amount": MONEY, "currency": {"type": "string"},
            "scheduled_dt": MOMENT,
        },
        "required": ["id", "merged_ids", "orders_id", "amount", "currency", "scheduled_dt"],
    },
    {
        "id": 8, "merged_ids": [7], "orders_id": 1, "amount": 40, "currency": "EUR",
        "scheduled_dt": "2026-07-01 00:00:00+0000",
    },
)


def shown(found: Merged) -> dict[str, Any]:
    """A merge in the contract's words."""
    formats = CONTRACT.formats
    assert formats.moment is not None
    return {
        "id": found.into.id, "merged_ids": [row.id for row in found.ended], "orders_id": found.into.order_id,
        "amount": formats.amount(found.amount_minor, found.into.currency), "currency": found.into.currency,
        "scheduled_dt": formats.moment(found.due_at),
    }


def merge(actor: Actor, arguments: Arguments) -> Outcome:
    """Merge several scheduled payments of one order into the last of them."""
    wanted = is_wanted(arguments)
    rows = scheduled_merging.chosen(actor, inputs.parse(MergeInput, body_of(without(arguments, NAME))))
    found = scheduled_merging.preview(rows)
    if not wanted:
        scheduled_merging.merge_several(actor.for_row(rows[0]), rows)
    return Outcome(shown(found), is_stored=not wanted)


CONTRACT.operations.append(operation(
    SCHEDULED_PAYMENTS, "merge_several", "POST", "/merge", merge, takes_body=True, positional=("ids", NAME),
    summary="Merge several scheduled payments of an order", described=Description(body=SENT, answer=ANSWER),
))

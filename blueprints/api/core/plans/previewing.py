"""Shows what orders would be paid: the parameter `preview` of calls, which compute the same and write nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.core.contract import CONTRACT, MOMENT
from blueprints.api.description import Description, ExampleBody
from blueprints.api.json_schema import Schema
from blueprints.api.verbs import body_of, new_of
from domain.actor import Actor
from domain.errors import Invalid
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview

NAME = "preview"
TRUTH: Schema = {"type": "boolean", "description": "Compute what the call would do, and write nothing"}
MONEY: Schema = {"type": "number"}
PLANNED: Schema = {
    "title": "PlannedPayment", "type": "object",
    "properties": {
        "scheduled_at": MOMENT, "amount": MONEY, "tax_amount": MONEY,
        "depends_on_use": {"type": "boolean", "description": "The amount is known once the period's calls are counted"},
    },
    "required": ["scheduled_at", "amount", "tax_amount", "depends_on_use"],
}
USED: Schema = {
    "title": "UsedSoFar", "type": ["object", "null"],
    "description": "The calls of a metered order's running period until now, and what they would be billed at",
    "properties": {"calls": {"type": "integer"}, "amount": MONEY, "tax_amount": MONEY},
    "required": ["calls", "amount", "tax_amount"],
}
PREVIEW = ExampleBody(
    {
        "title": "OrderPreview", "type": "object",
        "properties": {
            "due_now": MONEY, "credit": MONEY, "charge": MONEY, "schedule": {"type": "array", "items": PLANNED},
            "used": USED,
        },
        "required": ["due_now", "credit", "charge", "schedule", "used"],
    },
    {
        "due_now": 4.62, "credit": 41.54, "charge": 46.16,
        "schedule": [{"scheduled_at": "2026-07-01 00:00:00+0000", "amount": 100, "tax_amount": 17.36,
                      "depends_on_use": False}],
        "used": None,
    },
)


def shown(found: Preview) -> dict[str, Any]:
    """A preview in the contract's words."""
    formats = CONTRACT.formats
    moment = formats.moment
    assert moment is not None

    def money(minor: int) -> Any:
        return formats.amount(minor, found.currency)

    return {
        "due_now": money(found.due_now_minor), "credit": money(found.credit_minor),
        "charge": money(found.charge_minor),
        "schedule": [
            {
                "scheduled_at": moment(one.due_at), "amount": money(one.amount_minor),
                "tax_amount": money(one.tax_minor), "depends_on_use": one.depends_on_use,
            }
            for one in found.schedule
        ],
        "used": None if found.used is None else {
            "calls": found.used.calls, "amount": money(found.used.amount_minor),
            "tax_amount": money(found.used.tax_minor),
        },
    }


def is_wanted(arguments: Arguments) -> bool:
    """Whether the caller asks for a preview; raises Invalid for anything but true and false."""
    value = body_of(arguments).get(NAME, False)
    if value in ("true", "false"):                          # of a query
        return bool(value == "true")
    if not isinstance(value, bool):
        raise Invalid.field(NAME, "must be true or false", "type")
    return value


def without(arguments: Arguments, *names: str) -> Arguments:
    """The arguments without some names of the body."""
    return replace(arguments, body={name: one for name, one in body_of(arguments).items() if name not in names})


def previewed(found: Operation, exposure: Exposure) -> Operation:
    """A creation that takes `preview`."""
    create: Callable[[Actor, Arguments], Outcome] = found.run

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        plain = without(arguments, NAME)
        if not is_wanted(arguments):
            return create(actor, plain)
        return Outcome(shown(previews.of_new(*new_of(exposure, actor, plain))), is_stored=False)

    body, row = schemas.body(exposure, new=True), schemas.row(exposure)
    schema = body.schema | {"properties": body.schema["properties"] | {NAME: TRUTH}}
    answer = ExampleBody({"anyOf": [row.schema, PREVIEW.schema]}, row.example)
    return replace(
        found, run=run, before=None, positional=(*found.positional, NAME),
        described=Description(body=ExampleBody(schema, body.example), answer=answer),
    )

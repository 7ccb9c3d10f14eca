"""invoices.create of a budget, an order or a payment, instead of lines."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing.invoices import INVOICES
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field, Problems
from blueprints.api.field_parts import take_object, word
from blueprints.api.verbs import changed, shown
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid, Problem
from domain.invoicing.sources import made_from

SOURCES = {
    "budgets_id": Field(name="budget_id"), "orders_id": Field(name="order_id"), "payments_id": Field(name="payment_id"),
}
BESIDE = ("companies_id", "clients_id")          # what may be sent too, and has to be that of the source


def _create(actor: Actor, body: Mapping[str, Any]) -> Outcome:
    """The draft of a source, or the invoice that was made of it before."""
    problems: Problems = {}
    sent = {name: value for name, value in body.items() if name not in BESIDE}
    try:
        given = inputs.parse(made_from.SourceInput, take_object(SOURCES, sent, "", problems), problems=problems)
        made = made_from.make(actor, given)
    except Invalid as error:
        raise Invalid.several({word(SOURCES, name): one for name, one in error.fields.items()}) from None
    own = {"companies_id": made.merchant_id, "clients_id": made.customer_id}
    wrong = {name: Problem("contradiction", "is not that of the source") for name in BESIDE
             if body.get(name) not in (None, own[name])}
    if wrong:
        raise Invalid.several(wrong)
    changed(INVOICES, actor, made.id)                    # flushes what is read with plain statements
    return shown(INVOICES, actor, made.id, CONTRACT.created)


def body() -> ExampleBody:
    """The body of a creation from lines, with the sources that may stand for them."""
    of_lines = schemas.body(INVOICES, new=True)
    about = "Instead of items: what the invoice is made of"
    sources = {name: {"type": ["integer", "null"], "minimum": 1, "description": about} for name in SOURCES}
    return replace(of_lines, schema=of_lines.schema | {"properties": of_lines.schema["properties"] | sources})


def _either(one: Operation) -> Operation:
    """The creation from lines, which takes a source too."""
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        body = arguments.body
        if isinstance(body, dict) and any(body.get(name) is not None for name in SOURCES):
            return _create(actor, body)
        return one.run(actor, arguments)

    return replace(
        one, run=run, before=None, positional=(*one.positional, *SOURCES),
        described=replace(one.described or Description(), body=body()),
        summary="Create an invoice of lines, of a budget, an order or a payment")


CONTRACT.operations[:] = [
    _either(one) if one.name == "invoices.create" else one for one in CONTRACT.operations
]

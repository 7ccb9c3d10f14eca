"""budgets.share and its companions: the link under which a customer answers a budget, and the order it becomes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.commerce import BUDGETS
from blueprints.api.core.ordering import ORDERS
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field, Problems
from blueprints.api.field_parts import take_object
from blueprints.api.verbs import beside_id, locked, operation, shown
from blueprints.services import own_url
from domain import inputs
from domain.actor import Actor
from domain.payments.checkout import budget_orders
from domain.sales.budgets import budget_links
from models.budget import Budget

LINK = ExampleBody(
    {
        "title": "BudgetLink", "type": "object",
        "properties": {
            "url": {"type": ["string", "null"], "format": "uri", "description": "Whoever has it may answer, once"},
        },
        "required": ["url"],
    },
    {"url": "https://billing.example.com/quote/zkWS1Vb3r7XqBqk2b4mVx0n3vQy8f5pJd6hTgLcR9aE"},
)


def _made(deed: Callable[[Actor, Budget], str | None], name: str, summary: str) -> Operation:
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        token = deed(*locked(BUDGETS, actor, arguments))
        base = own_url(g.call.request.host_url)
        # The link is a secret, so a repetition with an Idempotency-Key answers without it; sharing gives it again.
        return Outcome({"url": f"{base}/quote/{token}" if token is not None else None}, kept={"url": None})

    made = operation(BUDGETS, name, "POST", f"/{{key}}/{name}", run, positional=("id",), summary=summary)
    return replace(made, described=Description(answer=LINK))


def _withdrawn(actor: Actor, budget: Budget) -> Any:
    budget_links.withdraw(actor, budget)


AGAIN = ExampleBody(
    {
        "title": "BudgetConversion", "type": "object", "additionalProperties": False,
        "properties": {
            "again": {"type": "boolean", "default": False,
                      "description": "Another order, after the one that the budget became was cancelled"},
        },
    },
    {},
)


def _converted(actor: Actor, arguments: Arguments) -> Outcome:
    own, budget = locked(BUDGETS, actor, arguments)
    problems: Problems = {}
    sent = beside_id(arguments)
    given = take_object({"again": Field(name="again")}, sent, "", problems)
    wanted = inputs.parse(budget_orders.ConversionInput, given, problems=problems)
    order = budget_orders.convert(own, budget, again=wanted.again)
    return shown(ORDERS, own, order.id)


CONVERT = replace(
    operation(
        BUDGETS, "convert", "POST", "/{key}/convert", _converted, positional=("id", "again"), takes_body=True,
        optional_body=True, summary="The order of an approved budget, made by the first call",
    ),
    described=Description(answer=schemas.row(ORDERS), body=AGAIN, versioned=True), scope="WRITE_ORDERS",
)
OPERATIONS = [
    CONVERT,
    _made(budget_links.share, "share", "The link under which the customer accepts or rejects a budget"),
    _made(budget_links.renew, "share_again", "A new link for the customer; the old one stops working"),
    _made(_withdrawn, "unshare", "Withdraw the customer's link"),
]

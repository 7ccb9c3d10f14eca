"""budgets.share and its companions: the link under which a customer answers a budget, and the order it becomes."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import g

from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.commerce import BUDGETS
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import locked, operation
from blueprints.services import own_url
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


ORDER = ExampleBody(
    {
        "title": "BudgetOrder", "type": "object",
        "properties": {"orders_id": {"type": "integer"}, "status": {"type": "string"}},
        "required": ["orders_id", "status"],
    },
    {"orders_id": 1, "status": "pending"},
)


def _converted(actor: Actor, arguments: Arguments) -> Outcome:
    order = budget_orders.convert(*locked(BUDGETS, actor, arguments))
    return Outcome({"orders_id": order.id, "status": order.status.value})


CONVERT = replace(
    operation(
        BUDGETS, "convert", "POST", "/{key}/convert", _converted, positional=("id",),
        summary="Make an order of an approved budget",
    ),
    described=Description(answer=ORDER), scope="WRITE_ORDERS",
)
OPERATIONS = [
    CONVERT,
    _made(budget_links.share, "share", "The link under which the customer accepts or rejects a budget"),
    _made(budget_links.renew, "share_again", "A new link for the customer; the old one stops working"),
    _made(_withdrawn, "unshare", "Withdraw the customer's link"),
]

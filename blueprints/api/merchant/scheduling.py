"""Declares scheduled payments in the Merchant API, by a path of their own and below their order."""

from collections.abc import Callable
from dataclasses import replace

from blueprints.api.contract import Arguments, Operation, Outcome, Parameter
from blueprints.api.field import Field
from blueprints.api.field_map import Moment
from blueprints.api.merchant.contract import CONTRACT
from blueprints.api.merchant.fields import WholeText
from blueprints.api.merchant.ordering import ORDERS, money, shown
from blueprints.api.money_text import Money
from blueprints.api.verbs import expose, key_of
from domain.actor import Actor
from domain.errors import NotFound
from domain.payments.schedule import scheduled
from models.order import ScheduledStatus

ABOVE = "order_id"

SCHEDULED_PAYMENTS = expose(
    CONTRACT,
    scheduled.RESOURCE,
    "/scheduled_payments",
    {
        "id": shown("id"),
        "order_id": shown("order_id"),
        "amount": Money(name="amount"),
        "tax_amount": money("tax"),
        "currency": shown("currency"),
        "status": Field(name="status"),
        "scheduled_at": Moment(name="due_at"),
        "scheduled_interval": WholeText(name="interval_count", column="shown_interval_count"),
        "scheduled_duration_unit": Field(name="interval_unit", column="shown_interval_unit"),
        "executed_at": Moment(name="executed_at", writable=False),
        "retry_count": shown("retry_count"),
        "merged_into_id": shown("merged_into_id"),
        "created_at": Moment(name="created_at", writable=False),
        "updated_at": Moment(name="updated_at", writable=False),
    },
    verbs=("list", "get", "update"),
    wrapper="scheduled_payment",
    event_shape=True,
    parameters={
        ABOVE: Parameter("order_id"), "status": Parameter("status", {one.value: one for one in ScheduledStatus}),
    },
)


def within(found: Operation) -> Operation:
    """The same operation below the order, which must be the row's."""
    below: Callable[[Actor, Arguments], Outcome] = found.run

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        order = key_of(ORDERS, arguments.above[ABOVE])
        ORDERS.resource.listing.read(actor, order)
        if arguments.key is None:
            return below(actor, replace(arguments, query={**arguments.query, ABOVE: [str(order)]}))
        key = key_of(SCHEDULED_PAYMENTS, arguments.key)
        if SCHEDULED_PAYMENTS.resource.listing.read(actor, key).row.order_id != order:
            raise NotFound(SCHEDULED_PAYMENTS.resource.noun, arguments.key)
        return below(actor, arguments)

    return replace(
        found, name=f"orders.{found.name}", path=f"/orders/{{{ABOVE}}}{found.path}", run=run,
        parameters=tuple(name for name in found.parameters if name != ABOVE),
        summary=f"{found.summary} of an order",
    )


CONTRACT.operations += [
    within(one) for one in CONTRACT.operations if one.exposure is SCHEDULED_PAYMENTS
]

"""Manages services: what a customer has subscribed to, such as hosting for a domain.

A service is a subscription order as its customer sees it. One that runs already, taken over from another program, is
created active: nothing is collected for it before its next day.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

from domain.actor import Actor
from domain.errors import Invalid
from domain.hosting import billing_cycles, samples, service_events, suspending, unpaid_services
from domain.hosting.billing_cycles import Interval
from domain.hosting.hostnames import Hostname
from domain.hosting.service_listing import LISTING
from domain.inputs import Choice, Day, Input, Maybe, PastDay, Quantity, RowId
from domain.payments.orders import order_verbs, ordering
from domain.payments.plans import cancelling
from domain.payments.plans.plan_terms import When
from domain.payments.schedule import schedules
from domain.resource import Action, Resource
from domain.sales.orders import orders
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_items import OrderItemInput
from domain.sales.orders.order_status import LIFE
from models.order import Order
from models.product import Billing
from models.service import ServiceStatus

NEW = (ServiceStatus.PENDING, ServiceStatus.ACTIVE)
Cycle = Annotated[
    str, AfterValidator(billing_cycles.known), WithJsonSchema({"type": "string", "pattern": billing_cycles.PATTERN}),
]


class ServiceInput(Input):
    """A service as callers may write it; what is left out is the product's."""

    only_at_creation = frozenset({"customer_id", "product_id", "status", "billing_cycle", "quantity", "registered_on",
                                  "next_due_on"})

    customer_id: RowId
    product_id: RowId
    domain: Maybe[Hostname] = None
    status: Annotated[ServiceStatus, Choice(ServiceStatus)] = ServiceStatus.PENDING
    billing_cycle: Maybe[Cycle] = None
    quantity: Annotated[Decimal, Quantity] = Decimal(1)
    registered_on: Maybe[PastDay] = None
    next_due_on: Maybe[Day] = None


def create(actor: Actor, new: ServiceInput) -> Order:
    """A new service: pending, with a link to pay its first period, or active, with nothing to pay before its day."""
    if new.status not in NEW:
        raise Invalid.field("status", "must be one of " + ", ".join(NEW), "inclusion")
    if new.registered_on is not None and new.status is not ServiceStatus.ACTIVE:
        raise Invalid.field("registered_on", "needs an active service", "contradiction")
    with _in_own_words():
        order = orders.build(actor, _order_of(new))
    order.domain, order.collects_initial = new.domain, new.status is not ServiceStatus.ACTIVE
    ordering.store(actor, order)
    if new.status is ServiceStatus.ACTIVE:
        if new.registered_on is not None:
            order.activated_at = datetime.combine(new.registered_on, time(), UTC)       # its day is shown in UTC
        schedules.activate(actor, order, now_of(order))
    return order


WORDS = {
    "items.0.product_id": "product_id", "items.0.quantity": "quantity", "start_on": "next_due_on",
    "interval_unit": "billing_cycle", "interval_count": "billing_cycle",
}


@contextmanager
def _in_own_words() -> Iterator[None]:
    """Context in which an order's mistakes are named as those of the service."""
    try:
        yield
    except Invalid as error:
        raise Invalid.several({WORDS.get(name, name): problem for name, problem in error.fields.items()}) from None


def _order_of(new: ServiceInput) -> orders.OrderInput:
    unit, count = _interval(new) or (None, None)
    item = OrderItemInput(product_id=new.product_id, quantity=new.quantity)
    return orders.OrderInput(
        customer_id=new.customer_id, items=[item], billing=Billing.SUBSCRIPTION, interval_unit=unit,
        interval_count=count, start_on=new.next_due_on,
    )


def _interval(new: ServiceInput) -> Interval | None:
    return billing_cycles.read(new.billing_cycle) if new.billing_cycle else None


def update(actor: Actor, order: Order, changes: dict[str, Any]) -> Order:
    """Change the domain; plans are changed by `orders.change`."""
    with LIFE.changing(actor, order):
        if "domain" in changes:
            order.domain = changes["domain"]
    return order


def cancel(actor: Actor, order: Order) -> Order:
    """End the service: one that nothing was paid for now, one that runs at the end of its period."""
    ends_later = cancelling.has_end(order)
    return cancelling.cancel(actor, order, When.PERIOD_END if ends_later else When.NOW)


def terminate(actor: Actor, order: Order) -> Order:
    """End the service now; nothing more is collected and nothing is paid back."""
    return order_verbs.cancel(actor, order)


service_events.register()
unpaid_services.register()

RESOURCE = Resource(
    name="services",
    noun="service",
    listing=LISTING,
    read_scope="READ_SERVICES",
    write_scope="WRITE_SERVICES",
    input=ServiceInput,
    sample=samples.SERVICE,
    create=create,
    update=update,
    actions={
        "suspend": Action(
            run=suspending.suspend, title="Suspend", past="{} was suspended.", icon="player-pause", danger=True,
            bulk=True, offered=lambda actor, row: row.status == ServiceStatus.ACTIVE,
            confirm=lambda row: (
                f"{row.customer_name} cannot use it until you end the suspension, and nothing is collected. A program "
                "that provides the service is told at once.",
            ),
        ),
        "unsuspend": Action(
            run=suspending.unsuspend, title="End suspension", past="{} is active again.", icon="player-play",
            primary=True, bulk=True, offered=lambda actor, row: row.status == ServiceStatus.SUSPENDED,
            confirm=lambda row: ("What became due meanwhile is collected now.",),
        ),
        "cancel": Action(
            run=cancel, title="Cancel at period end", past="{} was cancelled.", icon="ban", danger=True,
            offered=lambda actor, row: row.status in NEW and not row.cancels_at_period_end,
            confirm=lambda row: ("It ends with the period that was paid for; nothing more is collected.",),
        ),
        "terminate": Action(
            run=terminate, title="Terminate now", past="{} was terminated.", icon="ban", danger=True, typed=True,
            offered=lambda actor, row: row.status in (*NEW, ServiceStatus.SUSPENDED),
            confirm=lambda row: (
                "It ends now. Payments already made are not refunded, and this cannot be undone.",
            ),
        ),
    },
)

"""Pages of services: what customers have subscribed to, and the actions that stop and end it."""

from dataclasses import replace
from typing import Any

from blueprints.admin import customers, invoices, orders
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.developers import told
from blueprints.pages.session import wide_actor
from domain import clock
from domain.hosting import billing_cycles, services
from domain.invoicing.paying import unpaid
from models.order import Order
from models.service import ServiceStatus, SuspensionReason

STATUS = pairs(ServiceStatus)
REASONS = {
    SuspensionReason.UNPAID: ("Invoices are overdue", "It goes on by itself once they are paid."),
    SuspensionReason.DECLINED: ("A payment was declined", "It goes on once the payment is approved."),
    SuspensionReason.PAUSED: ("Paused", "Nothing is collected until it is resumed."),
    SuspensionReason.MERCHANT: ("Suspended by staff", "Nothing is collected until the suspension is ended."),
}


def values(row: Order) -> dict[str, Any]:
    """A service's values for its form."""
    return {"domain": row.domain}


def context(record: Any) -> dict[str, Any]:
    """The pages of its order and of its customer, and what the program that provides it was told last."""
    return {
        "order_url": orders.PAGE.at(record.id), "customer_url": customers.PAGE.at(record.customer_id),
        "billed": billed(record), "reason": REASONS.get(record.suspended_for),
        "unpaid": unpaid_invoices(record) if record.suspended_for == SuspensionReason.UNPAID else (),
        "told": told.last(PAGE, record, wide_actor()), "told_url": PAGE.url("show", key=record.id, tab=told.PART),
        "now": clock.now(),
    }


def unpaid_invoices(record: Any) -> list[tuple[str, str | None]]:
    """The numbers of the overdue invoices of the customer, with their pages for who may read them."""
    may_read = wide_actor().can("READ_INVOICES")
    return [(str(one.number), invoices.PAGE.at(one.id) if may_read else None)
            for one in unpaid.overdue(record.customer_id)]


def name(record: Any) -> str:
    """What was subscribed to, and for which domain."""
    product = getattr(record, "product_name", None) or f"Service {record.id}"
    return f"{product} · {record.domain}" if record.domain else str(product)


def billed(record: Any) -> str:
    """How often it is paid for, in words."""
    return billing_cycles.words(record.billing_cycle)


PAGE = ListPage(
    resource=replace(services.RESOURCE, create=None),           # it is made as an order
    title="Services",
    group="Billing",
    position=140,
    keys="v",
    note=lambda row: row.customer_name,
    icon="refresh",
    about="What customers have subscribed to. Programs that provide it follow the events service.created, suspended "
          "and terminated.",
    columns=(
        Column(name="id", title="Service", kind="link", sort="id", shown=name),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="status", kind="tag", choices=STATUS),
        Column(name="billing_cycle", title="Billed", minor=True, shown=billed),
        Column(name="later_minor", title="Amount", kind="money"),
        Column(name="next_due_on", title="Next due", kind="day"),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=ServiceStatus),
        ListFilter(name="suspended_for", title="Suspended for", choices=pairs(SuspensionReason), read=SuspensionReason),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    sections=(
        Section("Service", (
            Field(name="domain", hint="Such as mysite.com. Everything else is changed on the page of its order."),
        )),
    ),
    values=values,
    sort="-created_at",
    tones={"active": "ok", "pending": "warn", "suspended": "bad", "cancelled": "", "terminated": ""},
    name=name,
    details="admin/_service.html",
    show="admin/service.html",
    context=context,
)

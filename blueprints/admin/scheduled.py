"""Pages of scheduled payments: the list across orders, and the record of one."""

from typing import Any

from blueprints.admin import choices, customers, order_outlook, orders
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.order_events import page_of
from blueprints.pages.format import zone
from blueprints.pages.session import wide_actor
from domain.invoicing.paying import paid_orders
from domain.payments.schedule import scheduled
from domain.payments.schedule.scheduled_status import EDITABLE
from models.money import Money
from models.order import ScheduledPayment, ScheduledStatus

STATUS, YES = (("open", "Open"), ("owed", "Open, order paid before"), *pairs(ScheduledStatus)), (("true", "Yes"),)


def values(row: ScheduledPayment) -> dict[str, Any]:
    """A scheduled payment's values for its form."""
    due = row.due_at.astimezone(zone()).strftime("%Y-%m-%dT%H:%M")
    return {"amount": Money(row.amount_minor, row.currency).decimal, "due_at": due}


def name(row: Any) -> str:
    """Which payment of its order it is; a charge for a change of plan lies before the first one."""
    if row.sequence < 0:
        return f"Change of plan of order {row.order_id}"
    return f"{f'Payment {row.sequence}' if row.sequence else 'First payment'} of order {row.order_id}"


def context(record: Any) -> dict[str, Any]:
    """The pages of its order and of its customer, and the payments of its order's invoice that paid it."""
    who = wide_actor()
    return {
        "order_url": orders.PAGE.at(record.order_id), "customer_url": customers.PAGE.at(record.customer_id),
        "paid_otherwise": [
            (one, page_of("invoice", one.invoice_id, who), page_of("payment", one.payment_id, who))
            for one in (paid_orders.paid_by(record.order_id) if record.invoice_paid_minor else ())
        ],
    }


PAGE = ListPage(
    resource=scheduled.RESOURCE,
    mount="/scheduled-payments",
    title="Scheduled payments",
    group="Billing",
    position=134,
    note=lambda row: row.customer_name,
    icon="calendar-repeat",
    about="What will be collected from customers, on which day.",
    columns=(
        Column(name="id", title="Payment", kind="link", sort="id", shown=lambda row: str(row.id)),
        Column(name="order_id", title="Order", fixed_by="order_id"),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="due_at", title="Due", kind="when", sort="due_at"),
        Column(name="amount_minor", title="Amount", kind="money", sort="amount", shown=order_outlook.owed),
        Column(name="status", kind="tag", sort="status"),
    ),
    list_filters=(
        ListFilter(
            name="status", choices=STATUS, read=ScheduledStatus, default="open",
            groups={"open": "open", "owed": "owed"},
        ),
        ListFilter(name="collected", title="Collected by itself", choices=YES, read=lambda text: text == "true"),
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="due_after", title="Due from", kind="day"),
        ListFilter(name="due_before", title="Due until", kind="day"),
    ),
    sections=(
        Section("Payment", (
            Field(name="amount", kind="number", hint="In a subscription also of all later payments."),
            Field(name="due_at", label="Due", kind="datetime-local"),
        )),
    ),
    values=values,
    sort="due_at",
    sort_of_part="-open_first",
    tones={
        "complete": "ok", "recovered": "ok", "processing": "warn", "paused": "warn", "review": "warn",
        "soft-declined": "bad", "hard-declined": "bad",
    },
    name=name,
    details="admin/_scheduled_payment.html",
    audit_verbs={
        "card_asked": "asked for another card for", "paid_by_invoice": "counted a payment of the invoice for",
    },
    context=context,
    can_edit=lambda record: record.status in EDITABLE and record.sequence > 0,
)

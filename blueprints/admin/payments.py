"""Pages of payments: every attempt across orders, what needs a look, and giving money back."""

from typing import Any

from blueprints.admin import choices, customers, order_events
from blueprints.admin.crud.form_fields import pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.format import money
from domain.payments import payments
from models.payment import Decline, PaymentReason, PaymentStatus
from models.product import Billing

YES = (("true", "Yes"),)
GATEWAYS = (("stripe", "Card (Stripe)"), ("manual", "Bank transfer or by hand"), ("test", "Test card"))
REASONS = tuple((one.value, words) for one, words in order_events.HOW.items())
TABS = (("Payments", "admin.payments_list"), ("Disputes", "admin.disputes_list"))


def paid_by(row: Any) -> str:
    """The gateway's title."""
    return dict(GATEWAYS).get(str(row.gateway), str(row.gateway))


def refunded(row: Any) -> str:
    """What was given back, without a nought where it is nothing."""
    return money(row.refunded_minor, row.currency) if row.refunded_minor else ""


def context(record: Any) -> dict[str, Any]:
    """The page of its customer, and how it was collected in words."""
    return {
        "customer_url": customers.PAGE.at(record.customer_id), "collected": order_events.HOW[record.reason],
        "gateway": paid_by(record),
    }


PAGE = ListPage(
    resource=payments.RESOURCE,
    title="Payments",
    group="Billing",
    position=135,
    note=lambda row: row.customer_name,
    icon="credit-card",
    tabs=TABS,
    views=(
        ("All", {}), ("Approved", {"status": "approved"}), ("Declined", {"status": "declined"}),
        ("Refunded", {"refunded": "true"}), ("Unknown outcome", {"status": "unknown"}),
    ),
    about="Every attempt to collect, with its outcome.",
    columns=(
        Column(name="id", title="Payment", kind="link", sort="id", shown=lambda row: str(row.id)),
        Column(name="order_id", title="Order", fixed_by="order_id"),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="amount_minor", title="Amount", kind="money", sort="amount"),
        Column(name="status", kind="tag", sort="status"),
        Column(name="decline", kind="tag", minor=True),
        Column(name="gateway", title="Paid by", shown=paid_by, minor=True),
        Column(name="refunded_minor", title="Refunded", shown=refunded, minor=True),
        Column(name="created_at", title="Tried", kind="ago", sort="created_at"),
    ),
    list_filters=(
        ListFilter(name="status", choices=pairs(PaymentStatus), read=PaymentStatus),
        ListFilter(name="decline", choices=pairs(Decline), read=Decline),
        ListFilter(name="billing", title="Order type", choices=pairs(Billing), read=Billing),
        ListFilter(name="gateway", title="Paid by", choices=GATEWAYS),
        ListFilter(name="reason", title="Collected", choices=REASONS, read=PaymentReason),
        ListFilter(name="exception", title="Needs a look", choices=YES, read=lambda text: text == "true"),
        ListFilter(name="refunded", choices=YES, read=lambda text: text == "true"),
        ListFilter(name="disputed", choices=YES, read=lambda text: text == "true"),
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="executed_after", title="Decided from", kind="day"),
        ListFilter(name="executed_before", title="Decided until", kind="day"),
        ListFilter(name="created_after", title="Tried from", kind="day"),
        ListFilter(name="created_before", title="Tried until", kind="day"),
    ),
    tones={
        "approved": "ok", "pending": "warn", "unknown": "warn", "requires_action": "warn", "declined": "bad",
        "soft": "warn", "hard": "bad",
    },
    name=lambda row: f"Payment {row.id}",
    details="admin/_payment.html",
    show="admin/payment.html",
    audit_verbs={
        "looked_up": "asked the gateway about", "allocated": "paid an invoice with", "released": "released a part of",
    },
    context=context,
)

"""Pages of disputes: payments that customers disputed at their banks, and until when they have to be answered."""

from typing import Any

from blueprints.admin import customers, orders, payments
from blueprints.admin.crud.form_fields import pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.session import may
from domain.payments import disputes
from domain.sales.orders.order_status import LIVE
from models.payment import DisputeStatus


def context(record: Any) -> dict[str, Any]:
    """The pages of its payment, of its order and of its customer."""
    return {
        "payment_url": payments.PAGE.at(record.payment_id), "customer_url": customers.PAGE.at(record.customer_id),
        "order_url": orders.PAGE.at(record.order_id) if record.order_id and may("READ_ORDERS") else None,
        "goes_on": record.order_status in LIVE,
    }


PAGE = ListPage(
    resource=disputes.RESOURCE,
    title="Disputes",
    apart="A tab of the payments.",
    tabs=payments.TABS,
    icon="alert-circle",
    about="Payments that customers disputed at their banks. Send evidence where the payment was made.",
    columns=(
        Column(name="customer_name", title="Customer", kind="link"),
        Column(name="payment_id", title="Payment", fixed_by="payment_id", minor=True),
        Column(name="reason"),
        Column(name="created_at", title="Since", kind="ago", sort="created_at", minor=True),
        Column(name="answer_due_at", title="Answer due", kind="when", sort="answer_due_at", minor=True),
        Column(name="amount_minor", title="Amount", kind="money", sort="amount"),
        Column(name="status", title="Outcome", kind="tag", sort="status"),
    ),
    list_filters=(
        ListFilter(name="status", title="Outcome", choices=pairs(DisputeStatus), read=DisputeStatus),
    ),
    tones={"open": "warn", "won": "ok", "lost": "bad"},
    name=lambda row: f"Dispute {row.id}",
    details="admin/_dispute.html",
    context=context,
)

"""The listing of invoices. A draft shows its customer as it is now, an issued one as it was."""

from typing import Any

from sqlalchemy import String, and_, case, cast, func, or_, select

from database import db
from domain.invoicing.invoice_status import EFFECTIVE
from domain.list_parts import Children, Filter, common_filters, is_row
from domain.list_search import Of
from domain.listing import Listing
from domain.payments import locking
from models.allocation import Allocation
from models.customer import Customer
from models.invoice import Invoice, InvoiceItem, InvoiceState, InvoiceStatus
from models.order import Order

BALANCE = Invoice.total_minor - Invoice.paid_minor - Invoice.credited_minor
# Whose index has what is open, in the same words.
OPEN = and_(
    Invoice.state == InvoiceState.ISSUED, Invoice.total_minor > Invoice.paid_minor + Invoice.credited_minor)
ITEM = (
    "id", "product_id", "service_id", "description", "quantity_ten_thousandths", "unit_price_micro", "amount_minor",
    "discount_minor", "shared_discount_minor", "tax_minor", "tax_percent_ten_thousandths", "tax_category",
    "tax_reason", "total_minor",
)


class AccountFirst(Listing):
    """Locks the customer's account before an issued invoice, as everybody does who moves money."""

    def lock_before(self, key: int) -> None:
        issued = select(Invoice.customer_id).where(is_row(Invoice.id, key), Invoice.state == InvoiceState.ISSUED)
        customer_id = db.session.scalar(issued)
        if customer_id is not None:
            locking.lock_account(customer_id)


def _of_order(bound: Any) -> Any:
    """The invoices of an order, and of the budget that it was."""
    of_budget = select(Order.budget_id).where(Order.id == bound, Order.budget_id.is_not(None))
    return or_(Invoice.order_id == bound, Invoice.budget_id.in_(of_budget))


LISTING = AccountFirst(
    model=Invoice,
    noun="invoice",
    columns={
        **{
            name: getattr(Invoice, name)
            for name in (
                "id", "merchant_id", "test", "customer_id", "state", "number", "currency", "subtotal_minor",
                "discount_minor", "tax_minor", "total_minor", "header_discount_minor", "header_tax_minor",
                "paid_minor", "credited_minor", "refunded_minor", "issue_on", "due_on", "late_at", "issued_at",
                "paid_at", "sent_at", "reminded_at",
                "notes", "period_start_on", "period_end_on", "budget_id", "order_id", "e_invoice_lacks",
                "created_at", "updated_at", "version",
            )
        },
        "status": EFFECTIVE,
        "balance_minor": BALANCE,
        "customer_name": func.coalesce(Invoice.customer_name, Customer.name),
        "customer_email": case((Invoice.customer_name.is_(None), Customer.email), else_=Invoice.customer_email),
    },
    joins=((Customer, Customer.id == Invoice.customer_id),),
    children={
        "items": Children(
            InvoiceItem.invoice_id, {name: getattr(InvoiceItem, name) for name in ITEM}, InvoiceItem.position,
        ),
        "payments": Children(
            Allocation.invoice_id,
            {name: getattr(Allocation, name) for name in ("id", "payment_id", "amount_minor", "returned_minor")},
            Allocation.id,
        ),
    },
    sort={
        "created_at": Invoice.created_at, "updated_at": Invoice.updated_at, "issue_on": Invoice.issue_on,
        "due_on": Invoice.due_on, "total": (Invoice.currency, Invoice.total_minor),
        "number": Invoice.series_number, "id": Invoice.id,
    },
    filters={
        **common_filters(Invoice),
        "status": Filter(InvoiceStatus, lambda bound: cast(bound, String) == EFFECTIVE),
        "state": Filter(InvoiceState, lambda bound: Invoice.state == bound),
        "open": Filter(bool, lambda bound: bound == OPEN),
        "number": Filter(str, lambda bound: Invoice.number == bound),
        "customer_id": Filter(int, lambda bound: Invoice.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: Invoice.customer_id.in_(bound)),
        "order_id": Filter(int, _of_order),
        "order_ids": Filter(list, lambda bound: Invoice.order_id.in_(bound)),
        "budget_ids": Filter(list, lambda bound: Invoice.budget_id.in_(bound)),
        "product_id": Filter(
            int, lambda bound: Invoice.id.in_(select(InvoiceItem.invoice_id).where(InvoiceItem.product_id == bound))),
        "payment_id": Filter(int, lambda bound: Invoice.id.in_(
            select(Allocation.invoice_id).where(Allocation.payment_id == bound))),
        "currency": Filter(str, lambda bound: Invoice.currency == bound),
        "issued_after": Filter("moment", lambda bound: Invoice.issued_at >= bound),
        "issued_before": Filter("day_end", lambda bound: Invoice.issued_at <= bound),
    },
    search=(Invoice.search_text, Of(Customer.search_text, Invoice.customer_id)),
    customer="customer_id",
    own=True,
)

"""What the books keep of each row that is booked: the values that can never change, in one fixed form."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import orjson

from models.books import BookKind
from models.credit_note import CreditNote
from models.invoice import Invoice
from models.payment import Payment, Refund

# Fixed: a column that is added later is not part of the form, or old digests would change.
INVOICE = (
    "id", "merchant_id", "test", "customer_id", "state", "number", "series_number", "currency", "subtotal_minor",
    "discount_minor", "tax_minor", "total_minor", "header_discount_minor", "header_tax_minor", "issue_on", "due_on",
    "overdue_at", "issued_at", "notes", "period_start_on", "period_end_on", "budget_id", "order_id",
    "created_by_user_id", "customer_name", "customer_email", "seller", "buyer", "e_invoice_lacks", "created_at",
)
INVOICE_ITEM = (
    "id", "invoice_id", "position", "product_id", "service_id", "description", "quantity_ten_thousandths",
    "unit_price_micro", "amount_minor", "discount_minor", "shared_discount_minor", "tax_minor",
    "tax_percent_ten_thousandths", "tax_category", "tax_reason", "total_minor",
)
CREDIT_NOTE = (
    "id", "merchant_id", "test", "invoice_id", "customer_id", "number", "series_number", "currency", "net_minor",
    "tax_minor", "header_tax_minor", "total_minor", "reason", "issue_on", "issued_at", "customer_name",
    "customer_email", "seller", "buyer", "created_by_user_id", "created_at",
)
CREDIT_NOTE_ITEM = (
    "id", "credit_note_id", "position", "invoice_item_id", "description", "by_amount", "quantity_ten_thousandths",
    "unit_price_micro", "net_minor", "tax_minor", "tax_percent_ten_thousandths", "tax_category", "tax_reason",
    "total_minor",
)
PAYMENT = (
    "id", "merchant_id", "test", "customer_id", "order_id", "gateway", "currency", "amount_minor", "key",
    "reference", "executed_at",
)
REFUND = ("id", "merchant_id", "test", "payment_id", "currency", "amount_minor", "key")


def of_invoice(row: Invoice) -> dict[str, Any]:
    """An issued invoice with its lines."""
    return _values(row, INVOICE) | {"items": [_values(one, INVOICE_ITEM) for one in row.items]}


def of_credit_note(row: CreditNote) -> dict[str, Any]:
    return _values(row, CREDIT_NOTE) | {"items": [_values(one, CREDIT_NOTE_ITEM) for one in row.items]}


def of_payment(row: Payment) -> dict[str, Any]:
    """An approved payment. What is refunded later is booked on its own."""
    return _values(row, PAYMENT)


def of_refund(row: Refund) -> dict[str, Any]:
    return _values(row, REFUND)


READERS: Mapping[BookKind, tuple[type[Any], Callable[[Any], dict[str, Any]]]] = {
    BookKind.INVOICE: (Invoice, of_invoice),
    BookKind.CREDIT_NOTE: (CreditNote, of_credit_note),
    BookKind.PAYMENT: (Payment, of_payment),
    BookKind.REFUND: (Refund, of_refund),
    BookKind.REFUND_FAILED: (Refund, of_refund),
}


def digest(previous: str, kind: BookKind, position: int, row: Any) -> str:
    """The digest of an entry: SHA-256 of the digest before it, its kind and place, and the row's values."""
    _, read = READERS[kind]
    form = orjson.dumps([previous, kind.value, position, read(row)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(form).hexdigest()


def _values(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: _plain(getattr(row, name)) for name in names}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value

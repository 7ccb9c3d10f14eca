"""Sample invoices and credit notes for the API reference."""

from datetime import UTC, date, datetime

from domain.resource import Sample
from models.invoice import InvoiceState, InvoiceStatus

LINE = {"description": "Consulting, by the hour", "quantity": 8, "unit_price": 120, "tax_rate": 19, "discount": 0}
INVOICE = Sample(
    sent={
        "merchant_id": 1, "customer_id": 1, "currency": "EUR", "due_on": date(2035, 12, 31),
        "notes": "Thank you for your order", "items": [LINE],
    },
    read_only={
        "items": [LINE | {"tax": 182.4, "total": 1142.4}], "number": "INV-000001", "state": InvoiceState.ISSUED,
        "status": InvoiceStatus.UNPAID, "subtotal": 960, "discount": 0, "tax": 182.4, "total": 1142.4, "paid": 0,
        "credited": 0, "balance": 1142.4, "issue_on": date(2035, 12, 17), "paid_at": None, "payments": [],
        "sent_at": None, "reminded_at": None,
        "customer_name": "Ada Lovelace", "customer_email": "ada@example.org",
    },
    changed=("notes",),
)
CREDIT_NOTE = Sample(
    sent={},
    read_only={
        "merchant_id": 1, "customer_id": 1, "invoice_id": 1, "number": "CN-000001", "invoice_number": "INV-000001",
        "currency": "EUR", "net": 120, "tax": 22.8, "total": 142.8, "reason": "One hour less",
        "issue_on": date(2035, 12, 20), "issued_at": datetime(2035, 12, 20, 12, tzinfo=UTC),
        "customer_name": "Ada Lovelace", "customer_email": "ada@example.org",
        "items": [{"invoice_item_id": 1, "description": "Consulting, by the hour", "quantity": 1, "net": 120,
                   "tax": 22.8, "total": 142.8}],
    },
)

"""Sample orders, scheduled payments and payment methods for the API reference."""

from datetime import UTC, datetime

from domain.resource import Sample
from models.order import OrderSource, OrderStatus, PaymentChannel, ScheduledStatus
from models.product import Billing, IntervalUnit

LINE = {"product_id": 1, "quantity": 2, "unit_price": 20, "discount": 10, "fee": 1}
ORDER = Sample(
    sent={
        "merchant_id": 1, "customer_id": 1, "currency": "EUR", "invoice_ref": "W58XGHF", "description": "Two lamps",
        "note": "Leave at the door", "items": [LINE],
    },
    read_only={
        "items": [LINE | {"name": "Lamp", "tax": 5.21, "total": 31}], "billing": Billing.SINGLE_PAYMENT,
        "status": OrderStatus.PENDING, "source": OrderSource.API, "channel": PaymentChannel.ECOM,
        "total": 31, "tax": 5.21, "discount": 10, "fee": 1, "initial": 31, "later": 0, "count_to_pay": 1,
        "payment_link": "/pay/" + "T" * 43,
        "customer_name": "Ada Lovelace", "customer_email": "ada@example.org",
    },
    changed=("note",),
)
SCHEDULED_PAYMENT = Sample(
    sent={"amount": 20, "due_at": datetime(2035, 12, 31, 12, tzinfo=UTC)},
    read_only={
        "order_id": 1, "sequence": 1, "currency": "EUR", "tax": 3.47, "paid": 0, "status": ScheduledStatus.SCHEDULED,
        "retry_count": 0, "interval_unit": IntervalUnit.MONTH, "interval_count": 1,
    },
    changed=("amount",),
)
PAYMENT_METHOD = Sample(
    sent={}, read_only={"merchant_id": 1, "customer_id": 1, "gateway": "stripe", "label": "Visa ending in 4242"})

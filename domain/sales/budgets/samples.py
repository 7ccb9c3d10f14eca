"""Sample budgets for the API reference."""

from datetime import UTC, datetime

from domain.resource import Sample
from models.budget import BudgetStatus

LINE = {
    "description": "Consulting, by the hour", "quantity": 8, "unit_price": 120, "tax": 201.6, "discount": 0,
}
BUDGET = Sample(
    sent={
        "merchant_id": 1, "customer_id": 1, "currency": "EUR", "valid_until": datetime(2035, 12, 31, 12, tzinfo=UTC),
        "notes": "Valid for 30 days", "items": [LINE],
    },
    read_only={
        "items": [LINE | {"total": 1161.6}], "subtotal": 960, "tax": 201.6, "discount": 0, "total": 1161.6,
        "status": BudgetStatus.PENDING, "customer_name": "Ada Lovelace", "customer_email": "ada@example.org",
    },
    changed=("notes",),
)

"""Lists come in the order of an index by every column that people sort by; rare states have indexes of their own.

Revision ID: 0060
Revises: 0059
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0059"
branch_labels = None
depends_on = None

AFTER = ("id", "test", "merchant_id")
LIVING = "deleted_at IS NULL"
SUBSCRIPTIONS = "billing = 'subscription'"
INDEXES: tuple[tuple[str, str, tuple[str, ...], str | None], ...] = (
    ("payments", "by_amount", ("currency", "amount_minor", *AFTER), None),
    ("scheduled_payments", "by_amount", ("currency", "amount_minor", *AFTER), None),
    ("orders", "by_total", ("currency", "total_minor", *AFTER), None),
    ("budgets", "by_total", ("currency", "total_minor", *AFTER), LIVING),
    ("budgets", "by_valid_until", ("valid_until", *AFTER), LIVING),
    ("invoices", "by_number", ("series_number", *AFTER), LIVING),
    ("invoices", "by_issue_on", ("issue_on", *AFTER), LIVING),
    ("invoices", "by_due_on", ("due_on", *AFTER), LIVING),
    ("invoices", "by_total", ("currency", "total_minor", *AFTER), LIVING),
    ("tickets", "by_due_at", ("due_at", *AFTER), None),
    ("tickets", "by_subject", ("subject_sort", *AFTER), None),
    ("products", "by_price", ("test", "currency", "price_micro", "id", "merchant_id"), LIVING),
    ("products", "by_sku", ("test", "sku_sort", "id", "merchant_id"), LIVING),
    ("payments", "unsettled", ("status", "test", "merchant_id", "created_at", "id"),
     "status IN ('unknown', 'requires_action')"),
    ("scheduled_payments", "declined",
     ("test", "merchant_id", "status", "collect_at", "declined_at", "id", "currency", "amount_minor", "paid_minor"),
     "status IN ('soft-declined', 'hard-declined', 'review')"),
    ("orders", "subscriptions", ("test", "created_at", "id", "merchant_id", "status"), SUBSCRIPTIONS),
    ("orders", "recurring",
     ("test", "status", "merchant_id", "activated_at", "currency", "later_minor", "later_interval_unit",
      "interval_unit", "later_interval_count", "interval_count"), SUBSCRIPTIONS),
)
DUE = "ix_scheduled_payments_due_at_id_test"
DUE_BEFORE = ["due_at", "id", "test"]


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table, name, columns, where in INDEXES:
        rows = sa.text(where) if where else None
        op.create_index(f"ix_{table}_{name}", table, columns, sqlite_where=rows, postgresql_where=rows)
    op.drop_index(DUE, table_name="scheduled_payments")
    op.create_index(DUE, "scheduled_payments", [*DUE_BEFORE, "status"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index(DUE, table_name="scheduled_payments")
    op.create_index(DUE, "scheduled_payments", DUE_BEFORE)
    for table, name, _, _ in reversed(INDEXES):
        op.drop_index(f"ix_{table}_{name}", table_name=table)

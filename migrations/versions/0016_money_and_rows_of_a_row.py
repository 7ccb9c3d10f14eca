"""Sums of budgets by status, and lists of one customer's or endpoint's rows, read only their own rows.

Without a merchant's index that also has the customer, SQLite read all budgets of the merchant to find a customer's.
Entries of the audit trail about a delivery are named after it, since their id is the delivery's.

Revision ID: 0016
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0011"
branch_labels = None
depends_on = None

MONEY = (
    ("status", "test", "merchant_id", "valid_until", "currency", "total_minor", "deleted_at"),
    ("status", "test", "approved_at", "merchant_id", "currency", "total_minor", "deleted_at"),
)
RENAMED = (("webhook.redelivered", "delivery.redelivered"),
           ("webhook.redelivered_failed", "delivery.redelivered_failed"))


def name(*columns: str) -> str:
    return "_".join(("ix_budgets", *columns[:4]))


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for columns in MONEY:
        op.create_index(name(*columns), "budgets", columns)
    op.create_index(
        "ix_budgets_customer_id_test_merchant_id", "budgets", ["customer_id", "test", "merchant_id", "created_at"])
    op.drop_index("ix_budgets_customer_id", table_name="budgets")
    op.create_index(
        "ix_webhook_deliveries_endpoint_id_test_merchant_id", "webhook_deliveries",
        ["endpoint_id", "test", "merchant_id", "created_at"])
    op.drop_index("ix_webhook_deliveries_endpoint_id_created_at", table_name="webhook_deliveries")
    for old, new in RENAMED:
        _rename(old, new)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for old, new in RENAMED:
        _rename(new, old)
    op.create_index(
        "ix_webhook_deliveries_endpoint_id_created_at", "webhook_deliveries", ["endpoint_id", "created_at"])
    op.drop_index("ix_webhook_deliveries_endpoint_id_test_merchant_id", table_name="webhook_deliveries")
    op.create_index("ix_budgets_customer_id", "budgets", ["customer_id"])
    op.drop_index("ix_budgets_customer_id_test_merchant_id", table_name="budgets")
    for columns in MONEY:
        op.drop_index(name(*columns), table_name="budgets")


def _rename(old: str, new: str) -> None:
    op.execute(sa.text("UPDATE audit_entries SET action = :new, object_type = :noun WHERE action = :old").bindparams(
        new=new, noun=new.partition(".")[0], old=old))

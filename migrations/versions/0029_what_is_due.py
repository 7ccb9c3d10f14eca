"""The overview's sums of what is due, and the counts and sums of orders by status, are read from indexes alone.

Revision ID: 0029
Revises: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

STATUS = "ix_orders_status_test_merchant_id"
COLLECTED = "collect_at IS NOT NULL AND test_clock_id IS NULL"


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_index(
        "ix_scheduled_payments_due", "scheduled_payments",
        ["test", "status", "collect_at", "merchant_id", "currency", "amount_minor", "paid_minor", "test_clock_id"],
        sqlite_where=sa.text(COLLECTED), postgresql_where=sa.text(COLLECTED))
    op.create_index(
        "ix_orders_ending", "orders", ["id"], sqlite_where=sa.text("cancels_at_period_end = 1"),
        postgresql_where=sa.text("cancels_at_period_end"))
    op.drop_index(STATUS, table_name="orders")
    op.create_index(
        STATUS, "orders", ["status", "test", "merchant_id", "created_at", "currency", "total_minor"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index(STATUS, table_name="orders")
    op.create_index(STATUS, "orders", ["status", "test", "merchant_id", "created_at"])
    op.drop_index("ix_orders_ending", table_name="orders")
    op.drop_index("ix_scheduled_payments_due", table_name="scheduled_payments")

"""Open scheduled payments by amount, and the services of one merchant, are read from an index alone.

Revision ID: 0062
Revises: 0061
"""

import sqlalchemy as sa
from alembic import op

revision = "0062"
down_revision = "0061"
branch_labels = None
depends_on = None

AMOUNTS, SERVICES = "ix_scheduled_payments_by_amount", "ix_orders_subscriptions_of_merchant"
BEFORE = ["currency", "amount_minor", "id", "test", "merchant_id"]


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index(AMOUNTS, table_name="scheduled_payments")
    op.create_index(AMOUNTS, "scheduled_payments", [*BEFORE, "status"])
    rows = sa.text("billing = 'subscription'")
    op.create_index(SERVICES, "orders", ["merchant_id", "test", "created_at", "id", "status"],
                    sqlite_where=rows, postgresql_where=rows)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index(SERVICES, table_name="orders")
    op.drop_index(AMOUNTS, table_name="scheduled_payments")
    op.create_index(AMOUNTS, "scheduled_payments", BEFORE)

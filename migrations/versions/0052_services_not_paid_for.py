"""Services are suspended while invoices are unpaid, where the merchant says after how many days.

Revision ID: 0052
Revises: 0051
"""

import sqlalchemy as sa
from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

INDEXES = {"ix_orders_suspended_for_unpaid": "suspended_for = 'unpaid'", "ix_orders_spared": "spared_at IS NOT NULL"}


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("unpaid_suspend_days", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("spared_at", sa.DateTime(), nullable=True))
    for name, where in INDEXES.items():
        rows = sa.text(where)
        op.create_index(name, "orders", ["customer_id", "id"], sqlite_where=rows, postgresql_where=rows)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name in INDEXES:
        op.drop_index(name, "orders")
    op.drop_column("orders", "spared_at")
    op.drop_column("merchants", "unpaid_suspend_days")

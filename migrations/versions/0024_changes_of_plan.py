"""Changes of plan: the day of the first anchor, what a change waits for, and what a period costs.

Revision ID: 0024
Revises: 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("orders", sa.Column("anchor_day", sa.Integer(), nullable=True))
    op.add_column("orders", sa.Column("planned_change", sa.JSON(), nullable=True))
    op.add_column("scheduled_payments", sa.Column("period_at", sa.DateTime(), nullable=True))
    op.add_column("scheduled_payments", sa.Column("price_minor", sa.BigInteger(), nullable=True))
    op.add_column(
        "scheduled_payments", sa.Column("credit_minor", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("scheduled_payments", "credit_minor", server_default=None)
    op.create_index("ix_scheduled_payments_order_id_status", "scheduled_payments", ["order_id", "status", "sequence"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_scheduled_payments_order_id_status", table_name="scheduled_payments")
    for name in ("period_at", "price_minor", "credit_minor"):
        op.drop_column("scheduled_payments", name)
    for name in ("anchor_day", "planned_change"):
        op.drop_column("orders", name)

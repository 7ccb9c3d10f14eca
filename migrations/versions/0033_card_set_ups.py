"""The gateway's own id of a checkout that keeps a payment method.

Revision ID: 0033
Revises: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("orders", sa.Column("setup_reference", sa.String(length=255), nullable=True))
    kept = sa.text("setup_key IS NOT NULL")
    op.create_index(
        "ix_orders_setup_key", "orders", ["setup_key", "checkout_until"], sqlite_where=kept, postgresql_where=kept)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_orders_setup_key", table_name="orders")
    op.drop_column("orders", "setup_reference")

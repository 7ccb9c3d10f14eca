"""What pays the invoice of an order counts in the order's schedule; declined charges of invoices are tried again.

Revision ID: 0061
Revises: 0060
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0060"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("invoices", sa.Column("charge_again_at", sa.DateTime(), nullable=True))
    op.add_column("invoices", sa.Column("to_count", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_invoices_to_count", "invoices", ["id"], sqlite_where=sa.text("to_count = 1"),
        postgresql_where=sa.text("to_count"))
    op.add_column(
        "scheduled_payments", sa.Column("invoice_paid_minor", sa.BigInteger(), nullable=False, server_default="0"))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("invoices", "to_count", server_default=None)
        op.alter_column("scheduled_payments", "invoice_paid_minor", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("scheduled_payments", "invoice_paid_minor")
    op.drop_index("ix_invoices_to_count", table_name="invoices")
    op.drop_column("invoices", "to_count")
    op.drop_column("invoices", "charge_again_at")

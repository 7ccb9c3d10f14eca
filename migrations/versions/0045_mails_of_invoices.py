"""When invoices were sent and reminded of, and the steps of reminders of a merchant.

Revision ID: 0045
Revises: 0044
"""

import sqlalchemy as sa
from alembic import op

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("invoice_reminders", sa.Text(), nullable=True))
    op.add_column("invoices", sa.Column("sent_at", sa.DateTime(), nullable=True))
    op.add_column("invoices", sa.Column("reminded_at", sa.DateTime(), nullable=True))
    op.add_column("invoices", sa.Column("reminded_days", sa.Integer(), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("invoices", "reminded_days")
    op.drop_column("invoices", "reminded_at")
    op.drop_column("invoices", "sent_at")
    op.drop_column("merchants", "invoice_reminders")

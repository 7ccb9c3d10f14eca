"""Stored cards are charged for invoices on their due date, where the merchant says so; each invoice once.

Revision ID: 0057
Revises: 0056
"""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("invoices_charged", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("invoices", sa.Column("charged_at", sa.DateTime(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("merchants", "invoices_charged", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("invoices", "charged_at")
    op.drop_column("merchants", "invoices_charged")

"""What becomes of the keys of customers with unpaid invoices: rules of merchants. Nothing, until they say so.

Revision ID: 0048
Revises: 0047
"""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("unpaid_throttle_days", sa.Integer(), nullable=True))
    op.add_column("merchants", sa.Column("unpaid_calls_per_hour", sa.Integer(), nullable=False, server_default="60"))
    op.add_column("merchants", sa.Column("unpaid_stop_days", sa.Integer(), nullable=True))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("merchants", "unpaid_calls_per_hour", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name in ("unpaid_stop_days", "unpaid_calls_per_hour", "unpaid_throttle_days"):
        op.drop_column("merchants", name)

"""Merchants say whether customers may change the plan of their services.

Revision ID: 0059
Revises: 0058
"""

import sqlalchemy as sa
from alembic import op

revision = "0059"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("customer_changes", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("merchants", "customer_changes", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("merchants", "customer_changes")

"""Says of customers' users whether their address is theirs for certain: whom a customer invites has to sign in first.

Who invited a user was not stored: those who have not signed in yet are taken as invited by a customer.

Revision ID: 0058
Revises: 0057
"""

import sqlalchemy as sa
from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("customer_users", sa.Column("is_confirmed", sa.Boolean(), nullable=False, server_default=sa.true()))
    op.execute("UPDATE customer_users SET is_confirmed = (is_first OR signed_in_at IS NOT NULL)")
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("customer_users", "is_confirmed", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("customer_users", "is_confirmed")

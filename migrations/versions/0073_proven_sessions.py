"""Adds when the user of a session last gave the password or a code.

Revision ID: 0073
Revises: 0072
"""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("user_sessions", sa.Column(
        "proven_at", sa.DateTime(), nullable=False, server_default=sa.text("'1970-01-01 00:00:00.000000'")))
    op.execute("UPDATE user_sessions SET proven_at = created_at")
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column("user_sessions", "proven_at", server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("user_sessions", "proven_at")

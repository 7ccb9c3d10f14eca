"""Adds that the secret of an API key was reported as leaked: when, where, and whether that paused the key.

Revision ID: 0074
Revises: 0073
"""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("credentials", sa.Column("leaked_at", sa.DateTime(), nullable=True))
    op.add_column("credentials", sa.Column("leak_url", sa.String(500), nullable=True))
    op.add_column(
        "credentials", sa.Column("leak_paused", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("credentials", "leak_paused")
        op.drop_column("credentials", "leak_url")
        op.drop_column("credentials", "leaked_at")

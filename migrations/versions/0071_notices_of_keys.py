"""Adds which notice of its expiry the owner of an API key got last.

Revision ID: 0071
Revises: 0070
"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.add_column("credentials", sa.Column("told_days", sa.Integer(), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("credentials", "told_days")

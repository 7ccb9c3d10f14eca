"""Adds limits of API keys a minute and a day, beside the one an hour.

Revision ID: 0075
Revises: 0074
"""

import sqlalchemy as sa
from alembic import op

revision = "0075"
down_revision = "0074"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.add_column("credentials", sa.Column("rate_limit_per_minute", sa.Integer(), nullable=True))
        op.add_column("credentials", sa.Column("rate_limit_per_day", sa.Integer(), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("credentials", "rate_limit_per_day")
        op.drop_column("credentials", "rate_limit_per_minute")

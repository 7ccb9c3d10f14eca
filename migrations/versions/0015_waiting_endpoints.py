"""Webhook endpoints say since when they fail, and until when their receiver asked not to be called.

Of an endpoint that fails at the moment the beginning is not known: it counts from the next failure on.

Revision ID: 0012b
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0012b"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.add_column("webhook_endpoints", sa.Column("failing_since", sa.DateTime(), nullable=True))
        op.add_column("webhook_endpoints", sa.Column("waits_until", sa.DateTime(), nullable=True))
        op.add_column("webhook_endpoints", sa.Column("wait_reason", sa.String(length=200), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_column("webhook_endpoints", "wait_reason")
        op.drop_column("webhook_endpoints", "waits_until")
        op.drop_column("webhook_endpoints", "failing_since")

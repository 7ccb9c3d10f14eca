"""Indexes deliveries of webhooks by what they are about, so that the page of a record lists its own.

Revision ID: 0072
Revises: 0071
"""

from alembic import op

revision = "0072"
down_revision = "0071"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.create_index("ix_webhook_deliveries_resource", "webhook_deliveries", ["resource", "created_at"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_index("ix_webhook_deliveries_resource", table_name="webhook_deliveries")

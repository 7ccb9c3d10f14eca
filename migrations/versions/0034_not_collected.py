"""The payments that are due and that nothing collects are found by an index.

Revision ID: 0034
Revises: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    kept = sa.text("collect_at IS NULL AND status = 'scheduled' AND sequence > 0")
    op.create_index(
        "ix_scheduled_payments_not_collected", "scheduled_payments",
        ["status", "test", "merchant_id", "due_at", "id"], sqlite_where=kept, postgresql_where=kept)


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_index("ix_scheduled_payments_not_collected", table_name="scheduled_payments")

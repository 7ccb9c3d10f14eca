"""The outbox is read pool by pool.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.create_index(
            "ix_outbox_tasks_status_pool_due_at_id", "outbox_tasks", ["status", "pool", "due_at", "id"], unique=False
        )
        op.drop_index("ix_outbox_tasks_pool_status", table_name="outbox_tasks")


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.create_index("ix_outbox_tasks_pool_status", "outbox_tasks", ["pool", "status"], unique=False)
        op.drop_index("ix_outbox_tasks_status_pool_due_at_id", table_name="outbox_tasks")

"""Time lines of orders: their mails, payments and audit entries are read along indexes, the newest first.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

ORDER_OF_MAIL = {
    "sqlite": "'order_' || json_extract(payload, '$.order_id')",
    "postgresql": "'order_' || (payload ->> 'order_id')",
}


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("outbox_tasks", sa.Column("about", sa.String(48), nullable=True))
    name = ORDER_OF_MAIL[op.get_bind().dialect.name]
    op.execute(f"UPDATE outbox_tasks SET about = {name} WHERE kind = 'mail'")
    op.create_index(
        "ix_outbox_tasks_about", "outbox_tasks", ["about", "created_at", "id"],
        sqlite_where=sa.text("about IS NOT NULL"), postgresql_where=sa.text("about IS NOT NULL"))
    op.create_index("ix_payments_order_id_created_at", "payments", ["order_id", "created_at", "id"])
    op.drop_index("ix_payments_order_id", table_name="payments")
    op.drop_index("ix_audit_entries_object", table_name="audit_entries")
    op.create_index("ix_audit_entries_object", "audit_entries", ["object_type", "object_id", "at", "id"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_audit_entries_object", table_name="audit_entries")
    op.create_index("ix_audit_entries_object", "audit_entries", ["object_type", "object_id"])
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.drop_index("ix_payments_order_id_created_at", table_name="payments")
    op.drop_index("ix_outbox_tasks_about", table_name="outbox_tasks")
    op.drop_column("outbox_tasks", "about")

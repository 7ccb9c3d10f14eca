"""The newest orders of a status, of one merchant and of all, are read along an index.

Revision ID: 0030
Revises: 0029
"""

from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

OWN, ALL = "ix_orders_status_test_merchant_id", "ix_orders_status_test_created_at"
BEFORE = ["status", "test", "merchant_id", "created_at", "currency", "total_minor"]


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_index(ALL, "orders", ["status", "test", "created_at", "id"])
    op.drop_index(OWN, table_name="orders")
    op.create_index(OWN, "orders", [*BEFORE[:4], "id", *BEFORE[4:]])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index(OWN, table_name="orders")
    op.create_index(OWN, "orders", BEFORE)
    op.drop_index(ALL, table_name="orders")

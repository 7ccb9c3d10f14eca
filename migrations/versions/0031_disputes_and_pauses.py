"""Until when a dispute has to be answered, since when a gateway is left alone, and the lists of disputes.

Revision ID: 0031
Revises: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("disputes", sa.Column("answer_due_at", sa.DateTime(), nullable=True))
    op.add_column("gateway_accounts", sa.Column("parked_at", sa.DateTime(), nullable=True))
    op.create_index(
        "ix_disputes_merchant_id_test_created_at", "disputes", ["merchant_id", "test", "created_at", "id"])
    op.create_index(
        "ix_disputes_status_test_merchant_id", "disputes", ["status", "test", "merchant_id", "answer_due_at"])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_disputes_status_test_merchant_id", table_name="disputes")
    op.drop_index("ix_disputes_merchant_id_test_created_at", table_name="disputes")
    op.drop_column("gateway_accounts", "parked_at")
    op.drop_column("disputes", "answer_due_at")

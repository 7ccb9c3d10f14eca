"""When a gateway was last asked whether a card expires. The date itself is not stored.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("payment_methods", sa.Column("expiry_asked_at", sa.DateTime(), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("payment_methods", "expiry_asked_at")

"""Payment methods that are kept without a payment, and what customers may do on their own order pages.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

WORD = sa.Enum("any", "now", "period_end", "never", name="customercancels", native_enum=False, length=16)
MERCHANTS = ("customer_cancels", "customer_skips")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("orders", sa.Column("setup_key", sa.String(length=64), nullable=True))
    op.add_column("merchants", sa.Column("customer_cancels", WORD, nullable=False, server_default="any"))
    op.add_column("merchants", sa.Column("customer_skips", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        for name in MERCHANTS:
            op.alter_column("merchants", name, server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name in MERCHANTS:
        op.drop_column("merchants", name)
    op.drop_column("orders", "setup_key")

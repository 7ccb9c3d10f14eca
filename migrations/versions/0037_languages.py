"""Languages of documents: a merchant's own, and a customer's.

Revision ID: 0037
Revises: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

TABLES = ("merchants", "customers")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table in TABLES:
        op.add_column(table, sa.Column("language", sa.String(length=16), nullable=True))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table in TABLES:
        op.drop_column(table, "language")

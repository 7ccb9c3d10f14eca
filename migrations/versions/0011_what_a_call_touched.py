"""The request log keeps what a call touched: objects, user and customer, and the message of a refusal.

Revision ID: 0011
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0013"
branch_labels = None
depends_on = None

LONG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OWNERS = {"ix_requests_user": "user_id", "ix_requests_customer": "customer_id"}


def upgrade(bind_name: str) -> None:
    if bind_name != "log":
        return
    op.add_column("requests", sa.Column("message", sa.String(300), nullable=True))
    op.add_column("requests", sa.Column("fields", sa.String(500), nullable=True))
    for name, column in OWNERS.items():
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(
            name, "requests", [column, "at_us", "id"], sqlite_where=known, postgresql_where=known
        )
    op.create_table(
        "request_objects",
        sa.Column("noun", sa.String(40), nullable=False),
        sa.Column("object_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", LONG, autoincrement=False, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("noun", "object_id", "at_us", "id", name="pk_request_objects"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_request_objects_id", "request_objects", ["id"])


def downgrade(bind_name: str) -> None:
    if bind_name != "log":
        return
    op.drop_table("request_objects")
    for name in OWNERS:
        op.drop_index(name, "requests")
    op.drop_column("requests", "fields")
    op.drop_column("requests", "message")

"""Canned answers to tickets.

Revision ID: 0050
Revises: 0049
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    sort_key = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")
    op.create_table(
        "canned_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("title_sort", sort_key, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_canned_answers_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_canned_answers"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_canned_answers_merchant_id", "canned_answers", ["merchant_id", "active", "title_sort", "id"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("canned_answers")

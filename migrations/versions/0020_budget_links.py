"""Links under which customers answer budgets, and the colour of merchants' pages.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

CURRENT = sa.text("withdrawn_at IS NULL")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("brand_colour", sa.String(length=7), nullable=True))
    op.create_table(
        "budget_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("budget_id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("answer", sa.String(length=16), nullable=True),
        sa.Column("answered_at", sa.DateTime(), nullable=True),
        sa.Column("answered_by", sa.String(length=100), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("asked_for", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name="fk_budget_links_budget_id_budgets"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_budget_links_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_budget_links"),
        sa.UniqueConstraint("digest", name="uq_budget_links_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_budget_links_budget_id", "budget_links", ["budget_id"])
    op.create_index("ix_budget_links_merchant_id", "budget_links", ["merchant_id"])
    op.create_index(
        "uq_budget_links_budget_id", "budget_links", ["budget_id"], unique=True,
        sqlite_where=CURRENT, postgresql_where=CURRENT,
    )


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("budget_links")
    op.drop_column("merchants", "brand_colour")

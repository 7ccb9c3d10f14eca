"""Announcements, and the customers for whom those are that are not for all.

Revision ID: 0044
Revises: 0043
"""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    create_announcements()
    create_recipients()


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("announcement_recipients")
    op.drop_table("announcements")


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def create_announcements() -> None:
    name = "announcements"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("status", sa.Enum("draft", "published", "withdrawn", name="announcementstatus", native_enum=False, length=16),
                  nullable=False),
        sa.Column("published_at", sa.DateTime(), nullable=True),
        sa.Column("for_all", sa.Boolean(), nullable=False),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("title_sort", sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"),
                  nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=True),
        refers(name, "created_by_user_id", "users"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_announcements_merchant_id", name, ["merchant_id"])
    kept = sa.text("deleted_at IS NULL")
    for columns in (["merchant_id", "test", "created_at", "id"],
                    ["merchant_id", "test", "status", "published_at", "id"]):
        op.create_index(
            f"ix_{name}_{'_'.join(columns)}", name, columns, sqlite_where=kept, postgresql_where=kept)


def create_recipients() -> None:
    name = "announcement_recipients"
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("announcement_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        refers(name, "announcement_id", "announcements"),
        refers(name, "customer_id", "customers"),
        refers(name, "merchant_id", "merchants"),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.UniqueConstraint("announcement_id", "customer_id", name=f"uq_{name}_announcement_id_customer_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(f"ix_{name}_merchant_id", name, ["merchant_id"])
    op.create_index(f"ix_{name}_customer_id", name, ["customer_id", "announcement_id"])

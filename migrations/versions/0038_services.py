"""Orders of hosting have a domain and may be suspended by the merchant; customers have domain names.

Revision ID: 0038
Revises: 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("orders", sa.Column("domain", sa.String(length=253), nullable=True))
    op.add_column("orders", sa.Column("suspended_for", sa.String(length=16), nullable=True))
    create_domain_names()


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("domain_names")
    op.drop_column("orders", "suspended_for")
    op.drop_column("orders", "domain")


def create_domain_names() -> None:
    sort_key = sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql")
    op.create_table(
        "domain_names",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=253), nullable=False),
        sa.Column("registrar", sa.String(length=100), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("auto_renew", sa.Boolean(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("name_sort", sort_key, nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name="ck_domain_names_amount_not_negative"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_domain_names_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_domain_names_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_domain_names_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_domain_names"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_domain_names_merchant_id", "domain_names", ["merchant_id"])
    op.create_index("ix_domain_names_customer_id", "domain_names", ["customer_id"])
    kept = sa.text("deleted_at IS NULL")
    op.create_index(
        "uq_domain_names_merchant_id_test_name", "domain_names", ["merchant_id", "test", "name"], unique=True,
        sqlite_where=kept, postgresql_where=kept)
    op.create_index(
        "ix_domain_names_merchant_id_test_created_at_id", "domain_names", ["merchant_id", "test", "created_at", "id"],
        sqlite_where=kept, postgresql_where=kept)

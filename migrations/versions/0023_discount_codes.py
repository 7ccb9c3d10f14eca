"""Discount codes, the orders that they were used for, and what they took off.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OPEN = sa.text("returned_at IS NULL")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    create_codes()
    create_uses()
    op.add_column("orders", sa.Column("discount_code", sa.String(length=40), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.add_column("orders", sa.Column("discount_code_id", sa.Integer(), nullable=True))
        op.create_foreign_key("fk_orders_discount_code_id_discount_codes", "orders", "discount_codes", ["discount_code_id"], ["id"])
    else:                                        # SQLite adds the reference with the column
        op.execute(
            "ALTER TABLE orders ADD COLUMN discount_code_id INTEGER"
            " CONSTRAINT fk_orders_discount_code_id_discount_codes REFERENCES discount_codes (id)"
        )
    add_with_value("orders", "code_initial_minor", sa.BigInteger(), "0")
    add_with_value("order_items", "code_discount_minor", sa.BigInteger(), "0")
    add_with_value("order_items", "code_first_only", sa.Boolean(), sa.false())


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_column("order_items", "code_first_only")
    op.drop_column("order_items", "code_discount_minor")
    if op.get_bind().dialect.name == "postgresql":          # SQLite drops the reference with its column
        op.drop_constraint("fk_orders_discount_code_id_discount_codes", "orders", type_="foreignkey")
    for column in ("code_initial_minor", "discount_code_id", "discount_code"):
        op.drop_column("orders", column)
    op.drop_table("discount_uses")
    op.drop_table("discount_codes")


def add_with_value(table: str, name: str, kind: sa.types.TypeEngine, value: object) -> None:
    """Add a column that may not be null; rows of before get the value."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column(table, name, server_default=None)


def create_codes() -> None:
    op.create_table(
        "discount_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("code_key", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("percent_ten_thousandths", sa.Integer(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("first_only", sa.Boolean(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=True),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("max_uses_per_customer", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("code_sort", sa.String(length=255).with_variant(sa.String(length=255, collation="C"), "postgresql"), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("(percent_ten_thousandths IS NULL) <> (amount_minor IS NULL)", name="ck_discount_codes_percent_or_amount"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_discount_codes_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_discount_codes_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_discount_codes_product_id_products"),
        sa.PrimaryKeyConstraint("id", name="pk_discount_codes"),
        sa.UniqueConstraint("merchant_id", "test", "code_key", name="uq_discount_codes_merchant_id_test_code_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discount_codes_merchant_id", "discount_codes", ["merchant_id"])
    op.create_index("ix_discount_codes_product_id", "discount_codes", ["product_id"])


def create_uses() -> None:
    op.create_table(
        "discount_uses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=False),
        sa.Column("returned_at", sa.DateTime(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["code_id"], ["discount_codes.id"], name="fk_discount_uses_code_id_discount_codes"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_discount_uses_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_discount_uses_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_discount_uses_order_id_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_discount_uses"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_discount_uses_code_id", "discount_uses", ["code_id", "returned_at", "customer_id"])
    op.create_index("ix_discount_uses_merchant_id", "discount_uses", ["merchant_id"])
    op.create_index("uq_discount_uses_order_id", "discount_uses", ["order_id"], unique=True, sqlite_where=OPEN, postgresql_where=OPEN)

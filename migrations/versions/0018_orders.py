"""Orders with their items and scheduled payments, stored payment methods, test clocks.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        create_payment_methods()
        create_test_clocks()
        create_orders()
        create_order_items()
        create_scheduled_payments()


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        for table in ("scheduled_payments", "order_items", "orders", "test_clocks", "payment_methods"):
            op.drop_table(table)


def create_payment_methods() -> None:
    op.create_table(
        "payment_methods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=False),
        sa.Column("removed_at", sa.DateTime(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_payment_methods_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_payment_methods_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_payment_methods"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payment_methods_customer_id", "payment_methods", ["customer_id"])
    op.create_index("ix_payment_methods_merchant_id", "payment_methods", ["merchant_id"])


def create_test_clocks() -> None:
    op.create_table(
        "test_clocks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("now_at", sa.DateTime(), nullable=False),
        sa.Column("target_at", sa.DateTime(), nullable=True),
        sa.Column("status", sa.Enum("ready", "advancing", name="testclockstatus", native_enum=False, length=16), nullable=False),
        sa.Column("lease_until", sa.DateTime(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_test_clocks_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_test_clocks"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_test_clocks_merchant_id", "test_clocks", ["merchant_id"])
    op.create_index("ix_test_clocks_status", "test_clocks", ["status"])


def create_orders() -> None:
    op.create_table(
        "orders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("billing", sa.Enum("single_payment", "instalment", "subscription", "metered", name="billing", native_enum=False, length=16), nullable=False),
        sa.Column("status", sa.Enum("draft", "pending", "rejected", "active", "failed", "suspended", "paused", "review", "cancelled", "complete", name="orderstatus", native_enum=False, length=16), nullable=False),
        sa.Column("source", sa.Enum("ui", "api", name="ordersource", native_enum=False, length=16), nullable=False),
        sa.Column("channel", sa.Enum("ECOM", "MOTO", name="paymentchannel", native_enum=False, length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("invoice_ref", sa.String(length=64), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("redirect_url", sa.String(length=2048), nullable=True),
        sa.Column("failed_redirect_url", sa.String(length=2048), nullable=True),
        sa.Column("create_registration", sa.Boolean(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("initial_minor", sa.BigInteger(), nullable=False),
        sa.Column("later_minor", sa.BigInteger(), nullable=False),
        sa.Column("later_tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("credit_minor", sa.BigInteger(), nullable=False),
        sa.Column("interval_unit", sa.Enum("DAY", "WEEK", "MONTH", "YEAR", name="intervalunit", native_enum=False, length=16), nullable=True),
        sa.Column("interval_count", sa.Integer(), nullable=True),
        sa.Column("instalments", sa.Integer(), nullable=True),
        sa.Column("trial_days", sa.Integer(), nullable=True),
        sa.Column("collects_initial", sa.Boolean(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("anchor_at", sa.DateTime(), nullable=True),
        sa.Column("anchor_sequence", sa.Integer(), nullable=False),
        sa.Column("later_interval_unit", sa.Enum("DAY", "WEEK", "MONTH", "YEAR", name="intervalunit", native_enum=False, length=16), nullable=True),
        sa.Column("later_interval_count", sa.Integer(), nullable=True),
        sa.Column("next_sequence", sa.Integer(), nullable=False),
        sa.Column("cancels_at_period_end", sa.Boolean(), nullable=False),
        sa.Column("activated_at", sa.DateTime(), nullable=True),
        sa.Column("paused_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("gateway", sa.String(length=16), nullable=True),
        sa.Column("payment_method_id", sa.Integer(), nullable=True),
        sa.Column("link_digest", sa.String(length=64), nullable=False),
        sa.Column("link_token", sa.Text(), nullable=False),
        sa.Column("checkout_number", sa.Integer(), nullable=True),
        sa.Column("checkout_until", sa.DateTime(), nullable=True),
        sa.Column("budget_id", sa.Integer(), nullable=True),
        sa.Column("test_clock_id", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("customer_name", sa.String(length=255), nullable=False),
        sa.Column("customer_email", sa.String(length=255), nullable=True),
        sa.Column("billing_address", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("total_minor >= 0", name="ck_orders_total_not_negative"),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name="fk_orders_budget_id_budgets"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_orders_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_orders_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_orders_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["payment_method_id"], ["payment_methods.id"], name="fk_orders_payment_method_id_payment_methods"),
        sa.ForeignKeyConstraint(["test_clock_id"], ["test_clocks.id"], name="fk_orders_test_clock_id_test_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_orders"),
        sa.UniqueConstraint("link_digest", name="uq_orders_link_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_orders_created_at_id_test", "orders", ["created_at", "id", "test"])
    op.create_index("ix_orders_customer_id_test_merchant_id", "orders", ["customer_id", "test", "merchant_id", "created_at"])
    op.create_index("ix_orders_merchant_id", "orders", ["merchant_id"])
    op.create_index("ix_orders_merchant_id_test_created_at", "orders", ["merchant_id", "test", "created_at", "id", "status"])
    op.create_index("ix_orders_merchant_id_test_invoice_ref", "orders", ["merchant_id", "test", "invoice_ref"])
    op.create_index("ix_orders_payment_method_id", "orders", ["payment_method_id"])
    op.create_index("ix_orders_status_test_merchant_id", "orders", ["status", "test", "merchant_id", "created_at"])
    op.create_index("ix_orders_test_clock_id", "orders", ["test_clock_id"])
    op.create_index("uq_orders_budget_id", "orders", ["budget_id"], unique=True, sqlite_where=sa.text("status != 'cancelled'"), postgresql_where=sa.text("status != 'cancelled'"))


def create_order_items() -> None:
    op.create_table(
        "order_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("quantity_ten_thousandths", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_price_micro", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent_ten_thousandths", sa.Integer(), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_first_only", sa.Boolean(), nullable=False),
        sa.Column("fee_first_only", sa.Boolean(), nullable=False),
        sa.Column("later_tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("later_total_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity_ten_thousandths > 0", name="ck_order_items_quantity_positive"),
        sa.CheckConstraint("unit_price_micro >= 0", name="ck_order_items_price_not_negative"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_order_items_order_id_orders"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_order_items_product_id_products"),
        sa.PrimaryKeyConstraint("id", name="pk_order_items"),
        sa.UniqueConstraint("order_id", "position", name="uq_order_items_order_id_position"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_order_items_product_id", "order_items", ["product_id"])


def create_scheduled_payments() -> None:
    op.create_table(
        "scheduled_payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Enum("scheduled", "processing", "complete", "recovered", "soft-declined", "hard-declined", "skipped", "merged", "cancelled", "paused", "review", name="scheduledstatus", native_enum=False, length=16), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("collect_at", sa.DateTime(), nullable=True),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("declined_at", sa.DateTime(), nullable=True),
        sa.Column("executed_at", sa.DateTime(), nullable=True),
        sa.Column("merged_into_id", sa.Integer(), nullable=True),
        sa.Column("interval_unit", sa.Enum("DAY", "WEEK", "MONTH", "YEAR", name="intervalunit", native_enum=False, length=16), nullable=True),
        sa.Column("interval_count", sa.Integer(), nullable=True),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("test_clock_id", sa.Integer(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name="ck_scheduled_payments_amount_not_negative"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_scheduled_payments_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["merged_into_id"], ["scheduled_payments.id"], name="fk_scheduled_payments_merged_into_id_scheduled_payments"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_scheduled_payments_order_id_orders"),
        sa.ForeignKeyConstraint(["test_clock_id"], ["test_clocks.id"], name="fk_scheduled_payments_test_clock_id_test_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_payments"),
        sa.UniqueConstraint("order_id", "sequence", name="uq_scheduled_payments_order_id_sequence"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scheduled_payments_collect_at", "scheduled_payments", ["merchant_id", "test", "collect_at", "id"], sqlite_where=sa.text("collect_at IS NOT NULL AND test_clock_id IS NULL"), postgresql_where=sa.text("collect_at IS NOT NULL AND test_clock_id IS NULL"))
    op.create_index("ix_scheduled_payments_test_clock_id", "scheduled_payments", ["test_clock_id", "collect_at", "id"], sqlite_where=sa.text("test_clock_id IS NOT NULL"), postgresql_where=sa.text("test_clock_id IS NOT NULL"))
    op.create_index("ix_scheduled_payments_due_at_id_test", "scheduled_payments", ["due_at", "id", "test"])
    op.create_index("ix_scheduled_payments_merchant_id", "scheduled_payments", ["merchant_id"])
    op.create_index("ix_scheduled_payments_merchant_id_test_due_at", "scheduled_payments", ["merchant_id", "test", "due_at", "id", "status"])
    op.create_index("ix_scheduled_payments_merged_into_id", "scheduled_payments", ["merged_into_id"])
    op.create_index("ix_scheduled_payments_status_test_merchant_id", "scheduled_payments", ["status", "test", "merchant_id", "due_at"])

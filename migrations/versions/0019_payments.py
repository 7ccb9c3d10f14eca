"""Payments, refunds, disputes, and a merchant's settings of its gateways.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        create_payments()
        create_refunds()
        create_disputes()
        create_gateway_accounts()
        create_gateway_notifications()


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        for table in ("gateway_notifications", "gateway_accounts", "disputes", "refunds", "payments"):
            op.drop_table(table)


def create_payments() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("scheduled_payment_id", sa.Integer(), nullable=True),
        sa.Column("payment_method_id", sa.Integer(), nullable=True),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Enum("checkout", "schedule", "retry", "manual", name="paymentreason", native_enum=False, length=16), nullable=False),
        sa.Column("status", sa.Enum("pending", "approved", "declined", "unknown", "requires_action", name="paymentstatus", native_enum=False, length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("decline", sa.Enum("soft", "hard", name="decline", native_enum=False, length=16), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("confirm_url", sa.String(length=2048), nullable=True),
        sa.Column("asked_at", sa.DateTime(), nullable=True),
        sa.Column("executed_at", sa.DateTime(), nullable=True),
        sa.Column("look_up_at", sa.DateTime(), nullable=True),
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("test_clock_id", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="ck_payments_amount_positive"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_payments_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_payments_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_payments_order_id_orders"),
        sa.ForeignKeyConstraint(["payment_method_id"], ["payment_methods.id"], name="fk_payments_payment_method_id_payment_methods"),
        sa.ForeignKeyConstraint(["scheduled_payment_id"], ["scheduled_payments.id"], name="fk_payments_scheduled_payment_id_scheduled_payments"),
        sa.ForeignKeyConstraint(["test_clock_id"], ["test_clocks.id"], name="fk_payments_test_clock_id_test_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_payments"),
        sa.UniqueConstraint("key", name="uq_payments_key"),
        sa.UniqueConstraint("merchant_id", "test", "gateway", "reference", name="uq_payments_merchant_id_test_gateway_reference"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_payments_created_at_id_test", "payments", ["created_at", "id", "test"])
    op.create_index("ix_payments_look_up_at", "payments", ["look_up_at", "id"], sqlite_where=sa.text("look_up_at IS NOT NULL AND test_clock_id IS NULL"), postgresql_where=sa.text("look_up_at IS NOT NULL AND test_clock_id IS NULL"))
    op.create_index("ix_payments_test_clock_id", "payments", ["test_clock_id", "look_up_at", "id"], sqlite_where=sa.text("test_clock_id IS NOT NULL"), postgresql_where=sa.text("test_clock_id IS NOT NULL"))
    op.create_index("ix_payments_merchant_id", "payments", ["merchant_id"])
    op.create_index("ix_payments_merchant_id_test_created_at", "payments", ["merchant_id", "test", "created_at", "id", "status"])
    op.create_index("ix_payments_order_id", "payments", ["order_id"])
    op.create_index("ix_payments_scheduled_payment_id", "payments", ["scheduled_payment_id"])
    op.create_index("ix_payments_status_test_executed_at", "payments", ["status", "test", "executed_at", "merchant_id", "currency", "amount_minor"])
    op.create_index("ix_payments_status_test_merchant_id", "payments", ["status", "test", "merchant_id", "created_at"])
    op.create_index("uq_payments_open_scheduled_payment_id", "payments", ["scheduled_payment_id"], unique=True, sqlite_where=sa.text("status IN ('pending', 'unknown', 'requires_action')"), postgresql_where=sa.text("status IN ('pending', 'unknown', 'requires_action')"))


def create_refunds() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Enum("pending", "approved", "declined", "unknown", name="refundstatus", native_enum=False, length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("message", sa.String(length=500), nullable=True),
        sa.Column("executed_at", sa.DateTime(), nullable=True),
        sa.Column("look_up_at", sa.DateTime(), nullable=True),
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("test_clock_id", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name="ck_refunds_amount_positive"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_refunds_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_refunds_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_refunds_payment_id_payments"),
        sa.ForeignKeyConstraint(["test_clock_id"], ["test_clocks.id"], name="fk_refunds_test_clock_id_test_clocks"),
        sa.PrimaryKeyConstraint("id", name="pk_refunds"),
        sa.UniqueConstraint("key", name="uq_refunds_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_refunds_status_test_executed_at", "refunds", ["status", "test", "executed_at"])
    op.create_index("ix_refunds_look_up_at", "refunds", ["look_up_at", "id"], sqlite_where=sa.text("look_up_at IS NOT NULL AND test_clock_id IS NULL"), postgresql_where=sa.text("look_up_at IS NOT NULL AND test_clock_id IS NULL"))
    op.create_index("ix_refunds_test_clock_id", "refunds", ["test_clock_id", "look_up_at", "id"], sqlite_where=sa.text("test_clock_id IS NOT NULL"), postgresql_where=sa.text("test_clock_id IS NOT NULL"))
    op.create_index("ix_refunds_merchant_id", "refunds", ["merchant_id"])
    op.create_index("ix_refunds_payment_id", "refunds", ["payment_id"])


def create_disputes() -> None:
    op.create_table(
        "disputes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.Enum("open", "won", "lost", name="disputestatus", native_enum=False, length=16), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("closed_at", sa.DateTime(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_disputes_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_disputes_payment_id_payments"),
        sa.PrimaryKeyConstraint("id", name="pk_disputes"),
        sa.UniqueConstraint("payment_id", "reference", name="uq_disputes_payment_id_reference"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_disputes_merchant_id", "disputes", ["merchant_id"])
    op.create_index("ix_disputes_payment_id", "disputes", ["payment_id"])


def create_gateway_accounts() -> None:
    op.create_table(
        "gateway_accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=False),
        sa.Column("retry_days", sa.String(length=100), nullable=False),
        sa.Column("failures_in_row", sa.Integer(), nullable=False),
        sa.Column("parked_until", sa.DateTime(), nullable=True),
        sa.Column("parked_reason", sa.String(length=200), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_gateway_accounts_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_accounts"),
        sa.UniqueConstraint("merchant_id", "test", "gateway", name="uq_gateway_accounts_merchant_id_test_gateway"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_gateway_accounts_merchant_id", "gateway_accounts", ["merchant_id"])
    op.create_index("ix_gateway_accounts_parked_until", "gateway_accounts", ["parked_until"], sqlite_where=sa.text("parked_until IS NOT NULL"), postgresql_where=sa.text("parked_until IS NOT NULL"))


def create_gateway_notifications() -> None:
    op.create_table(
        "gateway_notifications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("gateway", sa.String(length=16), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("reference", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_gateway_notifications_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_gateway_notifications"),
        sa.UniqueConstraint("gateway", "merchant_id", "test", "reference", name="uq_gateway_notifications_gateway_merchant_id_test_reference"),
        sqlite_autoincrement=True,
    )

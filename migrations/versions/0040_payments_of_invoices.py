"""Payments of invoices: a payment names its customer, needs no order, and its parts pay invoices.

Revision ID: 0040
Revises: 0039
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

CREDIT = "order_id IS NULL AND status = 'approved' AND amount_minor > refunded_minor + allocated_minor"
OVERPAID = "total_minor < paid_minor + credited_minor"
WITHIN, INVOICE_WITHIN = "ck_payments_allocated_within_amount", "ck_invoices_paid_within_total"
CUSTOMER = "fk_payments_customer_id_customers"


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("payments", sa.Column("customer_id", sa.Integer(), nullable=True))
    op.add_column("payments", sa.Column("allocated_minor", sa.BigInteger(), nullable=False, server_default="0"))
    op.execute("UPDATE payments SET customer_id = (SELECT customer_id FROM orders WHERE orders.id = payments.order_id)")
    with Rebuilt("payments") as batch:
        batch.alter_column("customer_id", existing_type=sa.Integer(), nullable=False)
        batch.alter_column("allocated_minor", existing_type=sa.BigInteger(), server_default=None)
        batch.alter_column("order_id", existing_type=sa.Integer(), nullable=True)
        batch.create_foreign_key(CUSTOMER, "customers", ["customer_id"], ["id"])
        batch.create_check_constraint(op.f(WITHIN), "allocated_minor >= 0 AND allocated_minor <= amount_minor")
    op.create_index("ix_payments_customer_id_created_at", "payments", ["customer_id", "created_at", "id"])
    op.create_index(
        "ix_payments_credit", "payments", ["customer_id", "test", "currency", "id"],
        sqlite_where=sa.text(CREDIT), postgresql_where=sa.text(CREDIT))
    with Rebuilt("invoices") as batch:
        batch.create_check_constraint(op.f(INVOICE_WITHIN), "paid_minor <= total_minor")
    op.create_index(
        "ix_invoices_overpaid", "invoices", ["customer_id", "test", "currency", "id"],
        sqlite_where=sa.text(OVERPAID), postgresql_where=sa.text(OVERPAID))
    create_allocations()


def downgrade(bind_name: str) -> None:
    """Payments of invoices end: the program before this one knows only payments of orders."""
    if bind_name != "default":
        return
    op.drop_table("allocations")
    op.drop_index("ix_invoices_overpaid", table_name="invoices")
    with Rebuilt("invoices") as batch:
        batch.drop_constraint(op.f(INVOICE_WITHIN), type_="check")
    op.drop_index("ix_payments_credit", table_name="payments")
    op.drop_index("ix_payments_customer_id_created_at", table_name="payments")
    for table in ("refunds", "disputes"):
        op.execute(
            f"DELETE FROM {table} WHERE payment_id IN "        # noqa: S608  (names of this file)
            "(SELECT id FROM payments WHERE order_id IS NULL)")
    op.execute("DELETE FROM payments WHERE order_id IS NULL")
    with Rebuilt("payments") as batch:
        batch.drop_constraint(op.f(WITHIN), type_="check")
        batch.drop_constraint(op.f(CUSTOMER), type_="foreignkey")
        batch.alter_column("order_id", existing_type=sa.Integer(), nullable=False)
        batch.drop_column("allocated_minor")
        batch.drop_column("customer_id")


class Rebuilt:
    """Context of changes for which SQLite writes the table anew; numbers that were given once stay given."""

    def __init__(self, table: str):
        self.table = table
        self.last: Any = None
        self.batch = op.batch_alter_table(table, table_kwargs={"sqlite_autoincrement": True})

    def __enter__(self) -> Any:
        if op.get_bind().dialect.name == "sqlite":
            statement = sa.text("SELECT seq FROM sqlite_sequence WHERE name = :table")
            self.last = op.get_bind().scalar(statement, {"table": self.table})
        return self.batch.__enter__()

    def __exit__(self, *problem: Any) -> None:
        self.batch.__exit__(*problem)
        if self.last is not None:
            given = {"table": self.table, "last": self.last}
            op.get_bind().execute(sa.text("DELETE FROM sqlite_sequence WHERE name = :table"), given)
            op.get_bind().execute(
                sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :last)"), given)


def create_allocations() -> None:
    op.create_table(
        "allocations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("returned_minor", sa.BigInteger(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint(
            "amount_minor >= 0 AND returned_minor >= 0", name="ck_allocations_amounts_not_negative"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_allocations_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_allocations_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name="fk_allocations_payment_id_payments"),
        sa.PrimaryKeyConstraint("id", name="pk_allocations"),
        sa.UniqueConstraint("payment_id", "invoice_id", name="uq_allocations_payment_id_invoice_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_allocations_invoice_id", "allocations", ["invoice_id"])
    op.create_index("ix_allocations_merchant_id", "allocations", ["merchant_id"])

"""What an invoice was made of, which payments an invoice is made of, and whether a merchant wants that.

Revision ID: 0049
Revises: 0048
"""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

ONE_EACH = "source IS NOT NULL AND deleted_at IS NULL AND state != 'cancelled'"


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    made = sa.Enum("none", "payment", "month", name="invoicesmade", native_enum=False, length=16)
    with_value("merchants", sa.Column("invoices_made", made, nullable=False, server_default="none"))
    op.add_column("invoices", sa.Column("source", sa.String(length=64), nullable=True))
    op.create_index(
        "uq_invoices_source", "invoices", ["merchant_id", "test", "source"], unique=True,
        sqlite_where=sa.text(ONE_EACH), postgresql_where=sa.text(ONE_EACH))
    with_value("payments", sa.Column("to_invoice", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_index(
        "ix_payments_to_invoice", "payments", ["merchant_id", "executed_at", "id"],
        sqlite_where=sa.text("to_invoice = 1"), postgresql_where=sa.text("to_invoice"))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_payments_to_invoice", table_name="payments")
    op.drop_column("payments", "to_invoice")
    op.drop_index("uq_invoices_source", table_name="invoices")
    op.drop_column("invoices", "source")
    op.drop_column("merchants", "invoices_made")


def with_value(table: str, column: "sa.Column[object]") -> None:
    """Add a column that rows of before have a value in; new rows are given theirs by the program."""
    op.add_column(table, column)
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column(table, column.name, server_default=None)

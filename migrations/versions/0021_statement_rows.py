"""Movements of bank accounts, read from statements.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

NAMED = ("merchants", "orders", "payments", "scheduled_payments", "users")
COLUMNS = {"merchants": "merchant_id", "users": "created_by_user_id"}


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    columns = {one: COLUMNS.get(one, f"{one.removesuffix('s')}_id") for one in NAMED}
    op.create_table(
        "statement_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_digest", sa.String(length=64), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("payer_name", sa.String(length=140), nullable=True),
        sa.Column("payer_account", sa.String(length=40), nullable=True),
        sa.Column("texts", sa.Text(), nullable=True),
        sa.Column("bank_id", sa.String(length=110), nullable=True),
        sa.Column("is_reversal", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Enum("booked", "unsure", "ignored", name="statementstate", native_enum=False, length=16), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("scheduled_payment_id", sa.Integer(), nullable=True),
        sa.Column("payment_id", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_statement_rows_{column}_{table}")
            for table, column in columns.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_statement_rows"),
        sa.UniqueConstraint("merchant_id", "test", "identity", name="uq_statement_rows_merchant_id_test_identity"),
        sqlite_autoincrement=True,
    )
    for column in ("merchant_id", "order_id", "payment_id", "scheduled_payment_id"):
        op.create_index(f"ix_statement_rows_{column}", "statement_rows", [column])
    op.create_index("ix_statement_rows_booked_on_id_test", "statement_rows", ["booked_on", "id", "test"])
    op.create_index("ix_statement_rows_merchant_id_test_booked_on", "statement_rows", ["merchant_id", "test", "booked_on", "id", "state"])
    op.create_index("ix_statement_rows_state_test_merchant_id", "statement_rows", ["state", "test", "merchant_id", "booked_on"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("statement_rows")

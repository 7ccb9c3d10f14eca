"""Tiers of metered products, the calls that metered orders bill, and what was counted of each period.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

WAITING = sa.text("counted_at IS NULL AND test_clock_id IS NULL")
ON_CLOCK = sa.text("test_clock_id IS NOT NULL")
NAMED = {
    "orders": "order_id", "scheduled_payments": "scheduled_payment_id", "test_clocks": "test_clock_id",
    "merchants": "merchant_id",
}


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("products", sa.Column("metered_scheme", sa.Enum("per_unit", "flat", "graduated", "volume", name="meteredscheme", native_enum=False, length=16), nullable=True))
    add_with_value("products", "metered_tiers", sa.JSON(), "[]")
    op.add_column("products", sa.Column("metered_ceiling_minor", sa.BigInteger(), nullable=True))
    op.add_column("order_items", sa.Column("metered", sa.JSON(none_as_null=True), nullable=True))
    add_with_value("scheduled_payments", "awaits_count", sa.Boolean(), sa.false())
    create_metered_periods()


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("metered_periods")
    op.drop_column("scheduled_payments", "awaits_count")
    op.drop_column("order_items", "metered")
    for column in ("metered_ceiling_minor", "metered_tiers", "metered_scheme"):
        op.drop_column("products", column)


def add_with_value(table: str, name: str, kind: sa.types.TypeEngine, value: object) -> None:
    """Add a column that may not be null; rows of before get the value."""
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=value))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        op.alter_column(table, name, server_default=None)


def create_metered_periods() -> None:
    op.create_table(
        "metered_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("scheduled_payment_id", sa.Integer(), nullable=False),
        sa.Column("test_clock_id", sa.Integer(), nullable=True),
        sa.Column("from_at", sa.DateTime(), nullable=False),
        sa.Column("until_at", sa.DateTime(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("question", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(), nullable=True),
        sa.Column("count", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("days", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("discount_minor", sa.BigInteger(), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=f"fk_metered_periods_{column}_{table}")
            for table, column in NAMED.items()
        ),
        sa.PrimaryKeyConstraint("id", name="pk_metered_periods"),
        sa.UniqueConstraint("scheduled_payment_id", name="uq_metered_periods_scheduled_payment_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_metered_periods_merchant_id", "metered_periods", ["merchant_id"])
    op.create_index("ix_metered_periods_order_id", "metered_periods", ["order_id"])
    op.create_index("ix_metered_periods_test_clock_id", "metered_periods", ["test_clock_id", "until_at", "id"], sqlite_where=ON_CLOCK, postgresql_where=ON_CLOCK)
    op.create_index("ix_metered_periods_until_at", "metered_periods", ["until_at", "id"], sqlite_where=WAITING, postgresql_where=WAITING)

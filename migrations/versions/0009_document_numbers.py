"""Quantities and percentages in ten-thousandths; a line keeps the rate that it was taxed by.

A line whose tax follows from its product's rate as it is now keeps that rate. Any other tax is an amount that
somebody wrote, and stays one. No amount changes. Going back rounds quantities to whole numbers and percentages
to hundredths; amounts stay then too.

Forms that make a row are remembered by a token for a day, so that one sent twice makes one row.

Revision ID: 0009
Revises: 0007
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None

CHUNK = 5_000
BOUNDS = conv("ck_price_rules_percent_in_range")         # the whole name
ITEMS = sa.table(
    "budget_items", *map(sa.column, ("id", "product_id", "tax_minor", "total_minor", "tax_percent_ten_thousandths"))
)
PRODUCTS = sa.table("products", sa.column("id"), sa.column("tax_id"))
RULES = sa.table("price_rules", sa.column("id"), sa.column("percent_ten_thousandths"))


def upgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.alter_column("budget_items", "quantity", new_column_name="quantity_ten_thousandths")
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column("budget_items", "quantity_ten_thousandths", type_=sa.BigInteger())
        op.execute("UPDATE budget_items SET quantity_ten_thousandths = quantity_ten_thousandths * 10000")
        scale_percentages("percent_hundredths", "percent_ten_thousandths", 10_000_000, "percent_hundredths * 100")
        op.add_column("budget_items", sa.Column("tax_percent_ten_thousandths", sa.Integer(), nullable=True))
        keep_rates()
        op.create_table(
            "form_tokens",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("token", sa.String(length=64), nullable=False),
            sa.Column("result", sa.String(length=255), nullable=False),
            sa.Column("created_at", sa.DateTime(), nullable=False),
            sa.PrimaryKeyConstraint("id", name=op.f("pk_form_tokens")),
            sa.UniqueConstraint("token", name=op.f("uq_form_tokens_token")),
            sqlite_autoincrement=True,
        )
        op.create_index(op.f("ix_form_tokens_created_at"), "form_tokens", ["created_at"])


def downgrade(bind_name: str) -> None:
    if bind_name == "default":
        op.drop_table("form_tokens")
        op.drop_column("budget_items", "tax_percent_ten_thousandths")
        scale_percentages(
            "percent_ten_thousandths", "percent_hundredths", 100_000, "(percent_ten_thousandths + 50) / 100"
        )
        op.execute(
            "UPDATE budget_items SET quantity_ten_thousandths = CASE WHEN quantity_ten_thousandths < 15000 THEN 1 "
            "ELSE (quantity_ten_thousandths + 5000) / 10000 END"
        )
        if op.get_bind().dialect.name == "postgresql":
            op.alter_column("budget_items", "quantity_ten_thousandths", type_=sa.Integer())
        op.alter_column("budget_items", "quantity_ten_thousandths", new_column_name="quantity")


def scale_percentages(old: str, new: str, most: int, value: str) -> None:
    """Another column of percentages with another scale, and bounds to match."""
    bounds = f"{new} >= 0 AND {new} <= {most}"
    sequence = "SELECT seq FROM sqlite_sequence WHERE name = 'price_rules'"
    sqlite = op.get_bind().dialect.name == "sqlite"
    last = op.get_bind().scalar(sa.text(sequence)) if sqlite else None
    if not sqlite:
        op.drop_constraint(BOUNDS, "price_rules", type_="check")
        op.alter_column("price_rules", old, new_column_name=new)
        op.execute(f"UPDATE price_rules SET {new} = {value.replace(old, new)}")    # noqa: S608  (names of this file)
        op.create_check_constraint(BOUNDS, "price_rules", bounds)
        return
    # SQLite cannot drop a constraint: the table is written anew, and numbers that were given once stay given.
    op.execute("ALTER TABLE price_rules ADD COLUMN scaled INTEGER NOT NULL DEFAULT 0")
    op.execute(f"UPDATE price_rules SET scaled = {value}")                         # noqa: S608  (names of this file)
    again: dict[str, Any] = {"recreate": "always", "table_kwargs": {"sqlite_autoincrement": True}}
    with op.batch_alter_table("price_rules", **again) as batch:
        batch.drop_constraint(BOUNDS, type_="check")
        batch.drop_column(old)
        batch.alter_column("scaled", new_column_name=new, server_default=None)
    with op.batch_alter_table("price_rules", **again) as batch:
        batch.create_check_constraint(BOUNDS, bounds)
    if last is not None:
        op.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'price_rules'"))
        op.execute(
            sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('price_rules', :last)").bindparams(last=last)
        )


def keep_rates() -> None:
    """Store the rate of every line whose tax follows from one; the amounts are only read."""
    bind = op.get_bind()
    rate = sa.func.coalesce(RULES.c.percent_ten_thousandths, 0)
    lines = (
        sa.select(ITEMS.c.id, ITEMS.c.tax_minor, ITEMS.c.total_minor, rate)
        .select_from(
            ITEMS.outerjoin(PRODUCTS, PRODUCTS.c.id == ITEMS.c.product_id)
            .outerjoin(RULES, RULES.c.id == PRODUCTS.c.tax_id)
        )
        .order_by(ITEMS.c.id).limit(CHUNK)
    )
    store = ITEMS.update().where(ITEMS.c.id == sa.bindparam("key")).values(
        tax_percent_ten_thousandths=sa.bindparam("rate")
    )
    last = 0
    while found := bind.execute(lines.where(ITEMS.c.id > last)).all():
        last = found[-1][0]
        derived = [
            {"key": key, "rate": percent} for key, tax, total, percent in found
            if tax == ((total - tax) * percent * 2 + 1_000_000) // 2_000_000
        ]
        if derived:
            bind.execute(store, derived)

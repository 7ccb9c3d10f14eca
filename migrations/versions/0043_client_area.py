"""Customers sign in to their pages: links by mail, signed-in browsers, and the address of each merchant's pages.

Revision ID: 0043
Revises: 0042
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("merchants", sa.Column("area_key", sa.String(length=16), nullable=True))
    give_keys()
    op.create_index("uq_merchants_area_key", "merchants", ["area_key"], unique=True)
    op.create_table(
        "customer_sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("nonce", sa.String(length=32), nullable=False),
        sa.Column("browser_digest", sa.String(length=64), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_customer_sign_ins_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_customer_sign_ins_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_sign_ins"),
        sa.UniqueConstraint("nonce", name="uq_customer_sign_ins_nonce"),
        sqlite_autoincrement=True,
    )
    for name in ("merchant_id", "customer_id", "browser_digest", "expires_at"):
        op.create_index(f"ix_customer_sign_ins_{name}", "customer_sign_ins", [name])
    op.create_table(
        "customer_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_customer_sessions_customer_id_customers"),
        sa.PrimaryKeyConstraint("id", name="pk_customer_sessions"),
        sa.UniqueConstraint("token_digest", name="uq_customer_sessions_token_digest"),
        sqlite_autoincrement=True,
    )
    for name in ("customer_id", "expires_at"):
        op.create_index(f"ix_customer_sessions_{name}", "customer_sessions", [name])


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_table("customer_sessions")
    op.drop_table("customer_sign_ins")
    op.drop_index("uq_merchants_area_key", table_name="merchants")
    op.drop_column("merchants", "area_key")


def give_keys() -> None:
    """A random key for each merchant of before."""
    connection = op.get_bind()
    merchants = sa.table("merchants", sa.column("id", sa.Integer), sa.column("area_key", sa.String))
    for key in connection.scalars(sa.select(merchants.c.id)).all():
        connection.execute(merchants.update().where(merchants.c.id == key).values(area_key=secrets.token_hex(5)))

"""Links under which customers pay invoices, one or several, and the payments that were made there.

Revision ID: 0042
Revises: 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

USED = "invoice_link_id IS NOT NULL"
CURRENT = "withdrawn_at IS NULL"
LINK = "fk_payments_invoice_link_id_invoice_links"


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    create_links()
    create_items()
    rebuild_payments(add=True)
    op.create_index(
        "ix_payments_invoice_link_id", "payments", ["invoice_link_id", "id"],
        sqlite_where=sa.text(USED), postgresql_where=sa.text(USED))


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_payments_invoice_link_id", table_name="payments")
    rebuild_payments(add=False)
    op.drop_table("invoice_link_items")
    op.drop_table("invoice_links")


def rebuild_payments(*, add: bool) -> None:
    """Add or drop the column; SQLite writes the table anew, and numbers that were given once stay given."""
    bind = op.get_bind()
    given = sa.text("SELECT seq FROM sqlite_sequence WHERE name = 'payments'")
    last = bind.scalar(given) if bind.dialect.name == "sqlite" else None
    with op.batch_alter_table("payments", table_kwargs={"sqlite_autoincrement": True}) as batch:
        if add:
            batch.add_column(sa.Column("invoice_link_id", sa.Integer(), nullable=True))
            batch.create_foreign_key(LINK, "invoice_links", ["invoice_link_id"], ["id"])
        else:
            batch.drop_constraint(op.f(LINK), type_="foreignkey")
            batch.drop_column("invoice_link_id")
    if last is not None:
        bind.execute(sa.text("DELETE FROM sqlite_sequence WHERE name = 'payments'"))
        bind.execute(sa.text("INSERT INTO sqlite_sequence (name, seq) VALUES ('payments', :last)"), {"last": last})


def create_links() -> None:
    op.create_table(
        "invoice_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("by_transfer", sa.Boolean(), nullable=False),
        sa.Column("checkout_until", sa.DateTime(), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_invoice_links_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_invoice_links_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_links"),
        sa.UniqueConstraint("digest", name="uq_invoice_links_digest"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invoice_links_customer_id", "invoice_links", ["customer_id"])
    op.create_index("ix_invoice_links_merchant_id", "invoice_links", ["merchant_id"])
    op.create_index(
        "uq_invoice_links_subject", "invoice_links", ["subject"], unique=True, sqlite_where=sa.text(CURRENT),
        postgresql_where=sa.text(CURRENT))


def create_items() -> None:
    op.create_table(
        "invoice_link_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_link_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_invoice_link_items_invoice_id_invoices"),
        sa.ForeignKeyConstraint(
            ["invoice_link_id"], ["invoice_links.id"], name="fk_invoice_link_items_invoice_link_id_invoice_links"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_link_items"),
        sa.UniqueConstraint(
            "invoice_link_id", "invoice_id", name="uq_invoice_link_items_invoice_link_id_invoice_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invoice_link_items_invoice_id", "invoice_link_items", ["invoice_id"])

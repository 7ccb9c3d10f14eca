"""Invoices, credit notes, their numbers, and the chain of the books.

Revision ID: 0035
Revises: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

MERCHANTS = ("invoice_pattern", "credit_note_pattern", "payment_terms_days")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.create_table(
        "book_chains",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_book_chains_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_book_chains"),
        sa.UniqueConstraint("merchant_id", "test", name="uq_book_chains_merchant_id_test"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "book_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "invoice", "credit_note", "payment", "refund", "refund_failed", name="bookkind", native_enum=False,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("row_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_book_entries_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_book_entries"),
        sa.UniqueConstraint("kind", "row_id", name="uq_book_entries_kind_row_id"),
        sa.UniqueConstraint("merchant_id", "test", "position", name="uq_book_entries_merchant_id_test_position"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_book_entries_merchant_id", "book_entries", ["merchant_id"])
    op.create_table(
        "number_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("invoice", "credit_note", name="series", native_enum=False, length=16), nullable=False,
        ),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_number_series_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_number_series"),
        sa.UniqueConstraint(
            "merchant_id", "test", "kind", "period",
            name="uq_number_series_merchant_id_test_kind_period",
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum("draft", "issued", "cancelled", name="invoicestate", native_enum=False, length=16), nullable=False,
        ),
        sa.Column("number", sa.String(length=64), nullable=True),
        sa.Column("series_number", sa.Integer(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("subtotal_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("header_discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("header_tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("issue_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("overdue_at", sa.DateTime(), nullable=True),
        sa.Column("issued_at", sa.DateTime(), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("period_start_on", sa.Date(), nullable=True),
        sa.Column("period_end_on", sa.Date(), nullable=True),
        sa.Column("budget_id", sa.Integer(), nullable=True),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("customer_name", sa.String(length=255), nullable=True),
        sa.Column("customer_email", sa.String(length=255), nullable=True),
        sa.Column("seller", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("buyer", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("e_invoice_lacks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("paid_minor", sa.BigInteger(), nullable=False),
        sa.Column("credited_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("paid_at", sa.DateTime(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.CheckConstraint("(state = 'issued') = (number IS NOT NULL)", name="ck_invoices_issued_has_number"),
        sa.CheckConstraint("credited_minor <= total_minor", name="ck_invoices_credited_within_total"),
        sa.CheckConstraint(
            "paid_minor >= 0 AND credited_minor >= 0 AND refunded_minor >= 0",
            name="ck_invoices_settled_not_negative",
        ),
        sa.CheckConstraint("total_minor >= 0", name="ck_invoices_total_not_negative"),
        sa.ForeignKeyConstraint(["budget_id"], ["budgets.id"], name="fk_invoices_budget_id_budgets"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_invoices_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_invoices_customer_id_customers"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_invoices_merchant_id_merchants"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name="fk_invoices_order_id_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_invoices"),
        sa.UniqueConstraint("merchant_id", "test", "number", name="uq_invoices_merchant_id_test_number"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_invoices_budget_id", "invoices", ["budget_id"],
        sqlite_where=sa.text("budget_id IS NOT NULL"),
        postgresql_where=sa.text("budget_id IS NOT NULL"),
    )
    op.create_index(
        "ix_invoices_created_at_id_test", "invoices", ["created_at", "id", "test"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_invoices_customer_id_test_merchant_id", "invoices", ["customer_id", "test", "merchant_id", "created_at"],
    )
    op.create_index("ix_invoices_merchant_id", "invoices", ["merchant_id"])
    op.create_index(
        "ix_invoices_merchant_id_test_created_at_id", "invoices", ["merchant_id", "test", "created_at", "id"],
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_invoices_open", "invoices",
        ["test", "merchant_id", "overdue_at", "currency", "total_minor", "paid_minor", "credited_minor", "id"],
        sqlite_where=sa.text("state = 'issued' AND total_minor > paid_minor + credited_minor"),
        postgresql_where=sa.text("state = 'issued' AND total_minor > paid_minor + credited_minor"),
    )
    op.create_index(
        "ix_invoices_order_id", "invoices", ["order_id"],
        sqlite_where=sa.text("order_id IS NOT NULL"),
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_table(
        "credit_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("series_number", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("header_tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("issue_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(), nullable=False),
        sa.Column("customer_name", sa.String(length=255), nullable=False),
        sa.Column("customer_email", sa.String(length=255), nullable=True),
        sa.Column("seller", sa.JSON(), nullable=False),
        sa.Column("buyer", sa.JSON(), nullable=False),
        sa.Column("created_by_user_id", sa.Integer(), nullable=True),
        sa.Column("search_text", sa.Text(), nullable=True),
        sa.Column("merchant_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("total_minor > 0", name="ck_credit_notes_total_positive"),
        sa.ForeignKeyConstraint(["created_by_user_id"], ["users.id"], name="fk_credit_notes_created_by_user_id_users"),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name="fk_credit_notes_customer_id_customers"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_credit_notes_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["merchant_id"], ["merchants.id"], name="fk_credit_notes_merchant_id_merchants"),
        sa.PrimaryKeyConstraint("id", name="pk_credit_notes"),
        sa.UniqueConstraint("merchant_id", "test", "number", name="uq_credit_notes_merchant_id_test_number"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credit_notes_created_at_id_test", "credit_notes", ["created_at", "id", "test"])
    op.create_index(
        "ix_credit_notes_customer_id_test_merchant_id", "credit_notes",
        ["customer_id", "test", "merchant_id", "created_at"],
    )
    op.create_index("ix_credit_notes_invoice_id", "credit_notes", ["invoice_id"])
    op.create_index("ix_credit_notes_merchant_id", "credit_notes", ["merchant_id"])
    op.create_index(
        "ix_credit_notes_merchant_id_test_created_at", "credit_notes", ["merchant_id", "test", "created_at", "id"],
    )
    op.create_table(
        "invoice_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("product_id", sa.Integer(), nullable=True),
        sa.Column("service_id", sa.Integer(), nullable=True),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("quantity_ten_thousandths", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_price_micro", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("shared_discount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent_ten_thousandths", sa.Integer(), nullable=True),
        sa.Column(
            "tax_category",
            sa.Enum("S", "Z", "E", "AE", "G", "O", name="taxcategory", native_enum=False), nullable=True,
        ),
        sa.Column("tax_reason", sa.String(length=200), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "discount_minor + shared_discount_minor <= amount_minor",
            name="ck_invoice_items_discount_within_amount",
        ),
        sa.CheckConstraint("quantity_ten_thousandths > 0", name="ck_invoice_items_quantity_positive"),
        sa.CheckConstraint("unit_price_micro >= 0", name="ck_invoice_items_price_not_negative"),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name="fk_invoice_items_invoice_id_invoices"),
        sa.ForeignKeyConstraint(["product_id"], ["products.id"], name="fk_invoice_items_product_id_products"),
        sa.ForeignKeyConstraint(["service_id"], ["orders.id"], name="fk_invoice_items_service_id_orders"),
        sa.PrimaryKeyConstraint("id", name="pk_invoice_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_invoice_items_invoice_id", "invoice_items", ["invoice_id"])
    op.create_index("ix_invoice_items_product_id", "invoice_items", ["product_id"])
    op.create_index("ix_invoice_items_service_id", "invoice_items", ["service_id"])
    op.create_table(
        "credit_note_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("credit_note_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("invoice_item_id", sa.Integer(), nullable=False),
        sa.Column("description", sa.String(length=500), nullable=False),
        sa.Column("by_amount", sa.Boolean(), nullable=False),
        sa.Column("quantity_ten_thousandths", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("unit_price_micro", sa.BigInteger(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent_ten_thousandths", sa.Integer(), nullable=True),
        sa.Column(
            "tax_category",
            sa.Enum("S", "Z", "E", "AE", "G", "O", name="taxcategory", native_enum=False), nullable=True,
        ),
        sa.Column("tax_reason", sa.String(length=200), nullable=True),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("quantity_ten_thousandths > 0", name="ck_credit_note_items_quantity_positive"),
        sa.ForeignKeyConstraint(
            ["credit_note_id"], ["credit_notes.id"],
            name="fk_credit_note_items_credit_note_id_credit_notes",
        ),
        sa.ForeignKeyConstraint(
            ["invoice_item_id"], ["invoice_items.id"],
            name="fk_credit_note_items_invoice_item_id_invoice_items",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_credit_note_items"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_credit_note_items_credit_note_id", "credit_note_items", ["credit_note_id"])
    op.create_index("ix_credit_note_items_invoice_item_id", "credit_note_items", ["invoice_item_id"])
    op.add_column("merchants", sa.Column("invoice_pattern", sa.String(length=64), nullable=False, server_default="INV-{n:06}"))
    op.add_column("merchants", sa.Column("credit_note_pattern", sa.String(length=64), nullable=False, server_default="CN-{n:06}"))
    op.add_column("merchants", sa.Column("payment_terms_days", sa.Integer(), nullable=False, server_default="14"))
    if op.get_bind().dialect.name == "postgresql":          # SQLite would have to copy the table for it
        for name in MERCHANTS:
            op.alter_column("merchants", name, server_default=None)


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name in MERCHANTS:
        op.drop_column("merchants", name)
    op.drop_table("credit_note_items")
    op.drop_table("invoice_items")
    op.drop_table("credit_notes")
    op.drop_table("invoices")
    op.drop_table("number_series")
    op.drop_table("book_entries")
    op.drop_table("book_chains")

"""Blank texts of before, stored as "" or spaces, become null, as every input stores them since.

Rows that change get a new version, so that what programs keep of them is read anew. Invoices, credit notes and
payments are left as they are, since their texts are in the chain of the books, and so is the audit trail.

Revision ID: 0063
Revises: 0062
"""

import sqlalchemy as sa
from alembic import op

revision = "0063"
down_revision = "0062"
branch_labels = None
depends_on = None

SPACES = "".join(filter(str.isspace, map(chr, range(0x3001))))
ADDRESS = ("street", "city", "state", "postal_code")
TEXTS = {
    "article_categories": ("description",),
    "budget_links": ("comment", "asked_for"),
    "budgets": ("notes",),
    "credentials": ("description",),
    "customer_users": ("name",),
    "customers": (
        "first_name", "last_name", "phone", "organisation", "registration_number", "tax_number", "organisation_note",
        "note",
    ),
    "discount_codes": ("description",),
    "domain_names": ("registrar",),
    "merchants": (
        "legal_name", "registration_number", "tax_number", "phone", *ADDRESS, "document_footer", "invoice_reminders",
    ),
    "orders": ("invoice_ref", "description", "note", "discount_code"),
    "price_rules": ("description",),
    "products": ("description", "sku", "category", "unit"),
    "refunds": ("reason",),
    "test_clocks": ("name",),
    "users": ("name",),
    "webhook_endpoints": ("description",),
}
KEYS = {"sku": ("sku_key", "sku_sort")}             # columns that are made from another one, and null where it is


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for table, names in TEXTS.items():
        _clear(table, names, sa.column("version"))
    addresses = sa.table("addresses", sa.column("customer_id"), *map(sa.column, ADDRESS))
    customers = sa.table("customers", sa.column("id"), sa.column("version"))
    changing = sa.select(addresses.c.customer_id).where(sa.or_(*(_is_blank(addresses.c[name]) for name in ADDRESS)))
    op.execute(customers.update().where(customers.c.id.in_(changing)).values(version=customers.c.version + 1))
    _clear("addresses", ADDRESS)


def _clear(table: str, names: tuple[str, ...], *version: "sa.ColumnClause[int]") -> None:
    """Set the blank texts of a table to null, with one statement."""
    made = {key: name for name in names for key in KEYS.get(name, ())}
    rows = sa.table(table, *map(sa.column, (*names, *made)), *version)
    values = {
        name: sa.case((_is_blank(rows.c[made.get(name, name)]), sa.null()), else_=rows.c[name])
        for name in (*names, *made)
    }
    changed = {one.name: rows.c[one.name] + 1 for one in version}
    op.execute(rows.update().where(sa.or_(*(_is_blank(rows.c[name]) for name in names))).values(values | changed))


def _is_blank(column: "sa.ColumnElement[str]") -> "sa.ColumnElement[bool]":
    return sa.func.trim(column, SPACES) == ""


def downgrade(bind_name: str) -> None:
    """Nothing: null was always allowed in these columns."""

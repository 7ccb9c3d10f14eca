"""A merchant may have no time zone; a decided budget keeps its customer's name, e-mail and billing address.

Budgets that were decided before keep what their customers are called now: what they were called then is not known.

Revision ID: 0013
Revises: 0012b
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012b"
branch_labels = None
depends_on = None

CHUNK = 2000
PARTS = ("street", "city", "state", "postal_code", "country")
AGREED = ("customer_name", "customer_email", "billing_address")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("merchants", "timezone", nullable=True)
    else:
        replace_timezone(sa.Column("zone", sa.String(64), nullable=True), "timezone")
    op.add_column("budgets", sa.Column("customer_name", sa.String(255), nullable=True))
    op.add_column("budgets", sa.Column("customer_email", sa.String(255), nullable=True))
    op.add_column("budgets", sa.Column("billing_address", sa.JSON(), nullable=True))
    keep_names()


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    for name in AGREED:
        op.drop_column("budgets", name)
    op.execute("UPDATE merchants SET timezone = 'UTC' WHERE timezone IS NULL")
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("merchants", "timezone", nullable=False)
    else:
        replace_timezone(sa.Column("zone", sa.String(64), nullable=False, server_default="UTC"), "timezone")


def replace_timezone(column: sa.Column, name: str) -> None:
    """SQLite changes no column: another one takes its values and its name."""
    op.add_column("merchants", column)
    op.execute(f"UPDATE merchants SET {column.name} = {name}")
    op.drop_column("merchants", name)
    op.alter_column("merchants", column.name, new_column_name=name)


def keep_names() -> None:
    names = ("id", "status", "notes", "customer_id", "search_text", "customer_name", "customer_email")
    address = sa.column("billing_address", sa.JSON(none_as_null=True))
    budgets = sa.table("budgets", *map(sa.column, names), address)
    customers = sa.table("customers", *map(sa.column, ("id", "name", "email")))
    statement = (
        sa.select(budgets.c.id, budgets.c.notes, budgets.c.customer_id, customers.c.name, customers.c.email)
        .join_from(budgets, customers, customers.c.id == budgets.c.customer_id)
        .where(budgets.c.status != "PENDING").order_by(budgets.c.id).limit(CHUNK)
    )
    values = {name: sa.bindparam(f"new_{name}") for name in (*AGREED, "search_text")}
    change = sa.update(budgets).where(budgets.c.id == sa.bindparam("row")).values(values)
    last = 0
    while rows := op.get_bind().execute(statement.where(budgets.c.id > last)).all():
        known = addresses({row.customer_id for row in rows})
        op.get_bind().execute(change, [
            {
                "row": row.id, "new_customer_name": row.name, "new_customer_email": row.email,
                "new_billing_address": known.get(row.customer_id),
                "new_search_text": folded(row.notes, row.name),
            }
            for row in rows
        ])
        last = rows[-1].id


def folded(*texts: str | None) -> str | None:
    return "\n".join(one for text in texts if text and (one := fold(text))) or None


def addresses(keys: set[int]) -> dict[int, dict]:
    """The current billing addresses of customers."""
    table = sa.table("addresses", *map(sa.column, ("customer_id", "kind", "replaced_at", *PARTS)))
    found = op.get_bind().execute(
        sa.select(table).where(table.c.customer_id.in_(keys), table.c.kind == "billing", table.c.replaced_at.is_(None))
    )
    return {row.customer_id: {part: getattr(row, part) for part in PARTS} for row in found}


# As database/searching.py folded texts when this was written.

LETTERS = str.maketrans({
    "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ŋ": "n", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th",
})


def fold(text: str) -> str:
    if text.isascii():
        return " ".join(text.lower().split())
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    letters = "".join(char for char in apart if not is_lost(char)).translate(LETTERS)
    return " ".join(unicodedata.normalize("NFC", letters).split())


def is_lost(char: str) -> bool:
    kind = unicodedata.combining(char)
    return (kind != 0 and kind not in (7, 8, 9)) or unicodedata.category(char) == "Cf" or "\ufe00" <= char <= "\ufe0f"

"""Bank statements name invoices: their numbers get a key to be found by, and movements the invoices that they pay.

Revision ID: 0054
Revises: 0053
"""

import re
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

RUN = re.compile(r"[^\W\d_]+|\d+")
PORTION = 1000
NAMED = sa.text("number_key IS NOT NULL")
invoices = sa.table("invoices", sa.column("id"), sa.column("number"), sa.column("number_key"))


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("invoices", sa.Column("number_key", sa.String(length=64), nullable=True))
    op.add_column("statement_rows", sa.Column("invoice_ids", sa.JSON(none_as_null=True), nullable=True))
    _fill()
    op.create_index(
        "ix_invoices_number_key", "invoices", ["merchant_id", "test", "number_key"], sqlite_where=NAMED,
        postgresql_where=NAMED)


def _fill() -> None:
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(
            sa.select(invoices.c.id, invoices.c.number)
            .where(invoices.c.id > last, invoices.c.number.is_not(None)).order_by(invoices.c.id).limit(PORTION)
        ).all()
        if not rows:
            return
        last = rows[-1].id
        for key, number in rows:
            connection.execute(sa.update(invoices).where(invoices.c.id == key).values(number_key=_key_of(number)))


def _key_of(number: str) -> str:
    """The letters and digits of a number, in small letters."""
    return "".join(RUN.findall(unicodedata.normalize("NFKC", number).casefold()))[:64]


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.drop_index("ix_invoices_number_key", "invoices")
    op.drop_column("statement_rows", "invoice_ids")
    op.drop_column("invoices", "number_key")

"""Finds rows that have no key for a text: an older row counts as equal, or no letter of the text can be seen.

Such rows are older than the rules; a text that is written now is refused for either reason.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, String, cast, or_, select

import models.all_tables  # noqa: F401  (every table is known from here on)
from database import Model, db
from models.user import User

COMPARED = {"email_key": "email", "sku_key": "sku"}          # key of rows that must differ: its text
MOST = 1000                                                 # rows of one table that are looked for


def find() -> list[str]:
    """Each row by its table, id and column: customers 12 (email)."""
    return [
        f"{table.name} {key} ({source})"
        for table in Model.metadata.sorted_tables for source, clause in _keyless(table)
        for key in db.session.scalars(select(table.c.id).where(clause).order_by(table.c.id).limit(MOST))
    ]


def _keyless(table: Any) -> Iterator[tuple[str, ColumnElement[bool]]]:
    """Each text of a table with the clause for rows without its key."""
    if table is User.__table__:                             # whose keys are never empty: 2:ada@example.org
        yield "email", User.email_key.startswith(cast(User.id, String) + ":") & User.deleted_at.is_(None)
    for key, source in COMPARED.items():
        if key in table.c and table.c[key].nullable:
            yield source, table.c[key].is_(None) & _has_text(table, source) & table.c.deleted_at.is_(None)
    for column in table.c:
        folded = column.info.get("folds", ())
        if folded:
            yield " or ".join(folded), column.is_(None) & or_(*(_has_text(table, source) for source in folded))


def _has_text(table: Any, source: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c[source].is_not(None) & (table.c[source] != "")
    return found

"""What rows of merchants have in common: an owner, a history, a version."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from database import partial_index

UNDELETED = "deleted_at IS NULL"


def undeleted(*columns: str) -> Index:
    """An index of the rows that are not deleted."""
    return partial_index(None, *columns, where=UNDELETED)


def in_order(table: str, sort: str, *columns: str, where: str | None = None) -> Index:
    """An index that gives the ids of a list in an order: under all merchants, and filtered under one."""
    name, rows = f"ix_{table}_by_{sort}", text(where) if where else None
    return Index(name, *columns, "id", "test", "merchant_id", sqlite_where=rows, postgresql_where=rows)


def descending(table: str, column: str) -> list[Any]:
    """The indexes of descending lists whose empty values are last, under one merchant and under all.

    PostgreSQL reads an index backwards with the empty values first; SQLite has them last in that order.
    """
    wanted = {f"ix_{table}_{column}_down": ("merchant_id", "test"), f"ix_{table}_{column}_all_down": ("test",)}
    return [
        Index(name, *before, text(f"{column} DESC NULLS LAST"), text("id DESC"),
              postgresql_where=text("deleted_at IS NULL"), info={"dialect": "postgresql"})
        for name, before in wanted.items()
    ]


class Owned:
    """A row of one merchant, in the live or the test world. `Listing.owned` is the only place that filters by both."""

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"), index=True)
    test: Mapped[bool]                  # no default: every new row names its world


class Versioned:
    """When a row came and changed, and a version that every change raises (ETag, If-Match)."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Removable:
    """A row that is kept when it is deleted; its id is never given to another."""

    deleted_at: Mapped[datetime | None]

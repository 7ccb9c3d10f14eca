"""Defines columns that keep the folded form of a row's texts: `sort_key` for one, `search_key` for several.

They are computed when a row is inserted, and again when one of its texts changes.
A key compares by its bytes on every database.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Index, String, Text, event, inspect
from sqlalchemy.orm import Mapper, mapped_column

from database import Model
from database.searching import fold

LONGEST = 255                       # characters of a sort key; texts that differ only after them are sorted by id
PENDING = 256                       # kB of entries that PostgreSQL's index puts off, and every search reads
SEPARATOR = "\n"                    # between the texts of a search key; no folded text has it


def sort_key(source: str) -> Any:
    """A column that a text is sorted and searched by; null where the text is empty."""
    kind = String(LONGEST).with_variant(String(LONGEST, collation="C"), "postgresql")
    return mapped_column(
        kind, nullable=True, default=_of_parameters((source,), LONGEST), info={"folds": (source,), "longest": LONGEST}
    )


def search_key(*sources: str, indexed: bool = False) -> Any:
    """A column that several texts are searched by; with `indexed` by an index of their words (word_index.py)."""
    info = {"folds": sources, "longest": None, "indexed": indexed}
    return mapped_column(
        Text, nullable=True, default=_of_parameters(sources, None), info=info, deferred=True,
    )


def key_of(texts: Iterable[str | None], longest: int | None = None) -> str | None:
    """The folded form of some texts; None when they are all empty."""
    return SEPARATOR.join(folded for text in texts if text and (folded := fold(text)))[:longest] or None


def keys(model: Any) -> dict[str, dict[str, Any]]:
    """The key columns of a table: what each `folds`, and how `longest` it may be."""
    return {column.key: column.info for column in model.__table__.columns if "folds" in column.info}


def _of_parameters(sources: Sequence[str], longest: int | None) -> Callable[[Any], str | None]:
    """Compute the key of a row that is inserted, by the ORM or by a plain statement."""
    def default(context: Any) -> str | None:
        row = context.get_current_parameters()
        return key_of([row.get(name) for name in sources], longest)

    return default


@event.listens_for(Column, "after_parent_attach")
def _index(column: Any, parent: Any) -> None:
    """On PostgreSQL give the texts that are searched by an index of trigrams, which a LIKE uses (pg_trgm)."""
    if column.info.get("indexed"):
        Index(
            f"ix_{parent.name}_{column.name}_trigrams", column, postgresql_using="gin",
            postgresql_ops={column.name: "gin_trgm_ops"}, postgresql_with={"gin_pending_list_limit": PENDING},
            info={"dialect": "postgresql"},
        )


@event.listens_for(Model, "before_update", propagate=True)
def _keep(mapper: Mapper[Any], connection: Any, row: Any) -> None:
    """Update the keys of a row whose texts changed."""
    state = inspect(row)
    for name, info in keys(mapper.class_).items():
        if any(state.attrs[source].history.has_changes() for source in info["folds"]):
            setattr(row, name, key_of([getattr(row, source) for source in info["folds"]], info["longest"]))

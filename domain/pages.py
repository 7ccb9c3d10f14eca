"""Defines the query of a list and its result, a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A query of a list; values already have the types of the filters."""

    filters: Mapping[str, Any] = field(default_factory=dict)
    search: str = ""
    sort: str = "created_at"
    descending: bool = True
    order: tuple[tuple[str, bool], ...] = ()          # several columns, each with "descending"; instead of the two
    limit: int = 20
    offset: int = 0


@dataclass(slots=True)
class Record:
    """One row as columns, with its children by name."""

    row: Any
    children: Mapping[str, list[Any]]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.row, name)


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list, and how many there are in all."""

    records: list[Record]
    total: int
    limit: int
    offset: int
    shown: Any = None               # the result of `show` on the records

    @property
    def number(self) -> int:
        """The page's number, from 1."""
        return self.offset // self.limit + 1

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.limit))

    @property
    def more(self) -> bool:
        return self.offset + len(self.records) < self.total

"""Defines the parts of a listing: its filters, and the child rows that are read with its rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, false, func, select

from database.reader import MOST_ROWS, within_bounds
from database.searching import containing
from database.statements import Prepared, Values
from domain import texts
from domain.pages import Page

Bound = Callable[[Any], ColumnElement[bool]]
READERS: dict[Any, Callable[[Any], Any]] = {"text": containing, str: texts.composed}


class Reads(Protocol):
    """An object that runs prepared statements."""

    def rows(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """All rows of a statement."""


@dataclass(frozen=True, slots=True)
class Filter:
    """One filter of a list: the type of its value, and its clause over a bound value."""

    kind: Any                       # an enum, int, str, bool, list, "moment", "day_end", "amount", "text"
    clause: Bound
    read: Callable[[Any], Any] | None = None        # what the value is compared as

    def value(self, given: Any) -> Any:
        """The value to bind: texts in normal form, patterns folded."""
        read = self.read or READERS.get(self.kind)
        return given if read is None else read(given)

    def bound(self, name: str) -> BindParameter[Any]:
        """The value of a statement that is compared."""
        return bound_id(name, many=self.kind is list) if self.kind in (int, list) else bindparam(name)


def common_filters(model: Any) -> dict[str, Filter]:
    """The filters of every list: ids, merchants and the time of creation, as far as the table has them."""
    found = {"id": Filter(list, lambda bound: model.id.in_(bound))}
    if hasattr(model, "merchant_id"):
        found["merchant_id"] = Filter(list, lambda bound: model.merchant_id.in_(bound))
    if hasattr(model, "created_at"):
        found["created_after"] = Filter("moment", lambda bound: model.created_at >= bound)
        found["created_before"] = Filter("day_end", lambda bound: model.created_at <= bound)
    return found


@dataclass(frozen=True)
class Children:
    """Rows that belong to a row: read in one more statement for a whole page."""

    parent: Any                                     # the column that names the parent
    columns: Mapping[str, Any]
    order: Any                                      # a column, or several
    where: ColumnElement[bool] | None = None
    newest: int = 0                                 # of each parent only so many, the last in order; 0: all
    first: int = 0                                  # the same, the first in order

    def of(self, reader: Reads, parents: Sequence[int]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {parent: [] for parent in parents}
        if parents:
            for row in within_bounds(reader.rows(self._statement, {"parents": parents})):
                found[row.owner_key].append(row)
        return found

    @cached_property
    def _statement(self) -> Prepared:
        columns = [column.label(name) for name, column in self.columns.items()]
        order = self.order if isinstance(self.order, tuple) else (self.order,)
        clauses = [self.parent.in_(bindparam("parents", expanding=True))]
        if self.where is not None:
            clauses.append(self.where)
        if most := self.newest or self.first:
            by = [one.desc() for one in order] if self.newest else list(order)
            place = func.row_number().over(partition_by=self.parent, order_by=by)
            ranked = select(self.columns["id"].label("id"), place.label("place")).where(*clauses).subquery()
            clauses = [self.columns["id"].in_(select(ranked.c.id).where(ranked.c.place <= most))]
        statement = select(*columns, self.parent.label("owner_key")).where(*clauses)
        return Prepared(statement.order_by(self.parent, *order).limit(MOST_ROWS + 1))


def ordered(column: Any, descending: bool) -> list[Any]:
    """The order by a column, empty values last either way; of an amount, (currency, amount), the currency first."""
    if isinstance(column, tuple):
        return [*(one.asc() for one in column[:-1]), *ordered(column[-1], descending)]
    clause = column.desc() if descending else column.asc()
    return [clause.nulls_last() if getattr(column.expression, "nullable", False) else clause]


def of_customer(model: Any, rule: str | Bound | None) -> ColumnElement[bool]:
    """The clause for the rows that a customer may read: by a column, by a clause over its id, or none."""
    if rule is None:
        return false()
    own: BindParameter[Any] = bindparam("own_customer")
    found: ColumnElement[bool] = getattr(model, rule) == own if isinstance(rule, str) else rule(own)
    return found


def weight(page: Page) -> int:
    """The number of rows of a page, with children, for the cache."""
    return 1 + sum(1 + sum(map(len, record.children.values())) for record in page.records)


def bound_id(name: str, *, many: bool = False) -> BindParameter[Any]:
    """A value that is an id by its form: PostgreSQL refuses one above 2^31 that is bound as an INTEGER."""
    return bindparam(name, type_=BigInteger(), expanding=many)


def is_row(column: Any, key: int) -> ColumnElement[bool]:
    """The clause that a key is the one that a caller sent, of any size."""
    found: ColumnElement[bool] = column == bindparam(None, key, type_=BigInteger())
    return found


def among(column: Any, keys: Iterable[int]) -> ColumnElement[bool]:
    """The clause that a key is one of those that a caller sent, of any size."""
    found: ColumnElement[bool] = column.in_(bindparam(None, list(keys), type_=BigInteger(), expanding=True))
    return found

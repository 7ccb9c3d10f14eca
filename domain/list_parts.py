"""What a listing is declared with: the filters of its list, and the child rows that are read with its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, bindparam, select

from database.reader import Reader
from database.statements import Prepared

Bound = Callable[[Any], ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing a list can be narrowed by: the type of its value, and its clause over a bound value."""

    kind: Any                       # an enum, int, str, bool, list, "moment", "day_end", "amount", "text"
    clause: Bound


@dataclass(frozen=True)
class Children:
    """Rows that belong to a row: read in one more statement for a whole page."""

    parent: Any                                     # the column that names the parent
    columns: Mapping[str, Any]
    order: Any
    where: ColumnElement[bool] | None = None

    def of(self, reader: Reader, parents: Sequence[int]) -> dict[int, list[Any]]:
        found: dict[int, list[Any]] = {parent: [] for parent in parents}
        if parents:
            for row in reader.rows(self._statement, {"parents": parents}):
                found[row.owner_key].append(row)
        return found

    @cached_property
    def _statement(self) -> Prepared:
        columns = [column.label(name) for name, column in self.columns.items()]
        statement = select(*columns, self.parent.label("owner_key")).where(
            self.parent.in_(bindparam("parents", expanding=True))
        )
        if self.where is not None:
            statement = statement.where(self.where)
        return Prepared(statement.order_by(self.parent, self.order))

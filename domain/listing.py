"""Finds a noun's rows: applies the tenant filter, filters, sorts and pages, with statements compiled once.

A listing reads columns, not entities: statements are built once per shape (filters, order, owner) and
cached, because building one costs more than running it. Entities are for writes: `get` gives one,
locked if it will change.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, func, literal, select

from database import db
from database.reader import Reader
from database.snapshot import snapshot
from database.statements import Prepared, StatementCache
from domain import clock, list_search
from domain.actor import ALL, Actor
from domain.errors import Foreign, Invalid, NotFound, PreconditionFailed
from domain.list_owners import Owners
from domain.list_parts import Children, Filter, Reads, bound_id, ordered, weight
from domain.pages import Page, Query, Record

LARGEST_ID = 2**63 - 1
MAX_OFFSET = 10_000_000
EVERYTHING = 2**62                 # more rows than there can be
CHANGED = "Another user changed this in the meantime. Reload the page and repeat the change."
NEWEST = 500                        # hits of a word among which the first rows are looked for
DEEP = 200                          # rows skipped, from which on the ids of a page are read before its rows
QUICK = {"created_at", "id", "name", "email"}       # sorts for which the longest lists have an index
FEW = 100                           # rows that are read at once where each may have hundreds of children


@dataclass(frozen=True, kw_only=True)
class Listing(Owners):
    """Declares how a noun's rows are found: only what it names can be filtered and sorted by."""

    noun: str
    columns: Mapping[str, Any]
    joins: tuple[tuple[Any, ColumnElement[bool]], ...] = ()
    children: Mapping[str, Children] = field(default_factory=dict)
    sort: Mapping[str, Any] = field(default_factory=dict)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    search: tuple[Any, ...] = ()                      # columns of the row, or places of list_search
    is_kept: bool = False             # never deleted: while one is locked, others may write rows that name it

    @cached_property
    def _statements(self) -> StatementCache:
        return StatementCache()

    # One row ------------------------------------------------------------------------------------

    def get(self, actor: Actor, key: int, *, lock: bool = False, removed: bool = False) -> Any:
        """The entity, locked if it will change; raises NotFound, or Foreign when another owner has it.

        `removed` finds only rows that were deleted, for an undo.
        """
        if lock and 0 < key <= LARGEST_ID:
            self.lock_before(key)
        clauses, values = self.owned(actor, removed=removed)
        statement = select(self.model).where(self.model.id == bound_id("key"), *clauses)
        if lock:
            statement = statement.with_for_update(key_share=self.is_kept).execution_options(populate_existing=True)
        row = db.session.scalar(statement, values | {"key": key}) if 0 < key <= LARGEST_ID else None
        if row is None:
            raise self.absent(actor, key)
        return row

    def lock_before(self, key: int) -> None:
        """Lock what everybody locks before a row of this listing, so that no two wait for each other."""

    def lock(self, actor: Actor, key: int, *, removed: bool = False) -> tuple[Actor, Any]:
        """The row, locked to be changed, and before it the actor for the row's merchant alone.

        Every write takes both from here: rows that the change refers to are then found among that
        merchant's only, also for an actor of several merchants.
        """
        row = self.get(actor, key, lock=True, removed=removed)
        return actor.for_row(row), row

    def refer(self, actor: Actor, field: str, key: int | None) -> Any:
        """The entity that an input's field names, None for none; raises Invalid for one the actor cannot reach."""
        if key is None:
            return None
        try:
            with db.session.no_autoflush:          # the row that refers to it may not be complete yet
                return self.get(actor, key)
        except NotFound:
            raise Invalid.field(field, "must exist", "unknown") from None

    def facts(self, actor: Actor, keys: Collection[int], names: tuple[str, ...]) -> Sequence[Any]:
        """Some columns of those of these rows that the actor reaches: what writes need of rows that they refer to."""
        def build() -> Prepared:
            columns = [self.columns[name].label(name) for name in names]
            these = self.model.id.in_(bound_id("keys", many=True))
            return Prepared(select(*columns).where(these, *self.owned(actor)[0]))

        possible = [key for key in keys if 0 < key <= LARGEST_ID]
        statement = self._statements.get(("facts", names, *self._whose(actor)), build)
        return Reader().rows(statement, self._own_values(actor) | {"keys": possible}) if possible else []

    def referred(self, actor: Actor, field: str, key: int, names: tuple[str, ...]) -> Any:
        """Some columns of the row that an input's field names; raises Invalid as `refer` does."""
        found = self.facts(actor, (key,), names)
        if not found:
            raise Invalid.field(field, "must exist", "unknown")
        return found[0]

    def read(self, actor: Actor, key: int) -> Record:
        """One row as columns; raises as `get` does."""
        def build() -> Prepared:
            return Prepared(self._select().where(self.model.id == bound_id("key"), *self.owned(actor)[0]))

        if not 0 < key <= LARGEST_ID:
            raise NotFound(self.noun, key)
        values = self._own_values(actor) | {"key": key, "now": clock.now()}
        statement = self._statements.get(("one", *self._whose(actor)), build)
        reader = Reader(several=bool(self.children))

        def find() -> Record | None:
            with reader:
                row = reader.first(statement, values)
                return None if row is None else self._records(reader, [row])[0]

        record: Record | None = reader.cached(statement, values, find)
        if record is None:
            raise self.absent(actor, key)
        return record

    def absent(self, actor: Actor, key: int) -> NotFound:
        """The error for a missing row: NotFound, or Foreign when another owner has it.

        A customer is told only of rows of the same merchant.
        """
        if 0 < key <= LARGEST_ID:
            merchants = ALL if actor.customer_id is None else actor.merchant_ids
            wide = replace(actor, merchant_ids=merchants, customer_id=None, own_only=False)
            clauses, values = self.owned(wide)
            statement = select(self.model.id).where(self.model.id == literal(key, BigInteger()), *clauses)
            if db.session.scalar(statement, values) is not None:
                return Foreign(self.noun, key)
        return NotFound(self.noun, key)

    # Many rows ----------------------------------------------------------------------------------

    def page(self, actor: Actor, query: Query, show: Callable[[Sequence[Record]], Any] | None = None) -> Page:
        """A page of the list; raises Invalid for a sort or a filter that is not declared.

        `show` converts the records for the caller; it must depend on nothing else.
        """
        values = self._own_values(actor) | self._values(query)
        values["limit"], values["offset"] = query.limit, min(query.offset, MAX_OFFSET)
        statement, reader = self._prepared(actor, query), Reader(several=bool(self.children))

        def read() -> Page:
            with reader:
                found, total = reader.page(statement, values)
                records = self._records(reader, found)
            return Page(records, total, query.limit, query.offset, show(records) if show is not None else None)

        page: Page = reader.cached(statement, values, read, weight, form=show)
        return page

    def few(self, actor: Actor, query: Query) -> list[Record]:
        """The first rows of a page, without their children or the number of all; the newest, where many have a word."""
        values = self._own_values(actor) | self._values(query) | {"limit": query.limit, "offset": 0}
        for newest in (NEWEST, None):
            statement = self._statements.get(
                ("few", newest, *self._shape(actor, query)), partial(self._build_few, actor, query, newest))
            rows = Reader().rows(statement, values)
            if len(rows) == query.limit:
                break
        return [Record(row, {}) for row in rows]

    def _build_few(self, actor: Actor, query: Query, newest: int | None) -> Prepared:
        found = self._select().where(*self._clauses(actor, query, newest)).order_by(*self._order(query))
        return Prepared(found.limit(bindparam("limit")).offset(bindparam("offset")))

    def count(self, actor: Actor, **filters: Any) -> int:
        """How many rows match."""
        query = Query(filters=filters)
        values = self._own_values(actor) | self._values(query)
        return int(Reader().cached_first(self._counting(actor, query), values)[0])

    def stream(self, actor: Actor, query: Query, chunk: int = 500, *, whole: bool = True) -> Iterator[Record]:
        """All matching records in order, from one state of the database, in constant memory, for exports.

        `whole` says whether their children are read, too.
        """
        values = self._own_values(actor) | self._values(query) | {"limit": EVERYTHING, "offset": 0}
        parts = self.children if whole else {}
        with snapshot() as state:
            for rows in state.chunks(self._prepared(actor, query), values, FEW if parts else chunk):
                yield from self._records(state, rows) if parts else (Record(row, {}) for row in rows)

    def _values(self, query: Query) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in query.filters.items():
            values[f"f_{name}"] = self.filters[name].value(value) if name in self.filters else value
        values["now"] = clock.now()
        return values | list_search.values(list_search.words_of(query.search)) if query.search else values

    def _prepared(self, actor: Actor, query: Query) -> Prepared:
        shape = self._shape(actor, query)
        ids_first = query.offset >= DEEP or bool(query.order) or query.sort not in QUICK
        return self._statements.get((ids_first, *shape), partial(self._build, actor, query, ids_first=ids_first))

    def _counting(self, actor: Actor, query: Query) -> Prepared:
        """The statement that only counts the rows of a page's statement."""
        def build() -> Prepared:
            counted = self._prepared(actor, query).counted
            assert counted is not None
            return Prepared(counted)

        return self._statements.get(("count", *self._shape(actor, query)), build)

    def _shape(self, actor: Actor, query: Query) -> tuple[Any, ...]:
        """The key of a statement: everything that its text depends on."""
        wanted = frozenset(query.filters), list_search.shape(list_search.words_of(query.search))
        return *self._whose(actor), *wanted, query.sort, query.descending, query.order

    def keys(self, actor: Actor, query: Query, *, after: int, until: datetime, limit: int) -> list[int]:
        """The ids above `after` of matching rows that were not changed since `until`, in their order."""
        key = self.model.id
        statement = self._joined(select(key).select_from(self.model)).where(
            *self._clauses(actor, query), key > bindparam("after"), self.model.updated_at <= bindparam("until"))
        values = self._own_values(actor) | self._values(query) | {"after": after, "until": until}
        return list(db.session.scalars(statement.order_by(key).limit(limit), values))

    def _clauses(self, actor: Actor, query: Query, newest: int | None = None) -> list[ColumnElement[bool]]:
        clauses, _ = self.owned(actor)
        for name in sorted(query.filters):
            if name not in self.filters:
                raise Invalid.field(name, "is not a filter of this list", "inclusion")
            one = self.filters[name]
            clauses.append(one.clause(one.bound(f"f_{name}")))
        words = list_search.words_of(query.search)
        return [*clauses, *list_search.clauses(self.model, self.search, words, newest=newest)]

    def _build(self, actor: Actor, query: Query, *, ids_first: bool = False) -> Prepared:
        """A page and its count. With `ids_first`, what is sorted or skipped is neither read as a whole nor joined."""
        clauses, order = self._clauses(actor, query), self._order(query)
        counted = select(func.count()).select_from(self.model)
        whole = self._select()
        found = select(self.model.id).select_from(self.model) if ids_first else whole
        found = found.where(*clauses).order_by(*order).limit(bindparam("limit")).offset(bindparam("offset"))
        rows = whole.where(self.model.id.in_(found.correlate(None))).order_by(*order) if ids_first else found
        return Prepared(rows, counted.where(*clauses))

    def _order(self, query: Query) -> list[Any]:
        """The wanted columns, then the id in the last one's direction, so that paging is stable."""
        wanted = query.order or ((query.sort, query.descending),)
        for name, _ in wanted:
            if name not in self.sort:
                raise Invalid.field("sort", "must be one of " + ", ".join(self.sort), "inclusion")
        columns = [column for name, down in wanted for column in ordered(self.sort[name], down)]
        return [*columns, self.model.id.desc() if wanted[-1][1] else self.model.id.asc()]

    def _select(self) -> Select[Any]:
        columns = [column.label(name) for name, column in self.columns.items()]
        return self._joined(select(*columns).select_from(self.model))

    def _joined(self, statement: Select[Any]) -> Select[Any]:
        for target, on in self.joins:
            statement = statement.outerjoin(target, on)
        return statement

    def _records(self, reader: Reads, rows: Sequence[Any]) -> list[Record]:
        if not self.children:
            return [Record(row, {}) for row in rows]
        keys = [row.id for row in rows]
        parts = {name: kind.of(reader, keys) for name, kind in self.children.items()}
        return [Record(row, {name: found[row.id] for name, found in parts.items()}) for row in rows]


def expect(row: Any, seen: int | Collection[int] | None, otherwise: str = CHANGED) -> None:
    """Raises PreconditionFailed unless the row has (one of) the versions that the caller saw."""
    versions = (seen,) if isinstance(seen, int) else seen
    if versions is not None and getattr(row, "version", None) not in versions:
        raise PreconditionFailed(otherwise)


def touch(row: Any) -> None:
    """Set the row's time of change to now."""
    row.version += 1
    row.updated_at = clock.now()

"""The database: engines, sessions, the types of columns, and the only commit. Knows no table.

Two binds: `default` holds the business, `log` the request log.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Engine, Enum, Index, Integer, MetaData, String, Text, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, declared_attr, mapped_column, registry
from sqlalchemy.types import TypeDecorator

from database.driver import Driver
from database.sqlite import DatabaseBusy as DatabaseBusy
from database.sqlite import queue_of, tune_sqlite

DRIVER = "driver"           # in the session: the Driver, on SQLite within transaction()
WRITE_WAIT = 5.0            # seconds a writer waits for the lock before it gives up
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class DatabaseClash(Exception):
    """A uniqueness or reference rule of the database refused the change; nothing was changed."""


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC in the database. A naive value is a bug, so it raises."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: use domain.clock.now()")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """On SQLite write the text in one step, in the form that SQLAlchemy writes."""
        if dialect.name == "sqlite":
            return _sqlite_text
        return super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """On SQLite, which stores text, parse the value in one step instead of SQLAlchemy's three."""
        if dialect.name == "sqlite":
            return lambda text: None if text is None else datetime.fromisoformat(text + "+00:00")
        return super().result_processor(dialect, coltype)


def _sqlite_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is not UTC:
        if value.tzinfo is None:
            raise ValueError(f"naive datetime {value!r}: use domain.clock.now()")
        value = value.astimezone(UTC)
    return value.isoformat(" ", "microseconds")[:-len("+00:00")]


class Base(DeclarativeBase):
    # A registry, not a type_annotation_map attribute: Flask-SQLAlchemy's second base refuses that.
    registry = registry(
        metadata=MetaData(naming_convention=NAMES),
        type_annotation_map={
            datetime: UtcDateTime,
            str: String(255),
            dict[str, Any]: JSON,
            dict[str, str]: JSON,
            list[str]: JSON,
        },
    )

    @declared_attr.directive
    def __table_args__(cls) -> Any:
        return constraints()


def constraints(*items: Any) -> tuple[Any, ...]:
    """The `__table_args__` of a table: AUTOINCREMENT, so that SQLite never gives an id twice."""
    return (*items, {"sqlite_autoincrement": True})


def partial_index(name: str | None, *columns: str, where: str, unique: bool = False) -> Index:
    """An index of only the rows for which the condition is true; without a name, the naming convention gives one."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    class Model(Base):
        """What tables subclass; Flask-SQLAlchemy makes it, which type checkers cannot see."""

        __abstract__ = True
else:
    Model = db.Model

def word(kind: type[StrEnum], length: int = 16) -> Enum:
    """A column that holds the value of a StrEnum as text."""
    return Enum(kind, native_enum=False, length=length, values_callable=lambda each: [item.value for item in each])


SECRET = {"secret": True}                      # `info` of a column that no log and no answer may hold
pk = Annotated[int, mapped_column(primary_key=True)]
minor = Annotated[int, mapped_column(BigInteger)]        # money in minor units of its currency
micro = Annotated[int, mapped_column(BigInteger)]        # a unit price in millionths of the major unit
# A number with four decimals. SQLite's INTEGER holds 64 bits, and renaming a column keeps its type.
ten_thousandths = Annotated[int, mapped_column(BigInteger().with_variant(Integer(), "sqlite"))]
currency_code = Annotated[str, mapped_column(String(3))]  # ISO 4217
country_code = Annotated[str, mapped_column(String(2))]   # ISO 3166-1 alpha-2
long_text = Annotated[str, mapped_column(Text)]


def tune(engine: Engine, *, synchronous: str) -> None:
    """Set a database's time limits for waiting; on SQLite a writer locks before it reads."""
    if engine.dialect.name == "sqlite":
        tune_sqlite(engine, synchronous)
    else:
        event.listen(engine, "connect", limit_waiting)
        import_module("database.postgresql").watch(engine)      # loads the driver, which SQLite does not need


def limit_waiting(connection: Any, _: Any) -> None:
    """Set PostgreSQL's lock timeout; by default it waits for a locked row without limit."""
    connection.execute(f"SET lock_timeout = '{WRITE_WAIT:.0f}s'")
    connection.commit()


@contextmanager
def transaction(bind: str | None = None) -> Iterator[Session]:
    """Write lock, block, commit. Read inside the block whatever you are going to change.

    The default bind yields the session of the request; `transaction("log")` a session of its own.
    Raises DatabaseBusy when the lock cannot be taken within five seconds, DatabaseClash when a
    constraint refuses the change; in both cases, as in any other, nothing was written.
    """
    session: Session = db.session() if bind is None else Session(db.engines[bind])
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("transaction() opened over pending changes")
    session.rollback()                               # ends the reads made so far
    engine = db.engine if bind is None else db.engines[bind]
    deadline = time.monotonic() + WRITE_WAIT
    turn = queue_of(engine).turn(deadline) if engine.dialect.name == "sqlite" else nullcontext()
    try:
        with turn:
            connection = session.connection(execution_options={"write_deadline": deadline})
            if engine.dialect.name == "sqlite":
                own: Any = connection.connection.driver_connection
                session.info[DRIVER] = Driver(own, engine.dialect)
            yield session
            session.commit()
    except IntegrityError as problem:
        session.rollback()
        raise DatabaseClash(constraint_of(problem)) from None
    except DBAPIError as problem:
        session.rollback()
        if is_busy(problem):
            raise DatabaseBusy("The database is busy.") from None
        raise
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(DRIVER, None)
        if bind is not None:
            session.close()


def end_reads() -> None:
    """End the transaction of the reads made so far, before something that takes long. What was read expires."""
    session: Session = db.session()
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("end_reads() over pending changes")
    session.rollback()


def constraint_of(problem: IntegrityError) -> str:
    """The constraint that the database's error names, or SQLite's list of columns."""
    diagnostics = getattr(problem.orig, "diag", None)
    return str(getattr(diagnostics, "constraint_name", None) or problem.orig)


def is_busy(problem: DBAPIError) -> bool:
    """Whether the error means that another transaction holds the lock."""
    words = str(problem.orig).lower()
    return "database is locked" in words or "database table is locked" in words or "lock timeout" in words


def is_unreachable(problem: BaseException) -> bool:
    """Whether the error means an unreachable or unusable database, not a wrong statement."""
    if isinstance(problem, DBAPIError):
        return isinstance(problem, OperationalError) or problem.connection_invalidated
    return isinstance(problem, PoolTimeout | PendingRollbackError)


def ping(bind: str | None = None) -> None:
    """Check that the database answers. Raises what the driver raises."""
    engine = db.engine if bind is None else db.engines[bind]
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))



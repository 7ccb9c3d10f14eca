"""The floor: engines, sessions, the column vocabulary, and the only commit. Knows no table.

Two binds: `default` holds the business, `log` the request log. SQLite takes its write lock before
it reads what it will change (without that, read-compute-write loses updates in silence), and
writers queue on a file lock, because SQLite's own busy handler is unfair under load.
"""

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, Connection, DateTime, Engine, Enum, MetaData, String, Text, event, text
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import DeclarativeBase, Session, declared_attr, mapped_column, registry
from sqlalchemy.types import TypeDecorator

WRITE_WAIT = 5.0            # seconds a writer waits for its turn before it gives up
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class DatabaseBusy(Exception):
    """The write lock was not to be had in time; nothing was changed."""


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

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """SQLite keeps text: read in one step what would otherwise take three, twice in every row of a list."""
        if dialect.name == "sqlite":
            return lambda text: None if text is None else datetime.fromisoformat(text + "+00:00")
        return super().result_processor(dialect, coltype)


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


pk = Annotated[int, mapped_column(primary_key=True)]
minor = Annotated[int, mapped_column(BigInteger)]        # money in minor units of its currency
micro = Annotated[int, mapped_column(BigInteger)]        # a unit price in millionths of the major unit
currency_code = Annotated[str, mapped_column(String(3))]  # ISO 4217
country_code = Annotated[str, mapped_column(String(2))]   # ISO 3166-1 alpha-2
long_text = Annotated[str, mapped_column(Text)]


def tune(engine: Engine, *, synchronous: str) -> None:
    """The manners of a database: nobody waits for ever, and on SQLite a writer locks before it reads."""
    if engine.dialect.name == "sqlite":
        tune_sqlite(engine, synchronous)
    else:
        event.listen(engine, "connect", limit_waiting)


def limit_waiting(connection: Any, _: Any) -> None:
    """PostgreSQL would wait for another transaction's row as long as that holds it."""
    connection.execute(f"SET lock_timeout = '{WRITE_WAIT:.0f}s'")
    connection.commit()


def lower(value: Any) -> Any:
    """A text in lower case in every script; SQLite's own lower() knows only ASCII."""
    return value.lower() if isinstance(value, str) else value


def tune_sqlite(engine: Engine, synchronous: str) -> None:
    """Readers never wait, a writer locks before it reads, references hold; a new file is its owner's alone."""
    path = engine.url.database
    if path and not path.startswith((":", "file:")):
        event.listen(engine, "do_connect", lambda *_: make_private(path))    # its journals get the file's mode

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None            # we say BEGIN ourselves, below
        connection.create_function("unicode_lower", 1, lower, deterministic=True)
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", "busy_timeout=5000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        deadline = connection.get_execution_options().get("write_deadline")
        if deadline is None:
            connection.exec_driver_sql("BEGIN")
            return
        left = max(1, int((deadline - time.monotonic()) * 1000))
        connection.exec_driver_sql(f"PRAGMA busy_timeout={left}")
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def owner_only(path: str, flags: int) -> int:
    """An `opener` for open(): a file that is made is readable by its owner only."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def make_private(path: str) -> None:
    """Make the file before SQLite does; one that is there stays as it is."""
    with suppress(OSError):                          # what is wrong SQLite says itself
        os.close(owner_only(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))


def lock_file(descriptor: int, deadline: float = 0.0, pause: float = 0.001) -> bool:
    """Lock an open file for oneself; False when somebody else has it until the deadline (monotonic seconds)."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        time.sleep(pause)


class WriterQueue:
    """Whose turn it is to write to one SQLite file: a lock in the process, then one on a file."""

    def __init__(self, path: str | None):
        self.path = path
        self.threads = threading.Lock()

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        if not self.threads.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise DatabaseBusy("The database is busy.")
        try:
            with self._file_lock(deadline):
                yield
        finally:
            self.threads.release()

    @contextmanager
    def _file_lock(self, deadline: float) -> Iterator[None]:
        if self.path is None:                        # in memory: there is no other process
            yield
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not lock_file(descriptor, deadline):
                raise DatabaseBusy("The database is busy.")
            yield
        finally:
            os.close(descriptor)                     # closing lets the lock go


_queues: dict[str, WriterQueue] = {}
_queues_guard = threading.Lock()


def queue_of(engine: Engine) -> WriterQueue:
    """The one queue of an engine's file in this process."""
    name = engine.url.database or ""
    with _queues_guard:
        if name not in _queues:
            in_memory = name in ("", ":memory:") or "mode=memory" in str(engine.url)
            _queues[name] = WriterQueue(None if in_memory else name + ".lock")
        return _queues[name]


@contextmanager
def transaction(bind: str | None = None) -> Iterator[Session]:
    """Write lock, block, commit. Read inside the block whatever you are going to change.

    The default bind yields the session of the request; `transaction("log")` a session of its own.
    Raises DatabaseBusy when the lock is not to be had within five seconds, DatabaseClash when a
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
            session.connection(execution_options={"write_deadline": deadline})
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
        if bind is not None:
            session.close()


def constraint_of(problem: IntegrityError) -> str:
    """What the database says it refused: the constraint's name, or SQLite's list of columns."""
    diagnostics = getattr(problem.orig, "diag", None)
    return str(getattr(diagnostics, "constraint_name", None) or problem.orig)


def is_busy(problem: DBAPIError) -> bool:
    """Is this the database being locked by somebody else, rather than broken?"""
    words = str(problem.orig).lower()
    return "database is locked" in words or "database table is locked" in words or "lock timeout" in words


def ping(bind: str | None = None) -> None:
    """Answer, database! Raises what the driver raises."""
    engine = db.engine if bind is None else db.engines[bind]
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))



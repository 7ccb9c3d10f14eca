"""The test bank's own ledger: an SQLite file beside the business database, with transactions of its own.

It stands for somebody else's bank: what is booked here stays booked, whatever becomes of the program that asked.
"""

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from database.sqlite import make_private

SCHEMA = """
CREATE TABLE IF NOT EXISTS charges (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, merchant_id INTEGER NOT NULL, test INTEGER NOT NULL,
    order_id INTEGER NOT NULL, scheduled_payment_id INTEGER, test_clock_id INTEGER, amount_minor INTEGER NOT NULL,
    currency TEXT NOT NULL, method TEXT NOT NULL, fault TEXT NOT NULL, status TEXT NOT NULL, decline TEXT,
    message TEXT, at TEXT NOT NULL, refunded_minor INTEGER NOT NULL DEFAULT 0, token TEXT NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS charges_order ON charges (order_id, id);
CREATE INDEX IF NOT EXISTS charges_payment ON charges (scheduled_payment_id);
CREATE TABLE IF NOT EXISTS refunds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, charge_id INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL, status TEXT NOT NULL, message TEXT, at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS notifications (
    id INTEGER PRIMARY KEY AUTOINCREMENT, charge_id INTEGER NOT NULL, kind TEXT NOT NULL, reference TEXT NOT NULL,
    due_at TEXT, test_clock_id INTEGER, times INTEGER NOT NULL, sent INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS notifications_due ON notifications (test_clock_id, due_at) WHERE due_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS interruptions (key TEXT PRIMARY KEY, until TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkouts (
    token TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, merchant_id INTEGER NOT NULL, test INTEGER NOT NULL,
    request TEXT NOT NULL, until TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS setups (key TEXT PRIMARY KEY, method TEXT NOT NULL, at TEXT NOT NULL);
"""
WAIT = 10.0                                  # seconds for another writer


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedCharge:
    """One charge of the book: there is one for each key."""

    id: int
    key: str
    merchant_id: int
    test: bool
    order_id: int
    scheduled_payment_id: int | None
    test_clock_id: int | None
    amount_minor: int
    currency: str
    method: str
    fault: str
    status: str                              # approved, declined, waiting
    decline: str | None
    message: str | None
    at: str
    refunded_minor: int
    token: str                               # of its page


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedNotification:
    """A notification that the bank has to send."""

    id: int
    charge_id: int
    kind: str
    reference: str
    due_at: str | None                       # None: everything was sent
    test_clock_id: int | None
    times: int
    sent: int


def written(moment: datetime) -> str:
    """A moment as the book writes it, which sorts as text."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Book:
    """The store. `configure` names its file; the file is made when something is booked."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._own = threading.local()

    def configure(self, path: Path) -> None:
        self._path = path

    def forget(self) -> None:
        """Remove the whole book, for tests."""
        assert self._path is not None
        if (connection := getattr(self._own, "connection", None)) is not None:
            connection.close()
            self._own.connection = None
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)

    def _connection(self) -> sqlite3.Connection:
        """The connection of this thread and process to the current file."""
        name = (str(self._path), os.getpid())
        if getattr(self._own, "name", None) != name or self._own.connection is None:
            assert self._path is not None
            make_private(str(self._path))
            connection = sqlite3.connect(self._path, timeout=WAIT, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;" + SCHEMA)
            self._own.connection, self._own.name = connection, name
        made: sqlite3.Connection = self._own.connection
        return made

    @contextmanager
    def booking(self) -> Iterator[sqlite3.Connection]:
        """Context of a change: all of it is booked, or nothing."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def rows(self, statement: str, *values: Any) -> list[sqlite3.Row]:
        if self._path is None or not self._path.exists():
            return []                        # nothing was ever booked
        return self._connection().execute(statement, values).fetchall()

    # Charges ------------------------------------------------------------------------------------

    def charge(self, **named: Any) -> BookedCharge | None:
        """The charge with this key, id or token."""
        (name, value), = named.items()
        found = self.rows(f"SELECT * FROM charges WHERE {name} = ?", value)
        return _charge(found[0]) if found else None

    def charges(self, order_ids: list[int] | None = None) -> list[BookedCharge]:
        """What was decided, oldest first, of all orders or of these."""
        where, values = "", order_ids or []
        if order_ids is not None:
            where = f"AND order_id IN ({', '.join('?' * len(values))})"
        decided = f"SELECT * FROM charges WHERE status <> 'waiting' {where} ORDER BY id"
        return [_charge(row) for row in self.rows(decided, *values)]

    # Checkouts ----------------------------------------------------------------------------------

    def checkout(self, **named: Any) -> dict[str, Any] | None:
        """The checkout with this token or key."""
        (name, value), = named.items()
        found = self.rows(f"SELECT * FROM checkouts WHERE {name} = ?", value)
        return {**dict(found[0]), "request": json.loads(found[0]["request"])} if found else None

    def set_up(self, key: str, method: str, at: datetime) -> None:
        """Keep the payment method of a checkout without a charge; the first one counts."""
        with self.booking() as book:
            book.execute(
                "INSERT INTO setups (key, method, at) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING",
                (key, method, written(at)),
            )

    def setup(self, key: str) -> str | None:
        """The payment method that a checkout without a charge kept."""
        found = self.rows("SELECT method FROM setups WHERE key = ?", key)
        return str(found[0]["method"]) if found else None

    # Notifications ------------------------------------------------------------------------------

    def due(self, now: datetime, test_clock_id: int | None = None, limit: int = 100) -> list[BookedNotification]:
        """The notifications to send by now, oldest first: those of real time, or of one test clock."""
        found = self.rows(
            "SELECT * FROM notifications WHERE due_at <= ? AND test_clock_id IS ? ORDER BY due_at, id LIMIT ?",
            written(now), test_clock_id, limit,
        )
        return [BookedNotification(**dict(row)) for row in found]

    def next_due(self, test_clock_id: int) -> datetime | None:
        """When the next notification of a test clock is sent."""
        found = self.rows(
            "SELECT min(due_at) AS first FROM notifications WHERE test_clock_id = ? AND due_at IS NOT NULL",
            test_clock_id,
        )
        return read(found[0]["first"]) if found and found[0]["first"] else None

    def sent(self, one: BookedNotification) -> None:
        """One sending is done; after the last the notification is due no more."""
        with self.booking() as book:
            book.execute(
                "UPDATE notifications SET sent = sent + 1,"
                " due_at = CASE WHEN sent + 1 >= times THEN NULL ELSE due_at END WHERE id = ?",
                (one.id,),
            )


def _charge(row: sqlite3.Row) -> BookedCharge:
    return BookedCharge(**{**dict(row), "test": bool(row["test"])})

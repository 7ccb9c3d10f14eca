"""Benchmarks the engine that collects: its payments a second against a bare loop of the same transactions.

Payments are due. The worker's code collects some of them at a time; then a loop that knows what is due begins, asks
and books as many others, with nothing around: no picking, no locks of other workers, no limits, no parking. What the
engine sends to the database is noted, too, and the driver alone sends it to a copy: that is what is left when there
are no rules either. The ratios are medians of many such turns. Run: python -m bench.collecting_engine
"""

import argparse
import contextlib
import os
import shutil
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from sqlalchemy import Engine, event, func, select

from bench.databases import fresh, plain
from bench.figures import Figure
from bench.kill_collecting import Plan, populate
from bench.webhooks import clean, stage
from database import db, transaction
from domain.actor import Actor
from domain.payments import booking, locking
from domain.payments.gateways import Account, ChargeRequest
from models.order import ScheduledPayment
from outbound.gateways.test_bank import FILE, TestBank, test_bank
from outbound.payments import collecting
from outbound.payments.collecting import Collector

TURNS, OF_A_TURN = 20, 10
BUSINESS = "countinghouse.db"       # of an installation on SQLite
WARM = 10                           # payments before anything is measured
Step = tuple[str, Any]              # a statement with its values, "BEGIN", "COMMIT", or "ask" with a question


@dataclass
class Noted:
    """What the engine sent, in order."""

    steps: list[Step] = field(default_factory=list)

    @contextlib.contextmanager
    def watching(self, engine: Engine) -> Iterator[None]:
        """Note the statements and ends of transactions of this engine, and what the bank is asked."""
        def sent(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
            if not statement.startswith(("BEGIN", "PRAGMA")):
                self.steps += [(statement, one) for one in values] if many else [(statement, values)]

        ends = {"commit": lambda _: self.steps.append(("COMMIT", None)),
                "rollback": lambda _: self.steps.append(("ROLLBACK", None))}
        asked = test_bank.charge

        def charge(account: Account, request: ChargeRequest) -> Any:
            self.steps.append(("ask", (account, request)))
            return asked(account, request)

        event.listen(engine, "before_cursor_execute", sent)
        for name, end in ends.items():
            event.listen(engine, name, end)
        test_bank.charge = charge                    # type: ignore[method-assign]
        try:
            yield
        finally:
            test_bank.charge = asked                 # type: ignore[method-assign]
            event.remove(engine, "before_cursor_execute", sent)
            for name, end in ends.items():
                event.remove(engine, name, end)

    def taken(self) -> list[Step]:
        steps, self.steps = self.steps, []
        return steps


def replay(connection: Any, bank: TestBank, steps: list[Step]) -> None:
    """Send the same to another database and bank, by the driver."""
    is_sqlite, is_open = isinstance(connection, sqlite3.Connection), False
    for statement, values in steps:
        if statement == "ask":
            bank.charge(*values)
        elif statement in ("COMMIT", "ROLLBACK"):
            if is_open or not is_sqlite:
                connection.execute(statement)
            is_open = False
        else:
            if is_sqlite and not is_open:
                connection.execute("BEGIN IMMEDIATE")
                is_open = True
            cursor = connection.execute(statement, values)
            if cursor.description is not None:
                cursor.fetchall()


@contextlib.contextmanager
def copied(folder: Path, url: str | None) -> Iterator[tuple[Any, TestBank]]:
    """The driver's connection to a copy of the database, and a copy of the bank."""
    bank = TestBank()
    shutil.copyfile(folder / FILE, folder / f"copy_{FILE}")
    bank.configure(folder / f"copy_{FILE}", "http://127.0.0.1")
    if url is None:
        shutil.copyfile(folder / BUSINESS, folder / f"copy_{BUSINESS}")
        connection: Any = sqlite3.connect(folder / f"copy_{BUSINESS}", isolation_level=None)
        connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
        yield connection, bank
        connection.close()
        return
    with fresh(url, template=url) as copy, psycopg.connect(plain(copy or "")) as connection:
        yield connection, bank


def let_go() -> None:
    """Close all connections, so that the database can be copied."""
    db.session.remove()
    for engine in db.engines.values():
        engine.dispose()


@dataclass(frozen=True, slots=True)
class Measured:
    """Payments a second of the engine, the bare loop and the driver, and how the first compares with the others."""

    engine: float
    bare: float
    driver: float
    of_bare: float
    of_driver: float


def measured(server: str | None = None) -> Measured:
    """Measure in an installation of its own, on SQLite or the PostgreSQL server of this address."""
    with fresh(server) as url:
        return _measured(url)


def _measured(url: str | None) -> Measured:
    extra = {"COUNTINGHOUSE_BCRYPT_COST": "4", **({"COUNTINGHOUSE_DATABASE_URL": url} if url else {})}
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        folder = Path(name)
        with stage(extra | {"COUNTINGHOUSE_INSTANCE": name}) as app, app.app_context():
            populate(Plan(payments=2 * TURNS * OF_A_TURN + WARM, kills=0, merchants=1), names=("test_ok",))
            collector = Collector()
            assert collector.round(WARM)
            test_bank.book.rows("PRAGMA wal_checkpoint(TRUNCATE)")
            let_go()
            with copied(folder, url) as (connection, bank):
                return _turns(collector, connection, bank)


def _turns(collector: Collector, connection: Any, bank: TestBank) -> Measured:
    noted, took = Noted(), defaultdict[str, list[float]](list)
    due = list(db.session.scalars(
        select(ScheduledPayment.id).where(ScheduledPayment.collect_at.is_not(None)).order_by(ScheduledPayment.id)))
    with noted.watching(db.engine):
        for _ in range(TURNS):
            with timed(took["engine"]):
                assert collector.round(OF_A_TURN)
            steps = noted.taken()
            with timed(took["driver"]):
                replay(connection, bank, steps)
            with timed(took["bare"]):
                for _ in range(OF_A_TURN):
                    collect(due.pop())               # the engine takes the first ones
            noted.taken()
    assert len(test_bank.book.charges()) == len(bank.book.charges()) + TURNS * OF_A_TURN
    assert not db.session.scalar(select(func.count()).where(ScheduledPayment.collect_at.is_not(None)))
    rate = {name: OF_A_TURN / statistics.median(taken) for name, taken in took.items()}
    against = {name: statistics.median(other / own for own, other in zip(took["engine"], took[name], strict=True))
               for name in ("bare", "driver")}
    return Measured(rate["engine"], rate["bare"], rate["driver"], against["bare"], against["driver"])


@contextlib.contextmanager
def timed(taken: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    taken.append(time.perf_counter() - began)


def collect(row_id: int) -> None:
    """Collect a row, by the same two transactions with the question between them."""
    with transaction():
        found = locking.lock_row(row_id)
        assert found is not None
        attempt = collecting.begin(*found)
    assert attempt is not None
    answer = test_bank.charge(attempt.account, attempt.request)
    with transaction():
        booking.book(Actor.system(), attempt.payment_id, answer)


def run(server: str | None = None) -> list[Figure]:
    """The figures of this benchmark."""
    found, kind = measured(server), "PostgreSQL" if server else "SQLite"
    return [
        Figure(
            "collecting", f"payments/s of a bare loop of the same transactions, {kind}",
            f"{found.engine:,.0f} of {found.bare:,.0f}/s", f"{found.of_bare:.2f}", ">= 0.50", found.of_bare >= 0.5,
        ),
        Figure(
            "collecting", f"payments/s of the driver alone, sending the same statements, {kind}",
            f"{found.engine:,.0f} of {found.driver:,.0f}/s", f"{found.of_driver:.2f}", "-", None,
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    given, kept = parser.parse_args(), clean()
    os.environ.clear()
    os.environ.update(kept)
    figures = run(given.database)
    for figure in figures:
        print(figure)
    sys.exit(0 if all(figure.reached is not False for figure in figures) else 1)

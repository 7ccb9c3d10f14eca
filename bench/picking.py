"""Benchmarks picking what is due: among a million scheduled payments against ten thousand.

Few are due, and those of one merchant who has to wait are many. Run: python -m bench.picking
"""

import argparse
import os
import statistics
import time
from datetime import UTC, datetime
from tempfile import TemporaryDirectory

from sqlalchemy import bindparam, text

from bench.databases import fresh
from bench.figures import Figure
from bench.kill_collecting import Plan, populate
from bench.webhooks import stage
from database import db, transaction
from domain import clock
from domain.payments.collecting import due
from models.order import Order, ScheduledPayment

MERCHANTS = 20
ROUNDS = 200
SIZES = (10_000, 1_000_000)

FILL = """
INSERT INTO scheduled_payments (order_id, sequence, currency, amount_minor, tax_minor, status, due_at, collect_at,
    retry_count, paid_minor, awaits_count, credit_minor, merchant_id, test, version, created_at, updated_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :most)
SELECT o.id, n.i, 'EUR', 1000, 0, 'scheduled',
    CASE WHEN n.i <= :due THEN :past ELSE :future END, CASE WHEN n.i <= :due THEN :past ELSE :future END,
    0, 0, FALSE, 0, o.merchant_id, o.test, 1, :past, :past
FROM n CROSS JOIN orders o
"""


def fill(most: int) -> None:
    """As many rows, of 20 merchants; five of each thousand are due."""
    populate(Plan(payments=MERCHANTS, kills=0, merchants=MERCHANTS))
    values = {"most": most // MERCHANTS, "due": most // MERCHANTS // 200, "past": datetime(2026, 1, 1, tzinfo=UTC),
              "future": datetime(2126, 1, 1, tzinfo=UTC)}
    moments = [bindparam(name, type_=ScheduledPayment.due_at.type) for name in ("past", "future")]
    with transaction():
        db.session.execute(text("DELETE FROM scheduled_payments"))
        db.session.execute(text(FILL).bindparams(*moments), values)
    with transaction():
        db.session.execute(text("ANALYZE"))
        assert db.session.query(Order).count() == MERCHANTS


def milliseconds(size: int, server: str | None) -> float:
    """The median time to find the rows of the merchant whose turn it is, while half of them have to wait."""
    with (
        TemporaryDirectory(prefix="countinghouse-bench-") as name, fresh(server) as url,
        stage({"COUNTINGHOUSE_INSTANCE": name, **({"COUNTINGHOUSE_DATABASE_URL": url} if url else {})}) as app,
        app.app_context(),
    ):
        fill(size)
        waiting = {(number, True) for number in range(1, MERCHANTS // 2)}
        taken = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            found = due.to_collect(clock.now(), waiting)
            taken.append((time.perf_counter() - began) * 1000)
            assert found
            db.session.rollback()
        db.session.remove()
    return statistics.median(taken)


def run(server: str | None = None) -> list[Figure]:
    """The figures of this benchmark."""
    few, many = (milliseconds(size, server) for size in SIZES)
    kind = "PostgreSQL" if server else "SQLite"
    return [
        Figure(
            "collecting", f"picking what is due among 1,000,000, {kind}", f"{many:.2f} ms", "", "at most 5 ms",
            many <= 5,
        ),
        Figure(
            "collecting", "growth from 10,000", f"{few:.2f} ms there", f"{many / few:.2f}", "at most 1.5",
            many / few <= 1.5,
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    given = parser.parse_args()
    for variable in [one for one in os.environ if one.startswith("COUNTINGHOUSE_")]:
        del os.environ[variable]
    for figure in run(given.database):
        print(figure)

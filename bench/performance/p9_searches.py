"""P9: measures searches in lists and in the palette, with 100,000 rows of everything that grows (large.py).

Each list is searched for a rare word, one of every tenth row, an e-mail address, a number and nothing that is there,
under one merchant and under all. Time is the CPU time of one process on SQLite, the clock's on PostgreSQL; the median
of some rounds. Before each a customer changes, so that no cached answer saves work.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

from flask import Flask
from rich.console import Console

from app import create_app
from bench.figures import Figure, show
from bench.performance.large import COMMON, ROWS, Rows, large_installation
from bench.performance.p6_pages import change, visitor
from database import db
from domain.actor import Actor
from domain.invoicing import invoice_listing
from domain.listing import Listing
from domain.pages import Query
from domain.payments import payment_listing
from domain.payments.schedule import scheduled_listing
from domain.people import customers
from domain.permissions import EVERYTHING
from domain.sales.budgets import budgets
from domain.sales.orders import order_listing
from domain.support import ticket_listing

PART = {"HX-Request": "true"}            # the list alone, as for each key that is pressed
ROUNDS, SLOWEST = 7, 30.0               # milliseconds
LISTS: tuple[Listing, ...] = (
    customers.LISTING, budgets.RESOURCE.listing, order_listing.LISTING, invoice_listing.LISTING,
    payment_listing.LISTING, scheduled_listing.LISTING, ticket_listing.LISTING,
)


def timed(ask: Callable[[], object], before: Callable[[], None], rounds: int, clock: Callable[[], float]) -> float:
    """Milliseconds, the median."""
    times = []
    for _ in range(rounds):
        before()
        began = clock()
        ask()
        times.append(clock() - began)
    return median(times) * 1000


def renew(app: Flask) -> None:
    """Change a row, so that no answer is remembered."""
    db.session.rollback()
    change(app)


def asked(count: int) -> dict[str, str]:
    """What is typed."""
    words = Rows([1], count).words
    return {
        "a rare word": next(word for word in reversed(words) if len(word) > 8), "a word of every tenth row": COMMON,
        "two words": f"{COMMON} {words[len(words) // 2]}", "an e-mail address": f"c{count // 2}@example.org",
        "a number": str(count // 2), "nothing that is there": "qqqqzzzz",
    }


def run(count: int = ROWS, rounds: int = ROUNDS, database: str | None = None) -> list[Figure]:
    found: list[tuple[str, float]] = []
    clock = time.process_time if database is None else time.perf_counter
    with large_installation(count, database) as here:
        app = create_app(here.settings, sink=lambda record: None)
        client = visitor(app)
        with app.app_context():
            one = Actor(label="bench", merchant_ids=frozenset({here.merchant_id}), scopes=EVERYTHING)
            for listing in LISTS:
                for name, words in asked(count).items():
                    query = Query(search=words, limit=25)
                    for whose, actor in (("one", one), ("all", Actor.operator())):
                        ms = timed(lambda a=actor, q=query, of=listing: of.page(a, q),  # type: ignore[misc]
                                   lambda: renew(app), rounds, clock)
                        found.append((f"{listing.noun}s of {whose}: {name}", ms))
        for words in ("la", COMMON[:3], COMMON, f"c{count // 2}@example.org", str(count // 2), "qqqq"):
            ms = timed(lambda w=words: client.get("/admin/palette", query_string={"q": w}, headers=PART),  # type: ignore[misc]
                       lambda: change(app), rounds, clock)
            found.append((f"palette: {words}", ms))
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()
    return [Figure("P9", f"search in {name}", f"{ms:.1f} ms", "-", f"<= {SLOWEST:.0f} ms", ms <= SLOWEST)
            for name, ms in found]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--database", help="a PostgreSQL server; SQLite without it")
    given = parser.parse_args()
    show(run(given.rows, database=given.database), Console())

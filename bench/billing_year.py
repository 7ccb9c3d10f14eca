"""Bills a generated year, and compares every row with an independent computation: `python -m bench.billing_year`.

Subscriptions, instalment plans and metered orders are created and paid by the Core API, on test clocks, with payment
methods that decline, lose answers or ask for one more step; customers change cards, merchants pause, resume, skip,
retry, refund and cancel, all on days from a seed. The reckoning (bench/billing/reference*.py) knows the agreements and
the rules, and nothing of the product. It prints rows, seconds and differences; its exit status is 0 when there are
none.
"""

import argparse
import os
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask

from bench.billing import agreements, product, reference, reference_metered
from bench.billing.agreements import START, YEAR, Plan, Year
from bench.billing.product import Program, cents
from bench.databases import fresh
from bench.figures import Figure
from bench.webhooks import clean, stage

END = START + timedelta(days=YEAR + 1)
SHOWN = 10                      # orders whose differences are printed


@dataclass
class Compared:
    """How much was compared, and what differed."""

    orders: int = 0
    rows: int = 0
    seconds: float = 0.0
    calls: int = 0
    collected: int = 0          # cents, by the bank's book
    different: list[str] = field(default_factory=list)


def lived(app: Flask, plan: Plan, clocks: int = 4) -> Compared:
    """Run the year of a plan, compute it independently, compare."""
    year = agreements.made_up(plan)
    with app.app_context():
        shop = product.open_shop(year)
    program, began = Program(app, shop), time.monotonic()
    orders, done = product.live(program, year, END, clocks)
    found = Compared(orders=len(orders), seconds=time.monotonic() - began, calls=program.calls)
    compare(found, year, orders, done, Held(program))
    return found


class Held:
    """What the product holds, by order: read through the API, the bank's book included."""

    def __init__(self, program: Program):
        self.orders = {one["id"]: one for one in program.every("/orders")}
        self.rows, self.payments, self.booked = (
            self._by_order(program.every("/scheduled-payments"), "orders_id"),
            self._by_order(program.every("/payments"), "orders_id"),
            self._by_order(program.must("GET", "/test-charges"), "order_id"),
        )
        self.period = {one["id"]: one["sequence"] for rows in self.rows.values() for one in rows}

    @staticmethod
    def _by_order(rows: Any, name: str) -> dict[int, list[dict[str, Any]]]:
        found = defaultdict(list)
        for one in rows:
            found[one[name]].append(one)
        return found

    def ledger(self, order: int) -> dict[str, Any]:
        return {
            "order": (self.orders[order]["status"], cents(self.orders[order]["total"])),
            "rows": sorted(
                (one["sequence"], moment(one["scheduled_dt"]), cents(one["amount"]), cents(one["tax"]), one["status"],
                 cents(one["paid"])) for one in self.rows[order]
            ),
            "payments": [
                (self.period[one["scheduled_payments_id"]], cents(one["amount"]), STATES.get(one["status"], "open"),
                 cents(one["refunded_amount"])) for one in self.payments[order]
            ],
            "bank": [
                (moment(one["at"]), self.period[one["scheduled_payment_id"]], one["amount_minor"], one["status"],
                 one["refunded_minor"]) for one in self.booked[order]
            ],
        }


STATES = {"approved": "approved", "declined": "declined"}


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def expected(order: reference.Order) -> dict[str, Any]:
    """The same of the reckoning."""
    return {
        "order": (order.status, order.total),
        "rows": [(row.period, row.due, row.amount, row.tax, row.status, row.paid) for row in order.rows],
        "payments": [
            (one.row.period, one.amount, STATES.get(one.status, "open"), one.given_back) for one in order.attempts
        ],
        "bank": sorted((*one[:-1], attempt.given_back) for attempt in order.attempts for one in attempt.booked),
    }


def compare(found: Compared, year: Year, orders: dict[int, int], done: dict[int, list[Any]], held: Held) -> None:
    """Every order with its rows, its payments, the bank's entries, and what was allowed to be done."""
    for one in year.agreements:
        reckoned = reference_metered.reckoned(one, year.products[one.product], END)
        wanted = {**expected(reckoned), "actions": reckoned.done}
        have = {**held.ledger(orders[one.number]), "actions": done[one.number]}
        have["bank"].sort()
        found.rows += sum(len(rows) for rows in wanted.values())
        found.collected += sum(entry[2] - entry[4] for entry in have["bank"] if entry[3] == "approved")
        found.different += [
            f"order {one.number}, {what}:\n  product   {have[what]}\n  reckoned  {wanted[what]}"
            for what in wanted if have[what] != wanted[what]
        ]


def trial(plan: Plan, more: dict[str, str]) -> Compared:
    """One run in an installation of its own."""
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        extra = {"COUNTINGHOUSE_INSTANCE": name, "COUNTINGHOUSE_BCRYPT_COST": "4", **more}
        with stage(extra) as app:
            return lived(app, plan)


def run(subscriptions: int = 1000, instalments: int = 200, metered: int = 100) -> list[Figure]:
    """The figure of this benchmark."""
    found = trial(Plan(subscriptions, instalments, metered), {})
    return [Figure(
        "billing year", f"{found.orders:,} orders, {found.rows:,} rows against an independent reckoning",
        f"{len(found.different)} differences, {found.seconds:,.0f} s", "", "0 differences", not found.different,
    )]


def main() -> int:
    """The exit status: 0 when nothing differs."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.billing_year", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--subscriptions", type=int, default=1000)
    parser.add_argument("--instalments", type=int, default=200)
    parser.add_argument("--metered", type=int, default=100)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    given = parser.parse_args()
    kept = clean()
    os.environ.clear()
    os.environ.update(kept)
    plan = Plan(given.subscriptions, given.instalments, given.metered, given.seed)
    with fresh(given.database) as url:
        found = trial(plan, {"COUNTINGHOUSE_DATABASE_URL": url} if url else {})
    for one in found.different[:SHOWN]:
        print(one)
    print(
        f"{found.orders:,} orders, {found.calls:,} calls, {found.rows:,} rows compared, {found.collected / 100:,.2f} "
        f"EUR collected, {found.seconds:,.0f} seconds, {len(found.different)} differences"
    )
    return 1 if found.different else 0


if __name__ == "__main__":
    sys.exit(main())

"""Kills processes that issue invoices: numbers without a gap, none twice, and books that verify, whatever happens.

Several processes of several threads issue invoices of two merchants, credit and pay some of them, and roll back others.
They are killed with -9 at random moments and started again. Then the numbers are counted and the books verified.
Run: python -m bench.invoicing.kill_issuing [--invoices 2000] [--kills 100] [--threads 3] [--database URL]
"""

import argparse
import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

from flask import Flask
from sqlalchemy import func, select

from app import create_app
from bench.databases import fresh
from bench.figures import Figure
from bench.installation import ROOT
from bench.webhooks import clean, stage
from config import from_environment
from database import DatabaseBusy, DatabaseClash, db, transaction
from domain import inputs
from domain.actor import Actor
from domain.invoicing import crediting, invoices, issuing
from domain.invoicing.books import verifying
from domain.invoicing.paying import recording
from domain.people import customers, merchants
from domain.permissions import EVERYTHING
from models.books import NumberSeries, Series
from models.credit_note import CreditNote
from models.customer import Customer
from models.invoice import Invoice

LONGEST = 3600.0                         # seconds
LINE = {"description": "Bench", "quantity": 1, "unit_price": 10, "tax_rate": 20}
SERIES: dict[Series, Any] = {Series.INVOICE: Invoice, Series.CREDIT_NOTE: CreditNote}


class Dropped(Exception):
    """A transaction that is rolled back on purpose, after its number was taken."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many invoices are issued at least, and how often one of the processes is killed."""

    invoices: int
    kills: int
    processes: int = 2
    merchants: int = 2
    threads: int = 3                     # of a process


@dataclass(frozen=True, slots=True)
class Judged:
    """What the numbers and the books say."""

    issued: int
    credited: int
    gaps: int
    doubles: int
    misfit: str                          # the first row that does not fit the books
    kills: int
    seconds: float

    @property
    def is_right(self) -> bool:
        return not (self.gaps or self.doubles or self.misfit)


def populate(plan: Plan) -> None:
    """Merchants with one customer each."""
    for number in range(plan.merchants):
        with transaction():
            new = inputs.parse(merchants.MerchantInput, {"name": f"Bench {number}"})
            key = merchants.create(Actor.operator(), new).id
        with transaction():
            customers.create(actor_of(key), inputs.parse(customers.CustomerInput, {"name": "Bench"}))


def actor_of(merchant_id: int) -> Actor:
    return Actor(label="bench", merchant_ids=frozenset({merchant_id}), scopes=EVERYTHING)


def issue_one(whose: list[tuple[int, int]]) -> None:
    """Issue an invoice of one of the merchants; some are credited, some paid, and some rolled back."""
    merchant_id, customer_id = random.choice(whose)
    actor, fate = actor_of(merchant_id), random.random()
    with transaction():
        new = inputs.parse(invoices.InvoiceInput, {"customer_id": customer_id, "items": [LINE]})
        invoice = issuing.issue(actor, invoices.create(actor, new))
        if fate < 0.3:
            crediting.credit(actor, invoice, crediting.CreditInput())
        elif fate < 0.5:
            recording.record(actor, inputs.parse(
                recording.ReceiptInput, {"invoice_ids": [invoice.id], "amount": Decimal(12)}))
        if fate > 0.8 or 0.2 < fate < 0.3:
            raise Dropped


def issue_on(app: Flask) -> None:
    """Issue until this process is killed."""
    with app.app_context():
        rows = db.session.execute(select(Customer.merchant_id, Customer.id)).all()
        whose = [(merchant_id, customer_id) for merchant_id, customer_id in rows]
        db.session.remove()
        while True:
            with contextlib.suppress(Dropped, DatabaseBusy, DatabaseClash):
                issue_one(whose)
            db.session.remove()


def child(count: int) -> None:
    """A process of several threads."""
    own = {name: value for name, value in os.environ.items() if name.startswith("COUNTINGHOUSE_")}
    app = create_app(from_environment(own), sink=lambda record: None)
    threads = [threading.Thread(target=issue_on, args=(app,), daemon=True) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()


class Issuer:
    """A process that issues."""

    def __init__(self, extra: Mapping[str, str], threads: int):
        self.extra, self.threads = dict(extra), threads
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "bench.invoicing.kill_issuing", "--child", "--threads", str(self.threads)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=clean() | self.extra, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def issued(app: Flask) -> int:
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(Invoice))
        db.session.remove()
    return int(count or 0)


def kill(app: Flask, plan: Plan, extra: Mapping[str, str]) -> int:
    """Run the processes until enough is issued, killing them on the way; returns how often."""
    issuers = [Issuer(extra, plan.threads) for _ in range(plan.processes)]
    marks = sorted(random.sample(range(plan.invoices), plan.kills), reverse=True)
    killed, deadline = 0, time.monotonic() + LONGEST
    for one in issuers:
        one.start()
    try:
        while ((done := issued(app)) < plan.invoices or marks) and time.monotonic() < deadline:
            while marks and done >= marks[-1]:
                marks.pop()
                time.sleep(random.random() * 0.05)
                victim = random.choice(issuers)
                victim.kill()
                killed += 1
                victim.start()
            time.sleep(0.02)
        return killed
    finally:
        for one in issuers:
            one.kill()


def judge(kills: int, seconds: float) -> Judged:
    """Count the numbers of each series, and verify the books."""
    gaps = doubles = 0
    for series in db.session.scalars(select(NumberSeries)).all():
        model = SERIES[series.kind]
        found = list(db.session.scalars(select(model.series_number).where(
            model.merchant_id == series.merchant_id, model.test.is_(series.test),
            model.series_number.is_not(None))))
        doubles += len(found) - len(set(found))
        gaps += len(set(range(1, series.last + 1)) ^ set(found))
    misfit = verifying.verify().misfit
    return Judged(
        issued=int(db.session.scalar(select(func.count()).select_from(Invoice)) or 0),
        credited=int(db.session.scalar(select(func.count()).select_from(CreditNote)) or 0),
        gaps=gaps, doubles=doubles, misfit=f"{misfit.kind} {misfit.id}: {misfit.reason}" if misfit else "",
        kills=kills, seconds=seconds,
    )


def trial(plan: Plan, more: Mapping[str, str] | None = None) -> Judged:
    """Populate, kill, judge: in a folder of its own, on SQLite or the database of the settings."""
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        extra = {"COUNTINGHOUSE_INSTANCE": name, "COUNTINGHOUSE_BCRYPT_COST": "4", **(more or {})}
        with stage(extra) as app:
            with app.app_context():
                populate(plan)
                db.session.remove()
            began = time.monotonic()
            kills = kill(app, plan, extra)
            seconds = time.monotonic() - began
            with app.app_context():
                found = judge(kills, seconds)
                db.session.remove()
            return found


def run(count: int = 2000, kills: int = 100) -> list[Figure]:
    """The figures of this benchmark."""
    plan = Plan(count, kills)
    found = trial(plan)
    wrong = found.gaps + found.doubles + bool(found.misfit)
    return [Figure(
        "issuing", f"{count} invoices, {found.kills} kills of {plan.processes} processes of {plan.threads} threads",
        f"{found.issued} issued, {found.credited} credited, {wrong} wrong", "", "0 wrong", found.is_right,
    )]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--threads", type=int, default=3, help="of each of two processes")
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.threads)
        return
    for name in [name for name in os.environ if name.startswith("COUNTINGHOUSE_")]:
        del os.environ[name]
    with fresh(given.database) as url:
        plan = Plan(given.invoices, given.kills, threads=given.threads)
        found = trial(plan, {"COUNTINGHOUSE_DATABASE_URL": url} if url else {})
    print(found)
    sys.exit(0 if found.is_right and found.issued >= plan.invoices else 1)


if __name__ == "__main__":
    main()

"""Makes an installation with many rows of everything that grows, once, and keeps it for later runs.

100,000 customers, budgets of one line, orders with a scheduled payment and a payment each, invoices, tickets with a
reply, and 20,000 products, of three merchants. Most is settled, as after years; the texts are drawn from a vocabulary
as in a language. It lies in the temporary folder, under a name that changes with the migrations and with this file.
"""

import contextlib
import hashlib
import random
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from app import create_app
from bench.databases import fresh
from bench.installation import ROOT, Installation, environment, prepare
from config import from_environment
from database import db, transaction
from database.planner_statistics import PlannerStatistics
from domain import clock, codes, inputs
from domain.actor import Actor
from domain.people import merchants
from models.budget import Budget, BudgetItem, BudgetStatus
from models.customer import Customer, CustomerStatus
from models.invoice import Invoice, InvoiceState
from models.order import Order, OrderItem, OrderSource, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus
from models.product import Billing, IntervalUnit, Product
from models.ticket import AuthorType, Department, Ticket, TicketReply, TicketSource, TicketStatus

ROWS, PRODUCTS, BATCH = 100_000, 20_000, 5_000
YEAR = 365 * 86_400                     # seconds in which the rows came
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"
VOCABULARY = 20_000
ISSUED = ("number", "series_number", "issued_at", "issue_on", "due_on", "overdue_at", "late_at")
COMMON = "lamp"                         # a word of one line in ten


class Rows:
    """Draws the rows of one installation; the same for the same number."""

    def __init__(self, owners: list[int], count: int):
        self.owners, self.count, self.now = owners, count, clock.now()
        self.chance = random.Random(5)
        self.words = sorted({self.drawn() for _ in range(VOCABULARY)})
        self.weights = [1 / rank for rank in range(1, len(self.words) + 1)]
        self.chance.shuffle(self.words)

    def drawn(self) -> str:
        return "".join(self.chance.choices(LETTERS, weights=range(len(LETTERS), 0, -1), k=self.chance.randint(3, 10)))

    def text(self, words: int) -> str:
        own = self.chance.choices(self.words, weights=self.weights, k=words)
        return " ".join([*own, COMMON] if self.chance.random() < 0.1 else own)

    def base(self, number: int) -> dict[str, Any]:
        at = self.now - timedelta(seconds=self.chance.randrange(YEAR))
        return {
            "id": number, "merchant_id": self.owners[number % len(self.owners)], "test": False, "version": 1,
            "created_at": at, "updated_at": at,
        }

    def of(self, weights: dict[Any, int]) -> Any:
        """One of them, by how often it comes."""
        return self.chance.choices(list(weights), weights=list(weights.values()))[0]

    def amount(self) -> int:
        return self.chance.randrange(100, 100_000)

    def later(self, days: int) -> datetime:
        return self.now + timedelta(seconds=self.chance.randrange(days * 86_400))

    def money(self) -> dict[str, Any]:
        total = self.amount()
        return {"currency": "EUR", "subtotal_minor": total, "discount_minor": 0, "tax_minor": 0, "total_minor": total}

    def answer(self, one: dict[str, Any]) -> dict[str, Any]:
        """The state of a budget: one in ten waits."""
        status = self.of({BudgetStatus.APPROVED: 6, BudgetStatus.REJECTED: 3, BudgetStatus.PENDING: 1})
        return {
            "status": status, "approved_at": one["created_at"] if status is BudgetStatus.APPROVED else None,
            "valid_until": self.later(60) if status is BudgetStatus.PENDING else one["created_at"] + timedelta(days=30),
        }

    def plan(self, one: dict[str, Any]) -> dict[str, Any]:
        """The state of an order: one in fifty is a subscription."""
        is_plan, total = one["id"] % 50 == 0, self.amount()
        return {
            "billing": Billing.SUBSCRIPTION if is_plan else Billing.SINGLE_PAYMENT, "total_minor": total,
            "status": OrderStatus.ACTIVE if is_plan else self.of({OrderStatus.COMPLETE: 9, OrderStatus.ACTIVE: 1}),
            "later_minor": total if is_plan else 0, "interval_unit": IntervalUnit.MONTH if is_plan else None,
            "interval_count": 1 if is_plan else None, "anchor_at": one["created_at"] if is_plan else None,
            "activated_at": one["created_at"], "next_sequence": (self.now - one["created_at"]).days // 30 + 2,
        }

    def due(self, one: dict[str, Any]) -> dict[str, Any]:
        """The state of a scheduled payment: one in five is due later, few were declined."""
        status = self.of({
            ScheduledStatus.COMPLETE: 78, ScheduledStatus.SCHEDULED: 20, ScheduledStatus.SOFT_DECLINED: 1,
            ScheduledStatus.HARD_DECLINED: 1,
        })
        at = self.later(365) if status is ScheduledStatus.SCHEDULED else one["created_at"]
        is_asked = status in (ScheduledStatus.SCHEDULED, ScheduledStatus.SOFT_DECLINED)
        return {"status": status, "due_at": at, "collect_at": max(at, self.later(7)) if is_asked else None}

    def asked(self, one: dict[str, Any]) -> dict[str, Any]:
        """The state of a ticket: one in ten is not closed."""
        others = dict.fromkeys(TicketStatus, 2) | {TicketStatus.CLOSED: 72}
        status = self.of(others)
        return {"status": status, "due_at": None if status is TicketStatus.CLOSED else self.later(3)}

    def issued(self, one: dict[str, Any]) -> dict[str, Any]:
        """The state of an invoice: one in ten is a draft, few of the others are open."""
        at, number, money = one["created_at"], one["id"], self.money()
        if self.chance.random() < 0.1:
            return dict.fromkeys(ISSUED) | money | {"state": InvoiceState.DRAFT, "paid_minor": 0}
        return money | {
            "paid_minor": money["total_minor"] if number % 20 else 0,
            "state": InvoiceState.ISSUED, "number": f"INV-{number:06d}", "series_number": number, "issued_at": at,
            "issue_on": at.date(), "due_on": (at + timedelta(days=30)).date(), "overdue_at": at + timedelta(days=31),
            "late_at": at + timedelta(days=31),
        }

    def name(self) -> str:
        return f"{self.chance.choice(self.words)} {self.chance.choice(self.words)}".title()


def fill(owners: list[int], count: int, products: int) -> None:
    """All rows; whose they are goes by their number, so that those which belong together have one merchant."""
    rows = Rows(owners, count)
    for start in range(1, products + 1, BATCH):
        write(Product, [
            {**rows.base(number), "code": codes.fresh(), "name": rows.text(2), "description": rows.text(8),
             "sku": f"SKU-{number:06d}", "price_micro": 10_000_000, "currency": "EUR"}
            for number in range(start, min(start + BATCH, products + 1))])
    for start in range(1, count + 1, BATCH):
        some = [rows.base(number) for number in range(start, min(start + BATCH, count + 1))]
        people(rows, some)
        sales(rows, some)
        desk(rows, some)


def people(rows: Rows, some: list[dict[str, Any]]) -> None:
    write(Customer, [
        {**one, "code": codes.fresh(), "name": rows.name(), "email": f"c{one['id']}@example.org",
         "email_key": f"c{one['id']}@example.org", "status": CustomerStatus.ACTIVE} for one in some])


def sales(rows: Rows, some: list[dict[str, Any]]) -> None:
    """Budgets, orders, their payments, and invoices."""
    write(Budget, [{**one, **rows.money(), **rows.answer(one), "customer_id": one["id"], "notes": rows.text(6)}
                   for one in some])
    write(BudgetItem, [
        {"budget_id": one["id"], "position": 0, "description": rows.text(4), "quantity_ten_thousandths": 10_000,
         "unit_price_micro": 10_000_000, "total_minor": 1000} for one in some])
    write(Order, [
        {**one, **rows.plan(one), "customer_id": one["id"], "customer_name": rows.name(),
         "customer_email": f"c{one['id']}@example.org", "description": rows.text(4), "source": OrderSource.API,
         "currency": "EUR", "link_digest": f"{one['id']:064d}", "link_token": f"t{one['id']}"}
        for one in some])
    write(OrderItem, [
        {"order_id": one["id"], "position": 0, "name": rows.text(2), "quantity_ten_thousandths": 10_000,
         "unit_price_micro": 10_000_000, "total_minor": 1000} for one in some])
    write(ScheduledPayment, [
        {**one, **rows.due(one), "order_id": one["id"], "sequence": 1, "currency": "EUR",
         "amount_minor": rows.amount()} for one in some])
    write(Payment, [
        {**one, "customer_id": one["id"], "order_id": one["id"], "scheduled_payment_id": one["id"], "gateway": "test",
         "reason": PaymentReason.SCHEDULE, "currency": "EUR", "amount_minor": rows.amount(),
         "status": rows.of({PaymentStatus.APPROVED: 969, PaymentStatus.DECLINED: 30, PaymentStatus.UNKNOWN: 1}),
         "executed_at": one["created_at"], "key": f"key-{one['id']}"} for one in some])
    write(Invoice, [{**one, **rows.issued(one), "customer_id": one["id"], "notes": rows.text(6)} for one in some])


def desk(rows: Rows, some: list[dict[str, Any]]) -> None:
    with transaction() as session:
        found = session.execute(select(Department.merchant_id, Department.id))
        departments = {row.merchant_id: row.id for row in found}
    write(Ticket, [
        {**one, "number": f"TKT-{one['id']:08X}", "customer_id": one["id"],
         "department_id": departments[one["merchant_id"]], "subject": rows.text(4), "message": rows.text(30),
         **rows.asked(one),
         "priority": 2, "source": TicketSource.CLIENT, "author_type": AuthorType.CLIENT, "author_name": "Ada",
         "mail_token": f"m{one['id']}"} for one in some])
    write(TicketReply, [
        {"id": one["id"], "merchant_id": one["merchant_id"], "test": False, "ticket_id": one["id"],
         "author_type": AuthorType.STAFF, "author_name": "Bo", "source": TicketSource.STAFF, "message": rows.text(30),
         "created_at": one["created_at"]} for one in some])


def write(model: Any, rows: list[dict[str, Any]]) -> None:
    with transaction() as session:
        session.execute(insert(model), rows)


def place(count: int) -> Path:
    """The folder of the installation of today's tables."""
    heads = "".join(sorted(path.name for path in (ROOT / "migrations" / "versions").glob("*.py")))
    mark = hashlib.sha256(f"{heads} {count} {Path(__file__).read_text()}".encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"countinghouse-bench-large-{mark}"


@contextlib.contextmanager
def large_installation(count: int = ROWS, database: str | None = None) -> Iterator[Installation]:
    """The installation: a copy of the kept one, or in a new database on a PostgreSQL server. It is lost at the end."""
    with tempfile.TemporaryDirectory(prefix="countinghouse-bench-") as name, fresh(database) as url:
        folder = Path(name) / "instance"
        if url is not None:
            yield make(folder, count, url)
            return
        kept = place(count)
        if not kept.exists():
            made = Path(name) / "made"
            make(made, count)
            shutil.move(made, kept)
        shutil.copytree(kept, folder)
        yield Installation(folder, (folder / "bench-key").read_text(), 1)


def make(folder: Path, count: int, url: str | None = None) -> Installation:
    """A new installation with all rows and the planner's statistics."""
    settings = {**environment(folder), **({"COUNTINGHOUSE_DATABASE_URL": url} if url else {})}
    here = prepare(folder, 0, settings)
    (folder / "bench-key").write_text(here.key)
    app = create_app(from_environment(settings), sink=lambda record: None)
    with app.app_context():
        owners = [here.merchant_id]
        for title in ("Second", "Third"):
            with transaction():
                owners.append(merchants.create(Actor.operator(), inputs.parse(
                    merchants.MerchantInput, {"name": title})).id)
        fill(owners, count, max(1, count * PRODUCTS // ROWS))
        if url is None:
            PlannerStatistics().refresh()            # as the worker does
        else:
            with db.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return here

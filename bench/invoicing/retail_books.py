"""Books the Online Retail data as invoices, payments and credit notes, and compares them with the data's own sums.

500 sales are issued as they stand in the file, what the file gives back is credited, and they are paid in turns:
wholly, by half, with 5.00 too much, or not at all. Then every invoice, the statement of every customer, the numbers
and the books are compared with what a few lines of decimals say, and so is every invoice and credit note as PDF: its
text and the e-invoice in it.
Run: python -m bench.invoicing.retail_books [--invoices 500] [--database URL]
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import select

from bench.databases import fresh
from bench.invoicing import retail_documents
from bench.invoicing.retail_documents import PLACE, SELLER
from bench.replay_retail import DATA
from bench.retail import retail, retail_refunds
from bench.webhooks import stage
from database import db, transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.invoicing import credit_lines, crediting, invoices, issuing
from domain.invoicing.books import verifying
from domain.invoicing.credit_lines import CreditItemInput
from domain.invoicing.paying import credit_balances, recording, statements
from domain.people import customers, merchants
from domain.permissions import EVERYTHING
from models.customer import Customer
from models.invoice import Invoice

CENT = Decimal("0.01")
TOO_MUCH = Decimal(5)
DECADE = timedelta(days=365)


@dataclass(slots=True)
class Expected:
    """What the data says, by the name of a sale and the number of a customer."""

    total: dict[str, Decimal] = field(default_factory=dict)
    credited: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    paid: dict[str, Decimal] = field(default_factory=dict)
    customer: dict[str, str] = field(default_factory=dict)
    sales: dict[str, retail.Invoice] = field(default_factory=dict)

    def owed(self, customer: str) -> Decimal:
        """What the customer owes in all; below 0 it is credit."""
        own = [name for name, whose in self.customer.items() if whose == customer]
        return sum((self.total[name] - self.credited[name] - self.paid[name] for name in own), Decimal(0))


def paid_of(place: int, total: Decimal) -> Decimal:
    """What is paid of the sale at this place."""
    return (total, (total / 2).quantize(CENT, ROUND_HALF_UP), total + TOO_MUCH, Decimal(0))[place % 4]


def book(actor: Actor, path: Path, wanted: int) -> tuple[Expected, dict[str, int]]:
    """Issue, pay and credit; what the data says, and the ids of the invoices."""
    shop = retail.read(path, wanted)
    expected, keys, people = Expected(), {}, {}
    for place, sale in enumerate(shop.invoices):
        if sale.customer not in people:
            with transaction():
                people[sale.customer] = customers.create(actor, inputs.parse(
                    customers.CustomerInput, {"name": f"Customer {sale.customer}", "billing_address": PLACE})).id
        keys[sale.name] = _issue(actor, sale, people[sale.customer])
        expected.total[sale.name], expected.customer[sale.name] = sale.total, sale.customer
        expected.sales[sale.name] = sale
        amount = paid_of(place, sale.total)
        expected.paid[sale.name] = amount
        if amount:
            with transaction():
                given = {"invoice_ids": [keys[sale.name]], "amount": amount}
                recording.record(actor, inputs.parse(recording.ReceiptInput, given))
    for refund in retail_refunds.matched(path, shop.invoices):
        _credit(actor, keys[refund.invoice], refund.amount)
        expected.credited[refund.invoice] += refund.amount
    return expected, keys


def _issue(actor: Actor, sale: retail.Invoice, customer_id: int) -> int:
    items = [
        {"description": line.description or line.sku, "quantity": line.quantity, "unit_price": line.price,
         "tax_rate": 0}
        for line in sale.lines
    ]
    new = inputs.parse(invoices.InvoiceInput, {
        "customer_id": customer_id, "currency": retail.CURRENCY, "items": items, "notes": f"Sale {sale.name}"})
    with transaction():
        return issuing.issue(actor, invoices.create(actor, new)).id


def _credit(actor: Actor, key: int, amount: Decimal) -> None:
    """Take an amount off the lines of an invoice that have it left."""
    with transaction():
        own, invoice = invoices.LISTING.lock(actor, key)
        minor, items = int(amount * 100), []
        for one in credit_lines.left(invoice).values():
            part = min(minor, one.net)
            if part > 0:
                items.append(CreditItemInput(item_id=one.item.id, amount=Decimal(part) / 100))
                minor -= part
        crediting.credit(own, invoice, crediting.CreditInput(items=items, reason="Returned"))


def compare(expected: Expected, keys: dict[str, int]) -> Iterator[str]:
    """What is wrong, a sentence each."""
    db.session.expire_all()
    rows = {one.id: one for one in db.session.scalars(select(Invoice))}
    for name, key in keys.items():
        row = rows[key]
        total, credited = expected.total[name], expected.credited[name]
        paid = min(total, expected.paid[name])
        found = tuple(Decimal(part) / 100 for part in (row.total_minor, row.credited_minor, row.paid_minor))
        if found != (total, credited, paid):
            yield f"invoice {row.number} of sale {name} says {found}, and should say {(total, credited, paid)}"
    numbers = [rows[key].number for key in keys.values()]
    if numbers != [f"INV-{place:06}" for place in range(1, len(keys) + 1)]:
        yield "the numbers have a gap, or another order"
    yield from _statements(expected, {name: rows[key].customer_id for name, key in keys.items()})
    for name, key in keys.items():
        yield from retail_documents.wrong(rows[key], expected.sales[name])
    yield from retail_documents.wrong_credits({
        keys[name]: part for name, part in expected.credited.items() if part})
    misfit = verifying.verify().misfit
    if misfit is not None:
        yield f"the books do not fit: {misfit}"


def _statements(expected: Expected, ids: dict[str, int]) -> Iterator[str]:
    today = clock.now().date()
    for customer_id in sorted(set(ids.values())):
        customer = db.session.get_one(Customer, customer_id)
        name = customer.name.removeprefix("Customer ")
        found = statements.of(customer, retail.CURRENCY, today - DECADE, today + timedelta(days=2))
        if Decimal(found.closing_minor) / 100 != expected.owed(name):
            yield f"customer {name} owes {found.closing_minor} by the statement, {expected.owed(name)} by the data"
        if sum(one.amount_minor for one in found.entries) != found.closing_minor:
            yield f"the statement of customer {name} does not add up"
        still_open = sum(max(0, row.balance_minor) for row in db.session.scalars(
            select(Invoice).where(Invoice.customer_id == customer_id)))
        if still_open - credit_balances.of(customer_id, retail.CURRENCY, test=False) != found.closing_minor:
            yield f"what customer {name} has open and as credit is not the statement's balance"


def trial(path: Path, wanted: int) -> list[str]:
    """Book the sales in the application at hand; what is wrong."""
    with transaction():
        new = inputs.parse(merchants.MerchantInput, {"name": "Retail", "currency": retail.CURRENCY, **SELLER})
        key = merchants.create(Actor.operator(), new).id
    actor = Actor(label="bench", merchant_ids=frozenset({key}), scopes=EVERYTHING)
    return list(compare(*book(actor, path, wanted)))


def main(options: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--invoices", type=int, default=500)
    parser.add_argument("--file", type=Path, default=DATA)
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    given = parser.parse_args(options)
    with TemporaryDirectory(prefix="countinghouse-bench-") as name, fresh(given.database) as url:
        extra = {"COUNTINGHOUSE_INSTANCE": name, **({"COUNTINGHOUSE_DATABASE_URL": url} if url else {})}
        with stage(extra) as app, app.app_context():
            wrong = trial(given.file, given.invoices)
            db.session.remove()
    print("\n".join(wrong) or f"{given.invoices} invoices: every sum, number, statement and PDF is that of the data")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

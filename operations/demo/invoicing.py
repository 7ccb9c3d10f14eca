"""Creates the demonstration's invoices in the order of their numbers: paid, open, overdue, credited, cancelled, drafts.

What is on them is what customers of the data bought.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from domain.actor import Actor
from domain.invoicing import crediting, invoices, issuing
from domain.invoicing.credit_lines import CreditItemInput
from domain.invoicing.crediting import CreditInput
from domain.invoicing.invoice_lines import InvoiceItemInput
from domain.invoicing.invoices import InvoiceInput
from domain.invoicing.paying import recording
from domain.invoicing.paying.recording import ReceiptInput, ReceivedBy
from models.invoice import Invoice
from models.money import Money
from operations.demo.moments import at
from operations.demo.retail import Order

MOST_LINES = 4


def credit_one(actor: Actor, invoice: Invoice) -> None:
    """One piece of the first line came back."""
    line = CreditItemInput(item_id=invoice.items[0].id, quantity=Decimal(1))
    crediting.credit(actor, invoice, CreditInput(items=[line], reason="Returned"))


def pay(actor: Actor, invoice: Invoice) -> None:
    """It was paid by bank transfer."""
    recording.record(actor, ReceiptInput(
        invoice_ids=[invoice.id], amount=Money(invoice.balance_minor, invoice.currency).decimal,
        currency=invoice.currency, reference=f"Transfer {invoice.number}",
    ))


def pay_half(actor: Actor, invoice: Invoice) -> None:
    """A part of it was paid, in cash."""
    recording.record(actor, ReceiptInput(
        invoice_ids=[invoice.id], amount=Money(invoice.balance_minor // 2, invoice.currency).decimal,
        currency=invoice.currency, gateway=ReceivedBy.CASH,
    ))


def cancel(actor: Actor, invoice: Invoice) -> None:
    """The order was a mistake."""
    crediting.cancel(actor, invoice)


# How many days ago each was issued, and what happened two days later.
STORIES: tuple[tuple[int, Callable[[Actor, Invoice], None] | None], ...] = (
    (58, credit_one), (52, pay), (47, pay), (36, cancel), (33, pay), (30, pay_half), (27, pay), (24, None), (20, pay),
    (17, credit_one), (13, pay_half), (11, pay), (9, None), (6, cancel), (3, None),
)


def fill(
    actor: Actor, orders: tuple[Order, ...], customers: Mapping[str, int], articles: Mapping[str, int], now: datetime
) -> None:
    """The invoices of a merchant's first customers; `customers` and `articles` are ids by number and by sku."""
    known = [one for one in orders if one.buyer in customers]
    for order, (days, deed) in zip(known, STORIES, strict=False):
        since = now - timedelta(days=days, hours=3)
        with at(since):
            made = _draft(actor, order, customers, articles)
            issuing.issue(actor, made)
        if deed is not None:
            with at(since + timedelta(days=2)):
                deed(*invoices.LISTING.lock(actor, made.id))
    with at(now - timedelta(hours=5)):
        _draft(actor, known[len(STORIES) % len(known)], customers, articles)


SERVICE = (("Studio, one month", "60.00"), ("Extra seat", "12.50"), ("Set-up of a device", "45.00"))
VAT = Decimal(20)


def fill_owed(actor: Actor, customer_id: int, now: datetime) -> None:
    """One paid and two open invoices of a customer, so that there is something to pay at once."""
    for hours, (name, price) in zip((47, 23, 21), SERVICE, strict=True):
        with at(now - timedelta(hours=hours)):
            line = InvoiceItemInput(
                description=name, quantity=Decimal(1), unit_price=Decimal(price), tax_rate=VAT)
            made = invoices.create(actor, InvoiceInput(customer_id=customer_id, items=[line]))
            issuing.issue(actor, made)
        if (name, price) == SERVICE[0]:
            with at(now - timedelta(hours=hours - 4)):
                pay(*invoices.LISTING.lock(actor, made.id))


def _draft(
    actor: Actor, order: Order, customers: Mapping[str, int], articles: Mapping[str, int]
) -> Invoice:
    items = [
        InvoiceItemInput(product_id=articles[line.sku], quantity=Decimal(line.quantity), unit_price=line.price)
        for line in order.lines[:MOST_LINES]
    ]
    return invoices.create(actor, InvoiceInput(customer_id=customers[order.buyer], items=items))

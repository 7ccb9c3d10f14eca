"""Moves money between payments and invoices, exactly: no part of a payment pays two invoices, none pays too much.

Whoever calls this holds the customer's account (`locking.lock_account`), the payment, and the invoices.
"""

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.invoicing import settling
from domain.invoicing.paying import paid_orders
from domain.lifecycle import Lifecycle
from domain.payments import locking, refunds
from models.allocation import Allocation
from models.invoice import Invoice
from models.payment import Payment

LIFE = Lifecycle(noun="allocation")


def lock_invoices(*clauses: Any) -> list[Invoice]:
    """The invoices, locked by their ids and read anew; given back with the oldest first."""
    statement = select(Invoice).where(*clauses).order_by(Invoice.id).with_for_update()
    found = db.session.scalars(statement.execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda one: (one.issue_on is None, one.issue_on, one.id))


def free(payment: Payment) -> int:
    """What of an approved payment pays no invoice, was not paid back, and is not being paid back."""
    return max(0, refunds.left(payment) - payment.allocated_minor)


def allocate(actor: Actor, payment: Payment, invoice: Invoice, most: int | None = None) -> int:
    """Pay what is open of an invoice with what is free of a payment, at most this much; returns how much it was."""
    minor = min(free(payment), max(0, invoice.balance_minor), invoice.total_minor if most is None else most)
    return _allocate(actor, payment, invoice, minor)


def overpay(actor: Actor, payment: Payment, invoice: Invoice, most: int) -> int:
    """Pay what a credit note has taken off an invoice meanwhile: it is the customer's credit; returns how much."""
    return _allocate(actor, payment, invoice, min(free(payment), most, invoice.total_minor - invoice.paid_minor))


def _allocate(actor: Actor, payment: Payment, invoice: Invoice, minor: int) -> int:
    if minor <= 0 or payment.currency != invoice.currency:
        return 0
    row = _row(payment, invoice)
    if row is None:
        row = Allocation(
            merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, invoice_id=invoice.id,
            amount_minor=minor, returned_minor=0,
        )
        LIFE.add(actor, row)
    else:
        with LIFE.changing(actor, row):
            row.amount_minor += minor
    _take(actor, payment, minor)
    settling.paid(actor, invoice, minor, payment.executed_at)
    paid_orders.follow(actor, payment, invoice)
    return minor


def allocate_to(actor: Actor, payment: Payment, invoices: Sequence[Invoice]) -> int:
    """Pay these invoices one after the other, as far as the payment goes; returns how much it was in all."""
    return sum(allocate(actor, payment, invoice) for invoice in invoices)


def release(actor: Actor, row: Allocation, minor: int) -> None:
    """Take a part of what pays an invoice off it: it is free again."""
    with LIFE.changing(actor, row):
        row.amount_minor -= minor
    _take(actor, row.payment, -minor)
    settling.released(actor, row.invoice, minor)
    paid_orders.follow(actor, row.payment, row.invoice)


def follow_refund(actor: Actor, payment: Payment) -> None:
    """Keep the parts of a payment within what was not paid back: after a refund, and after one that came back.

    First what is free goes, then what credit notes took off invoices, then the newest invoice.
    """
    excess = payment.allocated_minor - (payment.amount_minor - payment.refunded_minor)
    rows = list(reversed(of_payment(payment)))
    if excess > 0:
        excess = _pay_back(actor, rows, excess, lambda one: -one.invoice.balance_minor)
        _pay_back(actor, rows, excess, lambda one: one.amount_minor)
        return
    for row in reversed(rows):
        minor = min(free(payment), row.returned_minor, max(0, row.invoice.balance_minor))
        if minor > 0:
            _give(actor, row, -minor)


def of_payment(payment: Payment) -> list[Allocation]:
    """The parts of a payment, the oldest invoice first; the invoices are locked."""
    of_it = select(Allocation.invoice_id).where(Allocation.payment_id == payment.id)
    order = {one.id: place for place, one in enumerate(lock_invoices(Invoice.id.in_(of_it)))}
    statement = select(Allocation).where(Allocation.payment_id == payment.id).order_by(Allocation.id)
    found = db.session.scalars(statement.execution_options(populate_existing=True)).all()
    return sorted(found, key=lambda one: order[one.invoice_id])


def _pay_back(actor: Actor, rows: Sequence[Allocation], minor: int, most: Callable[[Allocation], int]) -> int:
    """Take this much off these parts, from each at most so much; returns what is left to take."""
    for row in rows:
        part = min(minor, row.amount_minor, max(0, most(row)))
        if part > 0:
            _give(actor, row, part)
            minor -= part
    return minor


def _give(actor: Actor, row: Allocation, minor: int) -> None:
    """A part was paid back; below 0 it came again."""
    with LIFE.changing(actor, row):
        row.amount_minor -= minor
        row.returned_minor += minor
    _take(actor, row.payment, -minor)
    settling.paid_back(actor, row.invoice, minor)
    paid_orders.follow(actor, row.payment, row.invoice)


def _take(actor: Actor, payment: Payment, minor: int) -> None:
    with locking.LIFE.changing(actor, payment, "allocated" if minor > 0 else "released", event=None):
        payment.allocated_minor += minor


def _row(payment: Payment, invoice: Invoice) -> Allocation | None:
    statement = select(Allocation).where(Allocation.payment_id == payment.id, Allocation.invoice_id == invoice.id)
    row: Allocation | None = db.session.scalar(statement.execution_options(populate_existing=True))
    return row

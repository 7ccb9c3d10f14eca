"""Counts what pays the invoice of an order in the order's schedule too, so that it is collected once.

An invoice of an order as a whole, or of the budget that it was, bills the same money as the order's scheduled
payments. A payment of the order pays its invoice (`following`); here a payment that came otherwise (on the invoice's
link, from a stored card, by bank transfer, from credit) settles scheduled payments, the oldest first. What is left of
one is what is collected of it. While a payment of one of the two runs, none of the other is begun.

What a credit note takes off what is open of such an invoice is not collected either (`order_credits`).

Whoever pays an invoice holds the customer's account, which is locked after orders: an order that somebody else has
locked is left to the worker, and before anything of it is collected it is counted in any case.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, func, literal_column, or_, select

from database import db
from domain.actor import Actor
from domain.invoicing.invoice_listing import OPEN
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import invoice_links
from domain.invoicing.sources import made_from
from domain.payments import attempts, booking, locking
from domain.payments.orders import order_credits
from domain.payments.schedule import scheduled_status, schedules
from domain.payments.schedule.scheduled_status import EDITABLE
from domain.sales.orders.order_status import FINAL
from models.allocation import Allocation
from models.invoice import Invoice
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment

COUNTED = EDITABLE | {ScheduledStatus.PAUSED}           # not what is being collected, or has to be looked at
# Constants in the statements, not values: the indexes have only such rows.
NOT_CANCELLED = Order.status != literal_column("'cancelled'")
LEFT = Invoice.to_count.is_(True)


def orders_of(keys: Sequence[int]) -> list[int]:
    """The orders that go on, and are billed as a whole by these invoices."""
    rows = db.session.execute(
        select(Invoice.order_id, Invoice.budget_id).where(Invoice.id.in_(keys), made_from.OF_ALL)).all()
    return _orders(
        [one.order_id for one in rows if one.order_id is not None],
        [one.budget_id for one in rows if one.budget_id is not None])


def _orders(orders: list[int], budgets: list[int]) -> list[int]:
    if not orders and not budgets:
        return []
    which = or_(Order.id.in_(orders), and_(Order.budget_id.in_(budgets), NOT_CANCELLED))
    return list(db.session.scalars(
        select(Order.id).where(which, Order.status.not_in(sorted(FINAL))).order_by(Order.id)))


def follow(actor: Actor, payment: Payment, invoice: Invoice) -> None:
    """What a payment pays of a locked invoice has changed: count it in the order's schedule, unless it is its own."""
    _count_or_mark(actor, invoice, [key for key in _orders_of(invoice) if key != payment.order_id])


def credited(actor: Actor, invoice: Invoice, minor: int) -> None:
    """This much of what was open of a locked invoice was credited: its order collects so much less."""
    keys = _orders_of(invoice)
    if keys and minor > 0:
        with LIFE.changing(actor, invoice, event=None):
            invoice.to_lower_minor += minor
        _count_or_mark(actor, invoice, keys)


def _orders_of(invoice: Invoice) -> list[int]:
    if invoice.source is not None and invoice.source.startswith(made_from.OF_PAYMENT):
        return []
    own, budget = invoice.order_id, invoice.budget_id
    return _orders([own] if own is not None else [], [budget] if budget is not None else [])


def _count_or_mark(actor: Actor, invoice: Invoice, keys: Sequence[int]) -> None:
    for key in keys:
        order = locking.lock(Order, key, skip=True)
        if order is not None:
            count(actor, order)
        elif not invoice.to_count:
            with LIFE.changing(actor, invoice, event=None):
                invoice.to_count = True


def count_next() -> int:
    """Count what was paid while its order was locked; the worker's job. 0 where there is none."""
    invoice = db.session.scalar(select(Invoice).where(LEFT).order_by(Invoice.id).limit(1))
    if invoice is None:
        return 0
    orders = [locking.lock(Order, key) for key in orders_of([invoice.id])]
    locking.lock_account(invoice.customer_id)
    locking.lock(Invoice, invoice.id)
    actor = Actor.system().for_row(invoice).in_world(test=invoice.test)
    for order in orders:
        count(actor, order)
    with LIFE.changing(actor, invoice, event=None):
        invoice.to_count = False
    return 1


def count(actor: Actor, order: Order) -> None:
    """Count in the schedule of a locked order what its invoices were paid otherwise; the account is locked."""
    if order.status in FINAL or order.status is OrderStatus.DRAFT:
        return
    for invoice in to_lower(order):
        with LIFE.changing(actor, invoice, event=None):
            invoice.to_lower_minor = order_credits.lower(actor, order, invoice.to_lower_minor)
        if order.status in FINAL:
            return
    more = uncounted(order)
    if more > 0:
        _settle(actor, order, more)
    elif more < 0:
        _open_again(actor, order, -more)


def to_lower(order: Order) -> Sequence[Invoice]:
    """The order's invoices, locked, of which more was credited than the schedule was lowered by."""
    statement = select(Invoice).where(made_from.of_agreement(order), Invoice.to_lower_minor > 0).order_by(Invoice.id)
    return db.session.scalars(statement.with_for_update().execution_options(populate_existing=True)).all()


def uncounted(order: Order) -> int:
    """What others than the order's own payments pay of its invoices, and no scheduled payment has; below 0 too much."""
    paid = db.session.scalar(
        select(func.sum(Allocation.amount_minor)).select_from(Allocation)
        .join(Invoice, Invoice.id == Allocation.invoice_id).join(Payment, Payment.id == Allocation.payment_id)
        .where(*_otherwise(order)))
    counted = db.session.scalar(
        select(func.sum(ScheduledPayment.invoice_paid_minor)).where(ScheduledPayment.order_id == order.id))
    return int(paid or 0) - int(counted or 0)


def _settle(actor: Actor, order: Order, minor: int) -> None:
    for row in schedules.open_rows(order):
        part = min(minor, attempts.owed(row))
        if row.status not in COUNTED or row.awaits_count or part <= 0:
            continue
        with scheduled_status.LIFE.changing(actor, row, "paid_by_invoice", None):
            row.invoice_paid_minor += part
        booking.paid(actor, order, row, part)
        minor -= part


def _open_again(actor: Actor, order: Order, minor: int) -> None:
    """What was paid back is owed again of what is still open; what is complete stays so, as with every refund."""
    for row in reversed(schedules.open_rows(order)):
        part = min(minor, row.invoice_paid_minor, row.paid_minor)
        if row.status not in COUNTED or part <= 0:
            continue
        with scheduled_status.LIFE.changing(actor, row):
            row.invoice_paid_minor -= part
            row.paid_minor -= part
        minor -= part


def paid_by(order_id: int) -> list[Any]:
    """The payments that pay invoices of an order otherwise: invoice_id, number, payment_id, amount_minor."""
    order = db.session.get_one(Order, order_id)
    return list(db.session.execute(
        select(Invoice.id.label("invoice_id"), Invoice.number, Payment.id.label("payment_id"), Allocation.amount_minor)
        .select_from(Allocation).join(Invoice, Invoice.id == Allocation.invoice_id)
        .join(Payment, Payment.id == Allocation.payment_id)
        .where(*_otherwise(order), Allocation.amount_minor > 0).order_by(Payment.id)))


def _otherwise(order: Order) -> tuple[Any, ...]:
    """The clauses for what of payments that are not the order's own pays its invoices; all three are joined."""
    return made_from.of_agreement(order), or_(Payment.order_id.is_(None), Payment.order_id != order.id)


def must_wait(actor: Actor, order: Order) -> bool:
    """Count before a payment of a locked order is begun; whether one of its invoice runs, and none is begun now."""
    locking.lock_account(order.customer_id)
    if not made_from.has_invoice(order):
        return False
    count(actor, order)
    links = invoice_links.naming(select(Invoice.id).where(made_from.of_agreement(order), OPEN))
    return attempts.open_on_links(links) is not None


def is_paid(order: Order) -> bool:
    """Whether the invoice of a locked order was paid otherwise, or credited, while a payment of the order ran."""
    locking.lock_account(order.customer_id)
    return made_from.has_invoice(order) and (uncounted(order) > 0 or bool(to_lower(order)))


def running(keys: Sequence[int]) -> Payment | None:
    """The payment of the orders of these invoices whose outcome is not known."""
    orders: list[Any] = orders_of(keys)
    if not orders:
        return None
    statement = select(Payment).where(Payment.order_id.in_(orders), Payment.status.in_(sorted(attempts.OPEN)))
    return db.session.scalar(statement.order_by(Payment.id.desc()).limit(1))

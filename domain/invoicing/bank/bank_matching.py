"""Finds what a bank's movement pays, a scheduled payment or invoices: certain, or a suggestion with the reason.

Sure is one order that the reference names, and one open payment of it with this very amount; or invoices whose
numbers it has, see `bank_invoices`. All else is shown to a person with the reason; nothing is guessed.
"""

from collections.abc import Sequence

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.invoicing.bank import bank_invoices
from domain.invoicing.bank.bank_match import Match, unsure
from domain.payments.attempts import owed
from domain.payments.bank import creditor_references
from domain.payments.bank.creditor_references import Reference
from domain.payments.schedule.scheduled_listing import LISTING as SCHEDULED
from domain.payments.schedule.scheduled_status import OPEN, PAID
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_listing import LISTING as ORDERS
from domain.sales.orders.order_status import FINAL
from models.money import Money
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.statement_row import StatementRow, StatementState

PAYABLE = OPEN - {ScheduledStatus.PROCESSING}
MOST_LIKE_IT = 3                                  # open payments of an amount that are looked at


def match(actor: Actor, movement: StatementRow) -> Match:
    """What the movement pays, among the actor's orders and invoices."""
    if movement.is_reversal:
        return unsure("The bank reversed an earlier movement: check which one.")
    if movement.amount_minor <= 0:
        return Match(StatementState.IGNORED, "Money out." if movement.amount_minor else "No money.")
    return _of_money_in(actor, movement)


def _of_money_in(actor: Actor, movement: StatementRow) -> Match:
    references = creditor_references.found_in((movement.texts or "").splitlines())
    orders, written = _orders(actor, references), bank_invoices.written(movement)
    invoices = bank_invoices.named(actor, written)
    if orders and invoices:
        return unsure(f"It names order {orders[0].id} and invoice {invoices[0].number}.", order=orders[0])
    if invoices:
        return bank_invoices.match(movement, written, invoices)
    if not orders:
        return _by_amount(actor, movement, names_one=bool(references))
    if len(orders) > 1:
        return unsure("It names several orders: " + ", ".join(str(one.id) for one in orders[:5]) + ".")
    order = orders[0]
    sequences = {one.sequence for one in references if one.order_id == order.id}
    return _of_order(movement, order, sequences)


def _orders(actor: Actor, references: Sequence[Reference]) -> list[Order]:
    ids = {one.order_id for one in references}
    if not ids:
        return []
    clauses, values = ORDERS.owned(actor)
    statement = select(Order).where(Order.id.in_(ids), *clauses).order_by(Order.id)
    return list(db.session.scalars(statement, values))


def _of_order(movement: StatementRow, order: Order, sequences: set[int | None]) -> Match:
    rows = list(db.session.scalars(
        select(ScheduledPayment).where(ScheduledPayment.order_id == order.id).order_by(ScheduledPayment.sequence)
    ))
    named = rows if None in sequences else [row for row in rows if row.sequence in sequences]
    wrong = _why_not(movement, order, sequences, named)
    if wrong is not None:
        return unsure(wrong, order=order)
    payable = _payable(named)
    fitting = [row for row in payable if owed(row) == movement.amount_minor]
    if not fitting:
        first = payable[0]
        return unsure(f"{Money(owed(first), first.currency)} is open of order {order.id}, not this amount.", first)
    due = [row for row in fitting if row.due_at <= now_of(order)]
    sure = fitting if len(fitting) == 1 else due
    if len(sure) != 1:
        return unsure(f"Order {order.id} has {len(fitting)} open payments of this amount.", fitting[0])
    return Match(StatementState.BOOKED, None, sure[0], order)


def _payable(rows: Sequence[ScheduledPayment]) -> list[ScheduledPayment]:
    return [row for row in rows if row.status in PAYABLE and owed(row)]


def _why_not(
    movement: StatementRow, order: Order, sequences: set[int | None], named: Sequence[ScheduledPayment],
) -> str | None:
    if order.status in FINAL or order.status is OrderStatus.DRAFT:
        return f"Order {order.id} is {order.status}."
    if order.currency != movement.currency:
        return f"Order {order.id} is in {order.currency}."
    if None not in sequences and len(sequences) > 1:
        return f"It names several payments of order {order.id}."
    return None if _payable(named) else _why_none(order, named)


def _why_none(order: Order, rows: Sequence[ScheduledPayment]) -> str:
    if any(row.status is ScheduledStatus.PROCESSING for row in rows):
        return f"A payment of order {order.id} is being collected."
    if any(row.status in PAID for row in rows):
        return f"Order {order.id} has nothing open: it is paid already."
    return f"Order {order.id} has nothing open."


def _by_amount(actor: Actor, movement: StatementRow, *, names_one: bool) -> Match:
    """Without a reference nothing is sure; a single open payment or invoice of this amount is suggested."""
    clauses, values = SCHEDULED.owned(actor)
    statement = (
        select(ScheduledPayment).join(Order, Order.id == ScheduledPayment.order_id)
        .where(
            *clauses, ScheduledPayment.status.in_(PAYABLE), ScheduledPayment.currency == movement.currency,
            ScheduledPayment.amount_minor - ScheduledPayment.paid_minor == movement.amount_minor,
            Order.status.not_in((*FINAL, OrderStatus.DRAFT)),
        )
        .order_by(ScheduledPayment.due_at, ScheduledPayment.id).limit(MOST_LIKE_IT)
    )
    found = list(db.session.scalars(statement, values))
    invoices = bank_invoices.of_amount(actor, movement)
    missing = "Its reference is of no order here" if names_one else "It has no reference"
    if len(found) + len(invoices) > 1:
        what = "payments" if not invoices else "invoices" if not found else "payments and invoices"
        return unsure(f"{missing}; several open {what} have this amount.")
    if found:
        return unsure(f"{missing}; one open payment has this amount.", found[0])
    if invoices:
        return unsure(f"{missing}; one open invoice has this amount: {invoices[0].number}.", invoices=invoices)
    return unsure(f"{missing}; no open payment has this amount.")

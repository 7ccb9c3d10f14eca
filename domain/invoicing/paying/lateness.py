"""Says since when an invoice is overdue: by its own due date, or by the schedule of the order that pays it.

An invoice of an order as a whole, or of the budget that it was, is collected by the order's scheduled payments. Once
the order goes on, what counts is not the invoice's date:

* what was declined is late from the end of its day on, or of the day of the first decline if that came later;
* what nobody collects by itself, since the order has no payment method, is late from the end of its day on;
* what is collected by itself and was not asked for yet, is paused, or has to be looked at, is not late.

The earliest of these days counts. Before the order is begun, and for what is left once it has ended, the invoice's own
date counts. Days end in the merchant's zone. `Invoice.late_at` is kept as this says whenever an order or its schedule
changes: every transaction that changed one ends with `_keep`.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from database import db
from database.inserting import flush_new
from domain import clock, zones
from domain.invoicing.books import chain
from domain.invoicing.sources import made_from
from domain.listing import touch
from domain.payments import attempts, locking
from domain.payments.schedule import schedules
from domain.payments.schedule.scheduled_status import EDITABLE
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import PRELIMINARY
from models.invoice import Invoice, InvoiceState
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus

ASKED = EDITABLE | {ScheduledStatus.PROCESSING}
SECOND = timedelta(seconds=1)
CHANGED = "orders_changed"               # in the session: orders, and rows of schedules, that changed
WATCHED = {Order: ("status", "payment_method_id"), ScheduledPayment: ("status", "due_at", "declined_at")}


def begin(invoice: Invoice) -> None:
    """Set it for an invoice that is issued now; the customer's account is locked where it is of an order."""
    order = order_of(invoice)
    invoice.late_at = invoice.overdue_at if order is None else of(invoice, order)


def order_of(invoice: Invoice) -> Order | None:
    """The order that pays the invoice, if it bills one as a whole; not one that was cancelled."""
    own, budget = invoice.order_id, invoice.budget_id
    if (own is None and budget is None) or (invoice.source or "").startswith(made_from.OF_PAYMENT):
        return None
    which = Order.id == own if own is not None else Order.budget_id == budget
    found: Order | None = db.session.scalar(
        select(Order).where(which, Order.status != OrderStatus.CANCELLED).order_by(Order.id.desc()).limit(1)
        .execution_options(populate_existing=True))
    return found


def of(invoice: Invoice, order: Order) -> datetime | None:
    """Since when an invoice of this order is overdue, or from when on it will be; None while nothing can be late."""
    assert invoice.overdue_at is not None            # it is issued
    if order.status in PRELIMINARY or order.status is OrderStatus.CANCELLED:
        return invoice.overdue_at
    if order.status is OrderStatus.COMPLETE:
        ended = order.ended_at if order.test_clock_id is None else None
        return max(invoice.overdue_at, _end_of(invoice, ended)) if ended is not None else invoice.overdue_at
    rows = schedules.seen_rows(order)
    if not rows:
        return invoice.overdue_at
    late = [(row, at) for row in rows if (at := _late_at(invoice, order, row)) is not None]
    if order.test_clock_id is not None:
        return _on_clock(invoice, order, [at for _, at in late])
    assert invoice.issue_on is not None
    issued = zones.last_instant(invoice.issue_on, zones.of_merchant(invoice.merchant_id)) + SECOND
    return max(issued, min(at for _, at in late)) if late else None


def is_asked(order: Order, row: ScheduledPayment) -> bool:
    """Whether something is asked for by a row, now or on its day."""
    is_open = row.status in ASKED and not row.awaits_count and bool(attempts.owed(row))
    return is_open and not schedules.ends_before(order, row)


def _late_at(invoice: Invoice, order: Order, row: ScheduledPayment) -> datetime | None:
    """Since when a row is late; None for one that is not before something happens to it."""
    if not is_asked(order, row):
        return None
    if row.declined_at is None and order.payment_method_id is not None:
        return None
    if row.sequence == 0:
        return invoice.overdue_at
    return _end_of(invoice, max(row.due_at, row.declined_at or row.due_at))


def _end_of(invoice: Invoice, at: datetime) -> datetime:
    """The end of the day on which the merchant is then."""
    zone = zones.of_merchant(invoice.merchant_id)
    return zones.last_instant(at.astimezone(zone).date(), zone) + SECOND


def _on_clock(invoice: Invoice, order: Order, late: list[datetime]) -> datetime | None:
    """For an order on a test clock, whose days are not those of its invoice: from now on, if anything is late there."""
    if not any(at - timedelta(days=1) <= now_of(order) for at in late):
        return None
    return min(invoice.late_at or clock.now(), clock.now())


def keep(order: Order) -> None:
    """Bring the invoices of an order up to date; the order is locked or was made in this transaction."""
    locking.lock_account(order.customer_id)
    statement = select(Invoice).where(
        made_from.of_agreement(order), Invoice.state == InvoiceState.ISSUED).order_by(Invoice.id)
    for invoice in db.session.scalars(statement.with_for_update().execution_options(populate_existing=True)):
        at = of(invoice, order)
        if at != invoice.late_at:
            invoice.late_at, invoice.reminded_days = at, None        # reminders begin anew with what is late now
            touch(invoice)


@event.listens_for(Session, "before_flush")
def _note(session: Session, *_: Any) -> None:
    """Note the orders whose status or schedule changes."""
    for row in (*session.new, *session.dirty):
        if type(row) in WATCHED and _is_news(row):
            session.info.setdefault(CHANGED, {})[id(row)] = row


def _is_news(row: Order | ScheduledPayment) -> bool:
    """Whether anything changes that this depends on. That a payment is begun says nothing, nor does a new order."""
    if row.status is ScheduledStatus.PROCESSING:
        return False
    order, state = row if isinstance(row, Order) else row.__dict__.get("order"), instance_state(row)     # not loaded
    if state.pending and order is not None and order.status in PRELIMINARY and order.budget_id is None:
        return False
    return any(state.attrs[name].history.has_changes() for name in WATCHED[type(row)])


assert chain                             # imported before: rows are locked before what ends a transaction there


@event.listens_for(Session, "before_commit", insert=True)
def _keep(session: Session) -> None:
    """Before a transaction ends: bring the invoices of the orders that it changed up to date."""
    if session.in_nested_transaction():
        return
    flush_new(session)
    for key in sorted(set(_keys(session.info.pop(CHANGED, {}).values()))):
        order = session.get(Order, key)
        if order is not None:
            keep(order)


def _keys(rows: Any) -> Iterator[int]:
    for row in rows:
        yield row.id if isinstance(row, Order) else row.order_id


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(CHANGED, None)

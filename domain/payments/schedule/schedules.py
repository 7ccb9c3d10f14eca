"""Keeps the schedule of orders: makes the rows of scheduled payments, and lets them follow the order's status.

The order's row is locked before any function here is called. Times are the order's own (`now_of`).

* `begin` makes the first rows when an order is published;
* `activate` is called once, with the first approval, and sets the days;
* `follow` makes the row of the next period of a subscription, once the last one was asked for or ended, and of a
  metered order, once the calls of the last one were counted;
* `settle` completes or recovers an order after one of its rows was paid or ended;
* `decline` gives an order the status that a declined payment means;
* `hold` and `release` stop and start collecting, for orders whose payment method was refused for good.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select

from database import db
from domain.actor import Actor
from domain.payments.metered import metered_periods
from domain.payments.plans import planned_changes
from domain.payments.schedule import schedule_plan, scheduled_status
from domain.payments.schedule.schedule_plan import Planned
from domain.payments.schedule.scheduled_status import COLLECTED, DECLINED, OPEN, PAID
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import LIVE
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.product import Billing

ENDING = frozenset({Billing.SINGLE_PAYMENT, Billing.INSTALMENT})
HELD = frozenset({OrderStatus.SUSPENDED, OrderStatus.PAUSED, OrderStatus.REVIEW})      # nothing is collected by itself


def rows_of(order: Order) -> list[ScheduledPayment]:
    """All rows of the order by their period, locked. A subscription of years has many: see `open_rows`."""
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id)
    return list(db.session.scalars(statement.order_by(ScheduledPayment.sequence).with_for_update(key_share=True)))


def open_rows(order: Order) -> list[ScheduledPayment]:
    """The rows that may still be paid by their period, locked; what was paid long ago is not read."""
    return _sorted(_open(order).with_for_update(key_share=True))


def seen_rows(order: Order) -> list[ScheduledPayment]:
    """The same, not locked: to be shown, or to compute what would be."""
    return _sorted(_open(order))


def goes_on() -> Any:
    """The condition that the order of a row, which is joined, does not end before it; see `ends_before`."""
    return or_(
        Order.cancels_at_period_end.is_(False), ScheduledPayment.sequence != Order.next_sequence - 1,
        Order.billing == Billing.METERED,
    )


def _open(order: Order) -> Select[Any]:
    return select(ScheduledPayment).where(
        ScheduledPayment.order_id == order.id, ScheduledPayment.status.in_(sorted(OPEN))
    )


def _sorted(statement: Select[Any]) -> list[ScheduledPayment]:
    """The rows by their period: sorted by SQLite it would read all rows of the order."""
    return sorted(db.session.scalars(statement), key=lambda row: row.sequence)


def waiting(order: Order) -> ScheduledPayment | None:
    """The locked row of the order's next period; None where it does not wait."""
    return next((row for row in open_rows(order) if is_next(order, row)), None)


def is_next(order: Order, row: ScheduledPayment) -> bool:
    """Whether the row is of a subscription's next period, and waits."""
    waits = row.status in (ScheduledStatus.SCHEDULED, ScheduledStatus.PAUSED)
    return waits and row.sequence > 0 and row.sequence == order.next_sequence - 1


def begin(actor: Actor, order: Order) -> list[ScheduledPayment]:
    """Make the initial payment's row and those of all instalments. None is collected by itself yet."""
    now = now_of(order)
    return [add(actor, order, planned, None) for planned in schedule_plan.at_creation(order, now)]


def activate(actor: Actor, order: Order, at: datetime) -> None:
    """The order was approved: days count from now on, and its rows are collected on theirs.

    A single payment completes its order, anything else makes it active. Called again it does nothing.
    """
    if order.anchor_at is not None:
        return
    rows = rows_of(order)
    assumed = schedule_plan.anchor_of(order, rows[0].due_at if rows else at)       # when it was published
    anchor = schedule_plan.anchor_of(order, at)
    for row in rows:
        if row.sequence == 0 and row.status is ScheduledStatus.SCHEDULED and row.amount_minor == 0:
            row.executed_at = at
            scheduled_status.move(actor, row, ScheduledStatus.COMPLETE)
        elif row.sequence and row.due_at == schedule_plan.due(order, assumed, row.sequence):
            row.due_at = row.period_at = schedule_plan.due(order, anchor, row.sequence)
    order.anchor_at, order.anchor_sequence = anchor.at, anchor.sequence
    is_single = order.billing is Billing.SINGLE_PAYMENT
    order_status.move(actor, order, OrderStatus.COMPLETE if is_single else OrderStatus.ACTIVE)
    release(order, rows)
    settle(actor, order)


def follow(actor: Actor, order: Order) -> ScheduledPayment | None:
    """The row of the next period; None when the last one still waits, or the order has no more.

    Called after the last row was asked for, counted, declined, paid, skipped or cancelled, any number of times.
    """
    if not _repeats(order) or order.status not in LIVE - {OrderStatus.PAUSED}:
        return None
    last = db.session.scalar(
        select(ScheduledPayment).where(ScheduledPayment.order_id == order.id)
        .order_by(ScheduledPayment.sequence.desc()).limit(1)
    )
    if last is not None and last.sequence and _waits(order, last):
        return None
    assert order.anchor_at is not None           # it is live
    if last is not None:
        planned_changes.make_due(actor, order, last.sequence)
    planned = schedule_plan.period(
        order, schedule_plan.anchor_of(order, order.anchor_at), order.next_sequence, order.credit_minor
    )
    order.credit_minor -= planned.credit_minor
    order.next_sequence = planned.sequence + 1
    if order.billing is Billing.METERED:
        return _meter(actor, order, planned, last)
    row = add(actor, order, planned, None)
    row.collect_at = collect_at(order, row)
    return row


def _repeats(order: Order) -> bool:
    if order.billing is Billing.SUBSCRIPTION:
        return True
    return metered_periods.is_counted(order) and not order.cancels_at_period_end


def _waits(order: Order, last: ScheduledPayment) -> bool:
    """Whether the last row is still that of the present period. Calls go on while those of before are paid."""
    is_open = last.status in (ScheduledStatus.SCHEDULED, ScheduledStatus.PAUSED)
    return is_open and (last.awaits_count or order.billing is not Billing.METERED)


def _meter(actor: Actor, order: Order, planned: Planned, before: ScheduledPayment | None) -> ScheduledPayment:
    """The row of a period whose calls are counted when it has ended; it is collected from then on."""
    row = add(actor, order, schedule_plan.by_use(planned), None, awaits_count=True)
    metered_periods.begin(actor, order, row, before)
    return row


def settle(actor: Actor, order: Order) -> None:
    """Give the order the status that its rows allow, after one of them was paid, skipped, merged or cancelled.

    Without open rows a single payment or an instalment order is complete, or in review when it collected more than
    its total, and a metered order that was cancelled is complete; without declined rows a failed or suspended order is
    active again.
    """
    if order.status not in LIVE:
        return
    follow(actor, order)
    rows = open_rows(order)
    ends = order.billing in ENDING or (order.billing is Billing.METERED and order.cancels_at_period_end)
    if ends and not rows:
        too_much = order.billing is Billing.INSTALMENT and _paid(order) > order.total_minor
        if too_much and order_status.may_move(order, OrderStatus.REVIEW):
            order_status.move(actor, order, OrderStatus.REVIEW)
        elif not too_much:
            order_status.move(actor, order, OrderStatus.COMPLETE)
    elif _is_recoverable(order) and not any(row.status in DECLINED for row in rows):
        order_status.move(actor, order, OrderStatus.ACTIVE)
        release(order, rows)


def _is_recoverable(order: Order) -> bool:
    """Whether a payment makes the order active again; not where the merchant suspended it."""
    return order.status in (OrderStatus.FAILED, OrderStatus.SUSPENDED) and order.suspended_for is None


def _paid(order: Order) -> int:
    statement = select(func.sum(ScheduledPayment.paid_minor)).where(
        ScheduledPayment.order_id == order.id, ScheduledPayment.status.in_(sorted(PAID)))
    return int(db.session.scalar(statement) or 0)


def decline(actor: Actor, order: Order, *, is_hard: bool) -> None:
    """A payment of the order was declined: a live one is failed, after a hard decline suspended and held.

    The row's own status and its next try are set by whoever books the outcome. Nothing changes before the first
    approval, in a pause, and for a suspended order, which only another card recovers.
    """
    status = OrderStatus.SUSPENDED if is_hard else OrderStatus.FAILED
    if order.status not in (OrderStatus.ACTIVE, OrderStatus.FAILED):
        return
    order_status.move(actor, order, status)
    if is_hard:
        hold(order)


def pass_over(actor: Actor, order: Order, until: datetime) -> None:
    """Leave out the periods of a subscription, not made yet, whose days are not after this moment."""
    assert order.anchor_at is not None
    if waiting(order) is None:
        planned_changes.make_due(actor, order, order.next_sequence - 1)
    anchor = schedule_plan.anchor_of(order, order.anchor_at)
    while schedule_plan.due(order, anchor, order.next_sequence) <= until:
        order.next_sequence += 1


def hold(order: Order) -> None:
    """Collect nothing of the order by itself until `release`."""
    for row in open_rows(order):
        row.collect_at = collect_at(order, row)


def release(order: Order, rows: list[ScheduledPayment] | None = None) -> None:
    """Collect what waits on its day, and at once what is due already. The initial payment is made on the page."""
    for row in open_rows(order) if rows is None else rows:
        if row.sequence and row.status in COLLECTED and row.collect_at is None:
            row.collect_at = collect_at(order, row)


def collect_at(order: Order, row: ScheduledPayment) -> datetime | None:
    """When the row is asked for next by itself: on its day; None while nothing is.

    A day that has passed means at once, and what was due first is asked for first. An order that ends with its period
    ends when the next one would begin, whatever is held back.
    """
    if ends_before(order, row):
        return row.period_at or row.due_at
    if order.status not in LIVE - HELD or row.status not in COLLECTED or row.awaits_count:
        return None
    return row.due_at


def ends_before(order: Order, row: ScheduledPayment) -> bool:
    """Whether the order ends instead of collecting this row: it is the next period's, and nobody wants that.

    A metered order pays for its last period afterwards.
    """
    return order.cancels_at_period_end and order.billing is not Billing.METERED and is_next(order, row)


def add(
    actor: Actor, order: Order, planned: Planned, collected_at: datetime | None, *, awaits_count: bool = False,
) -> ScheduledPayment:
    """Make the row of a planned payment, collected by itself from then on."""
    row = ScheduledPayment(
        merchant_id=order.merchant_id, test=order.test, order_id=order.id, order=order, sequence=planned.sequence,
        currency=order.currency, amount_minor=planned.amount_minor, tax_minor=planned.tax_minor,
        price_minor=planned.price_minor, credit_minor=planned.credit_minor, period_at=planned.due_at,
        status=ScheduledStatus.SCHEDULED, due_at=planned.due_at, test_clock_id=order.test_clock_id,
        collect_at=collected_at, created_at=now_of(order), awaits_count=awaits_count,
        interval_unit=order.later_interval_unit, interval_count=order.later_interval_count,
    )
    scheduled_status.LIFE.add(actor, row)
    return row

"""Changes the plan of orders: another product, quantity or interval, at once or when the period ends.

Of subscriptions, at once and with the same interval, the unused days of the period are credited at what was paid for
them and charged at the new price, and the difference is collected; with another interval a new period begins now and
is paid in full, less the credit. What the credit is more is taken off the next payments. A charge that is declined
leaves the new plan in force: the order is failed or suspended, and the charge is tried again like any other payment.
What metered orders do is in `metered_plans`.

What a preview shows is computed by the same functions on a copy of the order; nothing is written.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func, select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.payments import attempts, booking
from domain.payments.attempts import Attempt
from domain.payments.metered import metered_ends, metered_periods
from domain.payments.plans import computed_changes, metered_plans, plan_terms, planned_changes, proration
from domain.payments.plans.computed_changes import Change
from domain.payments.plans.plan_terms import ChangeInput, Terms, When
from domain.payments.schedule import schedule_plan, scheduled_status, schedules
from domain.payments.schedule.schedule_plan import Planned
from domain.payments.schedule.scheduled_status import DECLINED
from domain.sales.orders import order_amounts, order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, PRELIMINARY
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import PaymentReason
from models.product import Billing

CHANGED = (
    "total_minor", "discount_minor", "tax_minor", "fee_minor", "initial_minor", "later_minor", "later_tax_minor",
    "credit_minor", "interval_unit", "interval_count", "later_interval_unit", "later_interval_count", "anchor_at",
    "anchor_sequence", "anchor_day", "planned_change",
)


def compute(actor: Actor, order: Order, new: ChangeInput, rows: Sequence[ScheduledPayment] | None = None) -> Change:
    """What a change would do, from the order's open rows; Conflict where it is not possible now, Invalid otherwise."""
    check(order)
    rows = schedules.open_rows(order) if rows is None else rows
    terms = plan_terms.read(actor, order, new)
    if order.billing is Billing.METERED:
        return metered_plans.compute(order, terms, new.when, rows)
    waiting = next((row for row in rows if schedules.is_next(order, row)), None)
    if waiting is None:
        raise order_status.refused("has no payment to come")
    if new.when is When.PERIOD_END:
        return _at_period_end(order, terms, waiting)
    return _now(order, terms, waiting, rows)


def change(actor: Actor, order: Order, new: ChangeInput) -> tuple[Change, Attempt | None]:
    """Change a locked order's plan; the attempt to collect what is due now is to be finished after the transaction."""
    found = compute(actor, order, new)
    if order.billing is Billing.METERED:
        return metered_plans.make(actor, order, found), None
    with order_status.LIFE.changing(actor, order, _verb(found), event="updated"):
        if found.when is When.PERIOD_END:
            order.planned_change = planned_changes.stored(found.terms, found.waiting.sequence)
            order.credit_minor = found.after.credit_minor
        else:
            plan_terms.give(order, found.terms, is_first=_is_first(order, found.waiting))
            for name in CHANGED:
                setattr(order, name, getattr(found.after, name))
    if found.period is not None and not found.begins_now and not _is_first(order, found.waiting):
        found.period.row.price_minor = order.later_minor             # what is credited when it is changed again
    _reprice(actor, order, found.waiting, found.next)
    return found, _collect(actor, order, found)


def withdraw(actor: Actor, order: Order) -> Order:
    """Take back a change that waits for the end of the period; Conflict when there is none."""
    if order.planned_change is None:
        raise order_status.refused("has no change of plan that waits")
    with order_status.LIFE.changing(actor, order, "change_withdrawn", event="updated"):
        waiting = schedules.waiting(order)
        if waiting is not None and order.billing is Billing.METERED:
            metered_ends.end(actor, order, waiting, metered_ends.agreed(waiting))
        elif waiting is not None:
            extra, credit = _beside(order, waiting), order.credit_minor + waiting.credit_minor
            order.planned_change = None
            planned = _of_period(order, waiting, credit, extra)
            order.credit_minor = credit - planned.credit_minor
            _reprice(actor, order, waiting, planned)
        order.planned_change = None
    return order


def after_change(order: Order) -> Iterator[Planned]:
    """The payments after the next one of an order whose plan changes with that, without end; nothing is written."""
    change = order.planned_change
    assert change is not None
    after = computed_changes.copy_of(order)
    planned_changes.move_to(after, change)
    assert after.anchor_at is not None
    return schedule_plan.periods(after, schedule_plan.anchor_of(after, after.anchor_at), after.credit_minor)


def _verb(found: Change) -> str:
    return "plan_changed" if found.when is When.NOW else "change_planned"


def check(order: Order) -> None:
    """Raises Conflict with the reason why the order's plan cannot be changed."""
    reasons = {OrderStatus.DRAFT: "is draft: edit it instead", OrderStatus.PAUSED: "is paused: resume it first"}
    if order.status in FINAL:
        raise order_status.refused(f"is already {order.status}")
    if order.billing is not Billing.SUBSCRIPTION and not metered_periods.is_counted(order):
        raise order_status.refused("must be an active subscription, or metered by the period")
    if order.status in PRELIMINARY:
        raise order_status.refused(reasons.get(order.status, f"is {order.status}: nothing was paid yet"))
    if order.status is not OrderStatus.ACTIVE:
        raise order_status.refused(reasons.get(order.status, f"is {order.status}: a payment is owed first"))
    if order.cancels_at_period_end:
        raise order_status.refused("is cancelled at the end of the period: take that back first")


def _must_be_paid(rows: Sequence[ScheduledPayment], now: datetime) -> None:
    for row in rows:
        if row.status is ScheduledStatus.PROCESSING:
            raise Conflict("A payment of the order is being collected.", fields={
                "status": Problem("locked", "has a payment that is being collected")})
        is_due = row.sequence < 0 or (row.period_at or row.due_at) <= now
        if row.status in DECLINED or row.status is ScheduledStatus.REVIEW or is_due:
            raise Conflict("The order has an unpaid payment.", fields={
                "status": Problem("locked", "has an unpaid payment")})


def _at_period_end(order: Order, terms: Terms, waiting: ScheduledPayment) -> Change:
    after = computed_changes.copy_of(order)
    planned_changes.move_to(after, planned_changes.stored(terms, waiting.sequence))
    credit = order.credit_minor + waiting.credit_minor
    planned = _of_period(after, waiting, credit, _beside(order, waiting))
    after.credit_minor = credit - planned.credit_minor
    return Change(terms=terms, when=When.PERIOD_END, now=now_of(order), after=after, waiting=waiting, next=planned)


def _now(order: Order, terms: Terms, waiting: ScheduledPayment, rows: Sequence[ScheduledPayment]) -> Change:
    now = now_of(order)
    _must_be_paid(rows, now)
    period = proration.running(order, now)
    if period is None or waiting.sequence <= period.row.sequence:
        raise order_status.refused("has a later period paid already: its plan can change when that ends")
    is_trial, after = _is_first(order, waiting), computed_changes.copy_of(order)
    begins_now = not is_trial and schedule_plan.interval_of(order) != (terms.unit, terms.count)
    if begins_now:
        schedule_plan.anchor_again(after, now, waiting.sequence)
        if now.date() != period.start.date():                # the days count from another day of the month
            after.anchor_day = None
    plan_terms.give(after, terms, is_first=is_trial)
    after.planned_change = None
    found = Change(
        terms=terms, when=When.NOW, now=now, after=after, waiting=waiting, next=Planned(0, now, 0, 0), period=period,
        begins_now=begins_now,
    )
    days = (0, 1) if is_trial else period.days(now)
    found.credit_minor = proration.part(period.price_minor, days)
    found.charge_minor = after.later_minor if begins_now else proration.part(after.later_minor, days)
    _balance(order, found)
    return found


def _balance(order: Order, found: Change) -> None:
    """Set what is due now and what the next payment becomes: every credit of the order counts first."""
    after, waiting = found.after, found.waiting
    extra = _beside(order, waiting)
    balance = order.credit_minor + waiting.credit_minor + found.credit_minor
    if not found.begins_now:
        owed = found.charge_minor - balance
        found.due_now_minor, balance = max(0, owed), max(0, -owed)
        found.due_now_tax_minor = order_amounts.part_of(after.later_tax_minor, found.due_now_minor, after.later_minor)
    found.next = _of_period(after, waiting, balance, extra)
    if found.begins_now:
        found.due_now_minor, found.due_now_tax_minor = found.next.amount_minor, found.next.tax_minor
    after.credit_minor = balance - found.next.credit_minor


def _is_first(order: Order, waiting: ScheduledPayment) -> bool:
    """Whether the next payment is the first one, after a trial."""
    return waiting.sequence == 1 and not order.collects_initial


def _of_period(order: Order, waiting: ScheduledPayment, credit: int, extra: tuple[int, int]) -> Planned:
    """What the next period's row is with the order's terms; `extra` is what was merged into it, and the tax in that."""
    assert order.anchor_at is not None
    anchor = schedule_plan.anchor_of(order, order.anchor_at)
    planned = schedule_plan.period(order, anchor, waiting.sequence, credit)
    moved = waiting.due_at if waiting.due_at != (waiting.period_at or waiting.due_at) else planned.due_at
    day = planned.due_at if anchor.sequence == waiting.sequence else moved
    return Planned(
        planned.sequence, day, planned.amount_minor + extra[0], planned.tax_minor + extra[1], planned.price_minor,
        planned.credit_minor,
    )


def _beside(order: Order, waiting: ScheduledPayment) -> tuple[int, int]:
    """What was merged into the next period's row from earlier ones, and the tax in it."""
    as_planned = computed_changes.copy_of(order)
    if order.planned_change is not None:
        planned_changes.move_to(as_planned, order.planned_change)
    assert order.anchor_at is not None
    anchor = schedule_plan.anchor_of(as_planned, order.anchor_at)
    usual = schedule_plan.period(as_planned, anchor, waiting.sequence, waiting.credit_minor)
    extra = waiting.amount_minor - usual.amount_minor
    return (extra, max(0, waiting.tax_minor - usual.tax_minor)) if extra > 0 else (0, 0)


def _reprice(actor: Actor, order: Order, row: ScheduledPayment, planned: Planned) -> None:
    with scheduled_status.LIFE.changing(actor, row):
        row.amount_minor, row.tax_minor = planned.amount_minor, planned.tax_minor
        row.price_minor, row.credit_minor = planned.price_minor, planned.credit_minor
        row.interval_unit, row.interval_count = order.later_interval_unit, order.later_interval_count
        if row.due_at != planned.due_at:
            row.due_at = row.period_at = planned.due_at
        row.collect_at = schedules.collect_at(order, row)


def _collect(actor: Actor, order: Order, found: Change) -> Attempt | None:
    """Begin to collect what is due now; without a payment method it is paid on the order's page."""
    row = found.waiting
    if found.due_now_minor == 0:
        if found.begins_now:                             # the credit pays the new period
            booking.paid(actor, order, row, 0)
        return None
    if not found.begins_now:
        planned = Planned(_free_sequence(order), found.now, found.due_now_minor, found.due_now_tax_minor)
        row = schedules.add(actor, order, planned, found.now)
    attempt = None
    if order.payment_method is not None:
        attempt = attempts.begin(actor, order, row, PaymentReason.MANUAL)
    schedules.follow(actor, order)
    return attempt


def _free_sequence(order: Order) -> int:
    """The next number below 0: a charge within a period is no period."""
    statement = select(func.min(ScheduledPayment.sequence)).where(ScheduledPayment.order_id == order.id)
    return min(0, db.session.scalar(statement) or 0) - 1

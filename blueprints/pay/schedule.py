"""Describes an order's payments for the customer: what is due now, what later, and what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from blueprints.pay.amounts import long_day
from database import db
from domain.payments.metered import metered_periods
from domain.payments.plans.plan_terms import Terms
from domain.payments.schedule import schedule_plan, schedules
from domain.payments.schedule.scheduled_status import DECLINED, OPEN, PAID
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import LIVE, PRELIMINARY
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.product import Billing, IntervalUnit

SKIPPED = ScheduledStatus.SKIPPED
LEFT_OUT = frozenset({ScheduledStatus.MERGED, ScheduledStatus.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line: done, next, bad or neither; the day, what it is, the amount in minor units, and its state in a word.

    An amount that depends on use is None.
    """

    look: str
    title: Any
    note: str
    amount_minor: int | None
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """What follows the payment of today: how many payments of an amount, from when, until when."""

    count: int | None                        # None: without end
    amount_minor: int
    equal: bool
    first: Any
    last: Any
    every: str


def rows_of(order: Order) -> list[ScheduledPayment]:
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id)
    rows = list(db.session.scalars(statement.order_by(ScheduledPayment.sequence)))
    found = [row for row in rows if row.sequence >= 0]
    for row in reversed(rows[:len(rows) - len(found)]):          # charges of changes, in the periods of their day
        later_ones = (place for place, one in enumerate(found) if (one.period_at or one.due_at) > row.due_at)
        found.insert(next(later_ones, len(found)), row)
    return found


def later(order: Order, rows: Sequence[ScheduledPayment]) -> Later | None:
    """What follows the first payment of an order that nothing was paid for yet."""
    planned = coming(order, rows)
    if not planned:
        return None
    is_endless = order.billing is Billing.SUBSCRIPTION
    return Later(
        count=None if is_endless else len(planned), amount_minor=planned[0][1],
        equal=len({amount for _, amount in planned}) == 1, first=planned[0][0], last=planned[-1][0], every=every(order),
    )


def coming(order: Order, rows: Sequence[ScheduledPayment]) -> list[tuple[Any, int]]:
    """The days and amounts after the first payment, if it is made now; of a subscription the first two."""
    now = now_of(order)
    anchor = schedule_plan.anchor_of(order, now)
    if order.billing is Billing.SUBSCRIPTION:
        periods = schedule_plan.periods(order, anchor, order.credit_minor)
        return [(one.due_at, one.amount_minor) for one, _ in zip(periods, range(2), strict=False)]
    assumed = schedule_plan.anchor_of(order, rows[0].due_at) if rows else anchor
    found = []
    for row in rows:
        if row.sequence and row.status in OPEN:
            is_planned = row.due_at == schedule_plan.due(order, assumed, row.sequence)
            day = schedule_plan.due(order, anchor, row.sequence) if is_planned else row.due_at
            found.append((day, row.amount_minor))
    return found


def steps(order: Order, rows: Sequence[ScheduledPayment]) -> list[Step]:
    """All lines, oldest first; of a subscription without end the last one says how it goes on."""
    shown = [row for row in rows if row.status not in LEFT_OUT and not schedules.ends_before(order, row)]
    if order.status in PRELIMINARY:
        return _first_steps(order, shown)
    following = next((row for row in shown if row.status is ScheduledStatus.SCHEDULED), None)
    counted = [row for row in shown if order.billing is not Billing.INSTALMENT or row.status is not SKIPPED]
    places = {row.id: (place, len(counted)) for place, row in enumerate(counted, start=1)}
    found = [_step(order, row, is_next=row is following, place=places.get(row.id)) for row in shown]
    if order.billing is Billing.SUBSCRIPTION and order.status in LIVE:
        end = next((row for row in rows if schedules.ends_before(order, row)), None)
        found.append(_and_so_on(order) if end is None else _end(end))
    return found


def _end(row: ScheduledPayment) -> Step:
    """The last line of a subscription that ends with its period."""
    day = long_day(row.period_at or row.due_at)
    return Step(look="", title=day, note="It ends. Nothing is taken", amount_minor=0, word="Ends")


def _first_steps(order: Order, rows: Sequence[ScheduledPayment]) -> list[Step]:
    """The lines of an order that nothing was paid for."""
    planned = coming(order, rows)
    first = rows[0] if rows and rows[0].sequence == 0 else None
    found, before = [], 0 if first is None else 1
    of = before + len(planned)
    if first is not None:
        note = note_of(order, 0, (1, of))
        found.append(Step(look="next", title="Today", note=note, amount_minor=first.amount_minor, word=""))
    if metered_periods.is_counted(order):
        note = "What you used in it, until you cancel"
        return [*found, Step(look="", title=f"Every {every(order)} after that", note=note, amount_minor=None, word="")]
    if order.billing is Billing.SUBSCRIPTION:
        day, amount = planned[0]
        note = note_of(order, 1, None)
        return [*found, Step(look="", title=long_day(day), note=note, amount_minor=amount, word=""), _and_so_on(order)]
    for sequence, (day, amount) in enumerate(planned, start=1):
        note = note_of(order, sequence, (before + sequence, of))
        found.append(Step(look="", title=long_day(day), note=note, amount_minor=amount, word=""))
    return found


def _step(order: Order, row: ScheduledPayment, *, is_next: bool, place: tuple[int, int] | None) -> Step:
    look, word, day = "next" if is_next else "", "Next" if is_next else "Later", row.due_at
    if row.status in PAID:
        look, word, day = "done", "Paid", row.executed_at or row.due_at
    elif row.status in DECLINED:
        look, word = "bad", "Not paid"
    elif row.status is ScheduledStatus.PROCESSING:
        look, word = "next", "Waiting"
    elif row.status in (SKIPPED, ScheduledStatus.PAUSED, ScheduledStatus.REVIEW):
        word = row.status.value.capitalize()
    note = note_of(order, row.sequence, place)
    amount = None if row.awaits_count else row.amount_minor
    return Step(look=look, title=long_day(day), note=note, amount_minor=amount, word=word)


def note_of(order: Order, sequence: int, place: tuple[int, int] | None) -> str:
    """Which payment it is; an instalment by its place among those that are paid, none where it was skipped."""
    if order.billing is Billing.INSTALMENT:
        return "Taken off the total" if place is None else "Payment {} of {}".format(*place)
    if order.billing is Billing.SINGLE_PAYMENT:
        return "The whole amount"
    if sequence < 0:
        return "Change of plan"
    return "First payment" if sequence == 0 else f"Payment {sequence + 1}"


def _and_so_on(order: Order) -> Step:
    planned = None if order.planned_change is None else Terms.kept(order.planned_change)
    interval = every(order) if planned is None else interval_of(planned.unit, planned.count)
    return Step(look="", title=f"Every {interval} after that", note="Until you cancel",
                amount_minor=order.later_minor if planned is None else planned.line.later_total_minor,
                word="Later" if order.status in LIVE else "")


def every(order: Order) -> str:
    """The interval: month, 3 months."""
    if order.interval_unit is None and order.later_interval_unit is None:
        return ""
    return interval_of(*schedule_plan.interval_of(order))


def interval_of(unit: IntervalUnit, count: int) -> str:
    """An interval in words."""
    return unit.value.lower() if count == 1 else f"{count} {unit.value.lower()}s"

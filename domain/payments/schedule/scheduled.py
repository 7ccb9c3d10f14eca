"""Manages scheduled payments: their amount, day and interval, skipping and merging.

Only what waits or was declined can be changed. The initial payment is what the order was agreed on, and stays.
"""

from contextlib import ExitStack
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from domain import usage
from domain.actor import Actor
from domain.errors import Invalid, Mistakes
from domain.inputs import Choice, Input, Maybe, Moment, Number, OrAbsent, Whole
from domain.payments import samples
from domain.payments.schedule import schedule_plan, scheduled_collecting, scheduled_merging, scheduled_status, schedules
from domain.payments.schedule.scheduled_listing import LISTING
from domain.payments.schedule.scheduled_status import EDITABLE, LIFE, refused
from domain.resource import Action, Resource, Several
from domain.sales.orders import order_amounts, order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_terms import LONGEST
from domain.usage import Use
from models.merchant import Merchant
from models.money import LIMIT, Money, to_minor
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.product import Billing, IntervalUnit

WANTED = (ScheduledStatus.CANCELLED, ScheduledStatus.SKIPPED, ScheduledStatus.SCHEDULED)
INTERVAL = frozenset({"interval_unit", "interval_count"})
FURTHEST = 10                        # years from now to another day


class ScheduledInput(Input):
    """What may be changed of a scheduled payment; the status to cancelled, skipped or scheduled."""

    amount: OrAbsent[Annotated[Decimal, Number(above=0)]] = None
    due_at: OrAbsent[Moment] = None
    status: OrAbsent[Annotated[ScheduledStatus, Choice(ScheduledStatus)]] = None
    interval_unit: Maybe[Annotated[IntervalUnit, Choice(IntervalUnit)]] = None
    interval_count: Maybe[Annotated[int, Whole(1, 3660)]] = None


def update(actor: Actor, row: ScheduledPayment, changes: dict[str, Any]) -> ScheduledPayment:
    """Change what was sent. On a subscription a changed amount is also that of all later payments.

    Conflict while the row is being collected or when it has ended; Invalid names everything that is wrong.
    """
    _must_be_editable(row)
    order, mistakes = row.order, Mistakes()
    given = {name: value for name, value in changes.items() if value is not None}
    if given.keys() == {"status"}:
        _set_status(actor, row, given["status"])
        return row
    with ExitStack() as changing:
        changing.enter_context(LIFE.changing(actor, row))
        if given.keys() & {"amount", *INTERVAL}:
            changing.enter_context(order_status.LIFE.changing(actor, order))
        with mistakes.collected():
            if "amount" in given:
                _set_amount(order, row, given["amount"])
        with mistakes.collected():
            if "due_at" in given:
                _set_day(order, row, given["due_at"])
        with mistakes.collected():
            if given.keys() & INTERVAL:
                _set_interval(order, row, given)
        mistakes.refuse()
    if "status" in given:
        _set_status(actor, row, given["status"])
    return row


def skip(actor: Actor, row: ScheduledPayment) -> ScheduledPayment:
    """Collect nothing for this period. An instalment that is skipped lowers the order's total."""
    return _end(actor, row, ScheduledStatus.SKIPPED)


def cancel(actor: Actor, row: ScheduledPayment) -> ScheduledPayment:
    """The same, as cancelled."""
    return _end(actor, row, ScheduledStatus.CANCELLED)


def reschedule(actor: Actor, row: ScheduledPayment, due_at: datetime) -> ScheduledPayment:
    """Another day, in the future; the days of the other payments stay."""
    return update(actor, row, {"due_at": due_at})


def _must_be_editable(row: ScheduledPayment) -> None:
    scheduled_status.must_be_editable(row)
    if row.sequence == 0:
        raise refused("is the initial payment and cannot be changed")


def _set_amount(order: Order, row: ScheduledPayment, given: Decimal) -> None:
    if row.awaits_count:
        raise Invalid.field("amount", "depends on use: it is known when the period has ended", "locked")
    try:
        amount = to_minor(given, row.currency)
    except ValueError as problem:
        raise Invalid.field("amount", str(problem), "decimals") from None
    if amount <= row.paid_minor:
        raise Invalid.field("amount", "must be more than what was paid of it", "range")
    if amount >= LIMIT:
        raise Invalid.field("amount", "is too large", "range")
    tax = order_amounts.part_of(row.tax_minor, amount, row.amount_minor)
    if order.billing is Billing.SUBSCRIPTION and row.sequence == order.next_sequence - 1:
        order.later_tax_minor = order_amounts.part_of(order.later_tax_minor, amount, order.later_minor)
        order.later_minor = amount
    elif order.billing is Billing.INSTALMENT:
        _change_total(order, amount - row.amount_minor, tax - row.tax_minor)
    row.amount_minor, row.tax_minor, row.price_minor = amount, tax, amount
    order.credit_minor += row.credit_minor               # the amount that was written replaces it
    row.credit_minor = 0


def _change_total(order: Order, amount: int, tax: int) -> None:
    order.total_minor += amount
    order.tax_minor += tax


def _set_day(order: Order, row: ScheduledPayment, due_at: datetime) -> None:
    now = now_of(order)
    if due_at <= now:
        raise Invalid.field("due_at", "must be in the future", "past")
    if due_at.year > now.year + FURTHEST:
        raise Invalid.field("due_at", f"must be at most {FURTHEST} years from now", "future")
    row.due_at = due_at
    row.collect_at = schedules.collect_at(order, row)


def _set_interval(order: Order, row: ScheduledPayment, given: dict[str, Any]) -> None:
    """Count the days of what follows this row by another interval; the order shows the agreed one on."""
    if order.billing is not Billing.SUBSCRIPTION or row.sequence < 0:
        what = "in a subscription" if row.sequence >= 0 else "of a period"
        raise Invalid.field(next(iter(given.keys() & INTERVAL)), f"can only be changed {what}", "contradiction")
    unit, number = schedule_plan.interval_of(order)
    unit, number = given.get("interval_unit", unit), given.get("interval_count", number)
    if number > LONGEST[unit]:
        raise Invalid.field("interval_count", "must be at most 10 years", "range")
    assert order.anchor_at is not None           # a subscription's later rows exist from its approval on
    anchor = schedule_plan.anchor_of(order, order.anchor_at)
    schedule_plan.anchor_again(order, schedule_plan.due(order, anchor, row.sequence), row.sequence)
    row.interval_unit, row.interval_count = unit, number
    order.later_interval_unit, order.later_interval_count = unit, number


def _set_status(actor: Actor, row: ScheduledPayment, status: ScheduledStatus) -> None:
    if status not in WANTED:
        raise Invalid.field("status", "must be one of " + ", ".join(WANTED), "inclusion")
    if status is not ScheduledStatus.SCHEDULED:
        _end(actor, row, status)
        return
    scheduled_status.move(actor, row, status)
    row.collect_at = schedules.collect_at(row.order, row)
    schedules.settle(actor, row.order)


def _end(actor: Actor, row: ScheduledPayment, status: ScheduledStatus) -> ScheduledPayment:
    _must_be_editable(row)
    order = row.order
    if order.billing is Billing.INSTALMENT:
        with order_status.LIFE.changing(actor, order):
            kept = order_amounts.part_of(row.tax_minor, row.paid_minor, row.amount_minor)
            _change_total(order, row.paid_minor - row.amount_minor, kept - row.tax_minor)
    scheduled_status.move(actor, row, status)
    schedules.settle(actor, order)
    return row


def _may_change(actor: Actor, row: Any) -> bool:
    return row.status in EDITABLE and row.sequence != 0


def _amount(row: Any) -> str:
    return f"{Money(row.amount_minor, row.currency).decimal:,} {row.currency}"


def _skipped(row: Any) -> tuple[str, ...]:
    """What the dialog says that skipping does."""
    order = row.order if isinstance(row, ScheduledPayment) else row
    billing = order.billing
    rest = "The order's total becomes lower by it." if billing == Billing.INSTALMENT else "The next period follows."
    return (f"{_amount(row)} will not be collected. {rest}",)


usage.register(Merchant, Use(
    "scheduled payment", "scheduled payments", lambda row: usage.rows(ScheduledPayment, merchant_id=row.id)))

RESOURCE = Resource(
    name="scheduled_payments",
    noun="scheduled payment",
    listing=LISTING,
    read_scope="READ_ORDERS",
    write_scope="WRITE_ORDERS",
    input=ScheduledInput,
    sample=samples.SCHEDULED_PAYMENT,
    update=update,
    actions={
        **scheduled_collecting.ACTIONS,
        "skip": Action(
            run=skip, title="Skip", past="{} was skipped.", icon="corner-down-left", danger=True,
            offered=_may_change, confirm=_skipped,
        ),
        "merge": Action(
            run=scheduled_merging.merge, title="Merge", past="{} was merged into the next one.", icon="arrows-diff",
            danger=True, offered=_may_change,
            confirm=lambda row: (f"{_amount(row)} will be collected together with the order's next payment.",),
            bulk=True, several=Several(
                scheduled_merging.merge_several, scheduled_merging.told, "{} were merged into one."),
        ),
    },
)

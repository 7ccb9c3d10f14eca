"""Computes what is paid when, from an order's own columns: for its rows, and for previews."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from itertools import count

from domain.payments.metered.metered_periods import quarter_after
from domain.payments.schedule.recurrence import MONTHS, day_in_month, day_of
from domain.sales.orders import order_amounts
from models.order import Order
from models.product import Billing, IntervalUnit


@dataclass(frozen=True, slots=True)
class Planned:
    """A payment to come: its period, its day, its amount in minor units, and the tax in it.

    The price is that of the whole period, without fees that are asked once; the credit was taken off the amount.
    """

    sequence: int
    due_at: datetime
    amount_minor: int
    tax_minor: int
    price_minor: int | None = None
    credit_minor: int = 0
    depends_on_use: bool = False         # a period of counted calls: its amount is not known before its end


@dataclass(frozen=True, slots=True)
class Anchor:
    """The moment that days count from, the period whose day it is, and the day of the month where it is another."""

    at: datetime
    sequence: int
    day: int | None = None


def anchor_of(order: Order, approved_at: datetime) -> Anchor:
    """What the days of an order count from: its own anchor, else what the approval at this moment makes it."""
    if order.anchor_at is not None:
        return Anchor(order.anchor_at, order.anchor_sequence, order.anchor_day)
    if order.start_on is not None:
        return Anchor(datetime.combine(order.start_on, time(), UTC), 1)
    if order.trial_days:
        return Anchor(approved_at + timedelta(days=order.trial_days), 1)
    return Anchor(approved_at, 0)


def interval_of(order: Order) -> tuple[IntervalUnit, int]:
    """The interval of what follows; an order that repeats has one."""
    unit = order.later_interval_unit or order.interval_unit
    number = order.later_interval_count or order.interval_count
    assert unit is not None
    assert number is not None
    return unit, number


def due(order: Order, anchor: Anchor, sequence: int) -> datetime:
    """The day of a period, counted from the anchor."""
    unit, number = interval_of(order)
    return day_of(anchor.at, unit, number, sequence - anchor.sequence, anchor.day)


def anchor_again(order: Order, at: datetime, sequence: int) -> None:
    """Count the days from a period on from its own day, by another interval; the day of the month stays.

    Called while the order still has the interval of before. What was paid by days or weeks has no day of the month.
    """
    assert order.anchor_at is not None           # days count from the approval on
    is_monthly = interval_of(order)[0] in MONTHS
    order.anchor_day = (order.anchor_day or day_in_month(order.anchor_at)) if is_monthly else None
    order.anchor_at, order.anchor_sequence = at, sequence


def at_creation(order: Order, now: datetime) -> list[Planned]:
    """The first rows: the initial payment and all instalments, whose days assume that the order is approved now."""
    if order.billing is not Billing.INSTALMENT:
        initial = order.initial_minor if order.collects_initial else 0
        return [Planned(0, now, initial, order.tax_minor if initial else 0, initial - asked_once(order, initial))]
    assert order.instalments is not None
    later = order_amounts.instalments(order.total_minor, order.initial_minor, order.instalments)
    amounts = [order.initial_minor, *later]
    taxes, anchor = order_amounts.taxes(order.tax_minor, amounts), anchor_of(order, now)
    return [
        Planned(sequence, due(order, anchor, sequence) if sequence else now, amount, tax)
        for sequence, (amount, tax) in enumerate(zip(amounts, taxes, strict=True))
    ]


def period(order: Order, anchor: Anchor, sequence: int, credit_minor: int) -> Planned:
    """The payment of a subscription's period after the initial payment, less a credit as far as it goes."""
    is_first = sequence == 1 and not order.collects_initial
    whole, tax = (order.initial_minor, order.tax_minor) if is_first else (order.later_minor, order.later_tax_minor)
    credit = min(whole, credit_minor)
    return Planned(
        sequence, due(order, anchor, sequence), whole - credit, order_amounts.part_of(tax, whole - credit, whole),
        whole - (asked_once(order, whole) if is_first else 0), credit,
    )


def by_use(planned: Planned) -> Planned:
    """The payment of a period of counted calls: it is due when they can be counted, and its amount is known then."""
    return replace(planned, due_at=quarter_after(planned.due_at), depends_on_use=True)


def asked_once(order: Order, amount_minor: int) -> int:
    """The fees in the first payment that no later one has; nothing of them is given back."""
    return min(amount_minor, sum(one.fee_minor for one in order.items if one.fee_first_only))


def periods(order: Order, anchor: Anchor, credit_minor: int) -> Iterator[Planned]:
    """The payments of a subscription or a metered order from its next period on, without end."""
    for sequence in count(order.next_sequence):
        planned = period(order, anchor, sequence, credit_minor)
        yield by_use(planned) if order.billing is Billing.METERED else planned
        credit_minor -= planned.credit_minor

"""Computes what is paid when, from an order's own columns: for its rows, and for previews."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count

from domain.payments.schedule.recurrence import day_of
from domain.sales.orders import order_amounts
from models.order import Order
from models.product import Billing, IntervalUnit


@dataclass(frozen=True, slots=True)
class Planned:
    """A payment to come: its period, its day, its amount in minor units, and the tax in it."""

    sequence: int
    due_at: datetime
    amount_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """The moment that days count from, and the period whose day it is."""

    at: datetime
    sequence: int


def anchor_of(order: Order, approved_at: datetime) -> Anchor:
    """What the days of an order count from: its own anchor, else what the approval at this moment makes it."""
    if order.anchor_at is not None:
        return Anchor(order.anchor_at, order.anchor_sequence)
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
    return day_of(anchor.at, unit, number, sequence - anchor.sequence)


def at_creation(order: Order, now: datetime) -> list[Planned]:
    """The first rows: the initial payment and all instalments, whose days assume that the order is approved now."""
    if order.billing is not Billing.INSTALMENT:
        initial = order.initial_minor if order.collects_initial else 0
        return [Planned(0, now, initial, order.tax_minor if initial else 0)]
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
    amount = whole - min(whole, credit_minor)
    return Planned(sequence, due(order, anchor, sequence), amount, order_amounts.part_of(tax, amount, whole))


def periods(order: Order, anchor: Anchor, credit_minor: int) -> Iterator[Planned]:
    """The payments of a subscription from its next period on, without end."""
    for sequence in count(order.next_sequence):
        yield period(order, anchor, sequence, credit_minor)
        credit_minor -= credit_used(order, sequence, credit_minor)


def credit_used(order: Order, sequence: int, credit_minor: int) -> int:
    """How much of a credit the payment of a period takes."""
    return min(credit_minor, _whole(order, sequence))


def _whole(order: Order, sequence: int) -> int:
    return order.initial_minor if sequence == 1 and not order.collects_initial else order.later_minor

"""Reads what an order is paid by: its interval, its instalments, its first payment, its start.

A product may lock its payment configuration: then only the product's own is taken.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from domain.errors import Invalid, Mistakes
from domain.sales.discounts import discount_amounts
from domain.sales.orders import order_amounts
from domain.sales.orders.order_amounts import Line
from models.money import to_minor
from models.order import Order
from models.product import Billing, IntervalUnit, Product

FIELDS = ("initial", "instalments", "interval_unit", "interval_count", "start_on", "trial_days")
REPEATED = frozenset({Billing.INSTALMENT, Billing.SUBSCRIPTION, Billing.METERED})
ONLY_FOR = {
    "initial": frozenset({Billing.INSTALMENT, Billing.METERED}),
    "instalments": frozenset({Billing.INSTALMENT}),
    "interval_unit": REPEATED,
    "interval_count": REPEATED,
    "start_on": frozenset({Billing.INSTALMENT, Billing.SUBSCRIPTION}),
    "trial_days": frozenset({Billing.SUBSCRIPTION}),
}
LONGEST = {IntervalUnit.DAY: 3660, IntervalUnit.WEEK: 520, IntervalUnit.MONTH: 120, IntervalUnit.YEAR: 10}
FURTHEST = 10                            # years from today to the first day


def write_schedule(
    order: Order, given: Mapping[str, Any], product: Product | None, now: datetime, *, is_required: bool = True
) -> None:
    """Set the order's schedule; Invalid names everything that is wrong, and with `is_required` what is missing.

    `product` is the one of an order of one product whose defaults and lock count; None for stored lines.
    """
    mistakes = Mistakes()
    for name, billings in ONLY_FOR.items():
        with mistakes.collected():
            if given.get(name) is not None and order.billing not in billings:
                raise Invalid.field(name, f"does not apply to a {order.billing} order", "contradiction")
    with mistakes.collected():
        _interval(order, given, product, is_required=is_required)
    with mistakes.collected():
        order.start_on = _start(given.get("start_on"), now.date())
    order.trial_days = given.get("trial_days")
    order.collects_initial = not order.trial_days
    with mistakes.collected():
        if order.start_on and order.trial_days:
            raise Invalid.field("start_on", "cannot be sent together with trial days", "contradiction")
    with mistakes.collected():
        if is_required and order.billing is Billing.INSTALMENT and given.get("instalments") is None:
            raise Invalid.field("instalments", "is required", "missing")
    with mistakes.collected():
        agreed_first(order, given, product)
    mistakes.refuse()


def _interval(order: Order, given: Mapping[str, Any], product: Product | None, *, is_required: bool) -> None:
    """The interval that was sent, else the product's."""
    unit, count = given.get("interval_unit"), given.get("interval_count")
    if order.billing not in REPEATED:
        order.interval_unit = order.interval_count = None
        return
    own_unit, own_count = (product.scheduled_unit, product.scheduled_interval) if product else (None, None)
    mistakes = Mistakes()
    for name, sent, own in (("interval_unit", unit, own_unit), ("interval_count", count, own_count)):
        with mistakes.collected():
            _locked(name, sent, own, product)
    mistakes.refuse()
    order.interval_unit, order.interval_count = unit or own_unit, count or own_count or 1
    if order.interval_unit is None and order.billing is not Billing.METERED and is_required:
        raise Invalid.field("interval_unit", "is required", "missing")
    if order.interval_unit is not None and order.interval_count > LONGEST[order.interval_unit]:
        raise Invalid.field("interval_count", "must be at most 10 years", "range")


def _locked(name: str, sent: Any, own: Any, product: Product | None) -> None:
    if product is not None and product.lock_payment_config and sent is not None and own is not None and sent != own:
        raise Invalid.field(name, "payment configuration is locked", "locked")


def _start(start: date | None, today: date) -> date | None:
    if start is not None and start < today:
        raise Invalid.field("start_on", "must not be in the past", "past")
    if start is not None and start.year > today.year + FURTHEST:
        raise Invalid.field("start_on", f"must be at most {FURTHEST} years from now", "future")
    return start


def write_amounts(order: Order, lines: list[Line], given: Mapping[str, Any], product: Product | None) -> None:
    """Take off the order's discount code, and set the sums of the lines and what is paid first and later."""
    code = order.applied_code
    agreed = agreed_first(order, given, product)
    if code is not None:
        discount_amounts.take_off(code, lines, order.billing, agreed)
    order.discount_minor = sum(one.discount_minor + one.code_discount_minor for one in lines)
    order.fee_minor = sum(one.fee_minor for one in lines)
    order.total_minor = sum(one.total_minor for one in lines)
    order.tax_minor = sum(one.tax_minor for one in lines)
    order.initial_minor, order.later_minor, order.later_tax_minor = order.total_minor, 0, 0
    order.instalments, order.code_initial_minor = None, 0
    if agreed is not None and code is not None:
        whole = order.total_minor + sum(one.code_discount_minor for one in lines)
        order.code_initial_minor = discount_amounts.off_first(code, lines, order.billing, whole, agreed)
    if order.billing is Billing.SUBSCRIPTION:
        order.later_minor = sum(one.later_total_minor for one in lines)
        order.later_tax_minor = sum(one.later_tax_minor for one in lines)
    elif order.billing is Billing.INSTALMENT:
        order.initial_minor = (agreed or 0) - order.code_initial_minor
        order.instalments = _instalments(order, given)
        order.later_minor = (order.total_minor - order.initial_minor) // order.instalments
    elif order.billing is Billing.METERED:
        order.initial_minor = order.total_minor = (agreed or 0) - order.code_initial_minor
        order.tax_minor = order_amounts.tax_in(order.total_minor, lines[0].tax_percent_ten_thousandths)
        order.discount_minor, order.fee_minor = order.code_initial_minor, 0


def agreed_first(order: Order, given: Mapping[str, Any], product: Product | None) -> int | None:
    """The first payment where it is an amount of its own, before a discount code; None in any other order."""
    return _initial(order, given, product) if order.billing in ONLY_FOR["initial"] else None


def _initial(order: Order, given: Mapping[str, Any], product: Product | None) -> int:
    """The first payment: as sent, else the product's deposit, else nothing."""
    sent: Decimal | None = given.get("initial")
    deposit = product.deposit_minor if product else None
    if sent is None:
        return deposit or 0
    try:
        initial = to_minor(sent, order.currency)
    except ValueError as problem:
        raise Invalid.field("initial", str(problem), "decimals") from None
    _locked("initial", initial, deposit, product)
    return initial


def _instalments(order: Order, given: Mapping[str, Any]) -> int:
    number: int = given["instalments"]
    if order.initial_minor > order.total_minor:
        raise Invalid.field("initial", "must not be more than the order's total", "contradiction")
    try:
        order_amounts.instalments(order.total_minor, order.initial_minor, number)
    except ValueError as problem:
        raise Invalid.field("instalments", str(problem), "range") from None
    return number

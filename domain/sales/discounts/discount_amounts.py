"""Computes what a discount code takes off the lines of an order. Each line is rounded once."""

from collections.abc import Sequence
from typing import Any

from domain.errors import Invalid
from domain.sales.orders.order_amounts import Line, share
from models.discount_code import DiscountCode
from models.money import divided, spread
from models.product import Billing

FIELD = "discount_code"


def take_off(code: DiscountCode, lines: Sequence[Line], billing: Billing, first_minor: int | None = None) -> None:
    """Take the code off the lines that it is for; Invalid where there are none, or nothing is left to take off.

    An amount is spread over the lines, and is at most what they cost. `first_minor` is the most that a code for the
    first payment of instalments can take: what is agreed to be paid first.
    """
    found = [one for one in lines if code.product_id in (None, one.product_id)]
    if not found:
        raise refused("is not for this product" if len(lines) == 1 else "is not for these products", "contradiction")
    if code.currency is not None and code.currency != lines[0].currency:
        raise refused(f"is for orders in {code.currency}", "currency")
    if billing is Billing.METERED:
        _meter(code, found[0])
        return
    for line, amount in zip(found, _amounts(code, found, first_minor if code.first_only else None), strict=True):
        line.code_discount_minor, line.code_first_only = amount, code.first_only
    if not any(one.code_discount_minor for one in found):
        raise refused("takes nothing off this order", "contradiction")


def refused(message: str, kind: str) -> Invalid:
    """The error of a code that cannot be used here."""
    return Invalid.field(FIELD, message, kind)


def _amounts(code: DiscountCode, lines: Sequence[Line], most: int | None) -> list[int]:
    left = [one.amount_minor - one.discount_minor for one in lines]
    if code.amount_minor is not None:
        found = spread(min(code.amount_minor, sum(left)), left)
    else:
        found = [share(amount, code.percent_ten_thousandths) for amount in left]
    return found if most is None or sum(found) <= most else spread(most, found)


def _meter(code: DiscountCode, line: Line) -> None:
    """Note in the terms of a metered line what each period's calls cost less; the first payment has no calls."""
    assert line.metered is not None
    amounts: dict[str, Any] = {"code_percent": None, "code_minor": None}
    if not code.first_only:
        amounts = {"code_percent": code.percent_ten_thousandths, "code_minor": code.amount_minor}
    line.metered = line.metered | amounts


def off_first(code: DiscountCode, lines: Sequence[Line], billing: Billing, total_minor: int, first_minor: int) -> int:
    """What the code takes off a first payment that was agreed as an amount of its own; both are before the code."""
    if billing is Billing.METERED:
        if code.amount_minor is not None:
            return min(code.amount_minor, first_minor)
        return share(first_minor, code.percent_ten_thousandths)
    whole = sum(one.code_discount_minor for one in lines)
    if code.first_only:
        return min(whole, first_minor)
    return divided(first_minor * whole, total_minor) if total_minor else 0

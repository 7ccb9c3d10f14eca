"""Reads what a change of plan asks for, and gives an order its new line, interval and amounts.

A new product brings its own price, rules and interval. Another quantity keeps the price that was agreed, and its
discount and fee in proportion. A discount code stays, as far as it is for all payments and for the product. What is
asked of a first payment only counts while nothing was collected yet.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.inputs import Choice, Input, Maybe, Quantity, RowId, Whole
from domain.payments.schedule import schedule_plan
from domain.sales.discounts import discount_amounts
from domain.sales.orders import order_items
from domain.sales.orders.order_amounts import Line, share
from domain.sales.orders.order_items import OrderItemInput
from domain.sales.orders.order_terms import LONGEST
from models.money import LIMIT, divided, to_ten_thousandths
from models.order import Order
from models.product import Billing, IntervalUnit, PriceRule, Product


class When(StrEnum):
    """When a change or a cancellation takes effect."""

    NOW = "now"
    PERIOD_END = "period_end"


class ChangeInput(Input):
    """A change of plan. What is left out stays; a unit without a number means one of it."""

    product_id: Maybe[RowId] = None
    quantity: Maybe[Annotated[Decimal, Quantity]] = None
    interval_unit: Maybe[Annotated[IntervalUnit, Choice(IntervalUnit)]] = None
    interval_count: Maybe[Annotated[int, Whole(1, 3660)]] = None
    when: Annotated[When, Choice(When)] = When.NOW


@dataclass(frozen=True, slots=True)
class Terms:
    """What an order is to be: its line and its interval."""

    line: Line
    unit: IntervalUnit
    count: int

    def stored(self) -> dict[str, Any]:
        """The same as plain values, which a column keeps."""
        return {"line": asdict(self.line), "interval_unit": self.unit.value, "interval_count": self.count}

    @classmethod
    def kept(cls, stored: dict[str, Any]) -> "Terms":
        return cls(Line(**stored["line"]), IntervalUnit(stored["interval_unit"]), stored["interval_count"])


def present(order: Order) -> Terms:
    """What the order is now."""
    return Terms(order_items.kept(order)[0], *schedule_plan.interval_of(order))


def read(actor: Actor, order: Order, new: ChangeInput) -> Terms:
    """What the order is to be; Invalid names everything that is wrong, Conflict when nothing is another."""
    now, mistakes = present(order), Mistakes()
    product = order.items[0].product
    line = now.line
    with mistakes.collected():
        if new.quantity is not None and order.billing is Billing.METERED:
            raise Invalid.field("quantity", "does not apply to a metered order: calls are counted", "contradiction")
    with mistakes.collected():
        if new.product_id not in (None, now.line.product_id):
            line, product = _of_product(actor, order, new)
        elif new.quantity is not None:
            line = _of_quantity(order, now.line, to_ten_thousandths(new.quantity))
    mistakes.refuse()
    with mistakes.collected():
        unit, count = _interval(now, new, product, is_new=line.product_id != now.line.product_id)
    mistakes.refuse()
    found = Terms(line, unit, count)
    if found == now:
        raise Conflict("This is the order's plan already.", fields={"base": Problem("repeated", "is the plan already")})
    return found


def _of_product(actor: Actor, order: Order, new: ChangeInput) -> tuple[Line, Product]:
    assert new.product_id is not None
    quantity = new.quantity or Decimal(order.items[0].quantity_ten_thousandths).scaleb(-4)
    item = OrderItemInput(product_id=new.product_id, quantity=quantity)
    known = order_items.products_of(actor, [item])
    try:
        (line,) = order_items.read(actor, [item], known, order)
    except Invalid as problem:
        fields = {name.removeprefix("items.0."): one for name, one in problem.fields.items()}
        raise Invalid.several(fields) from None
    if line.metered is not None and order.items[0].metered is not None:
        line.metered = line.metered | {"calls": order.items[0].metered["calls"]}         # those that were agreed
    _take_code_off(order, line)
    return line, known[new.product_id]


def _take_code_off(order: Order, line: Line) -> None:
    """Take the order's discount code off the line too; one that is not for the new product falls away."""
    if order.applied_code is not None:
        with suppress(Invalid):
            discount_amounts.take_off(order.applied_code, [line], order.billing)


def _of_quantity(order: Order, line: Line, quantity: int) -> Line:
    """The line with another quantity."""
    product = order.items[0].product
    found = replace(line, quantity_ten_thousandths=quantity, code_discount_minor=0, code_first_only=False)
    discount, fee = (product.discount, product.fee) if product is not None else (None, None)
    found.discount_minor = _in_proportion(line.discount_minor, line, found, discount)
    found.fee_minor = _in_proportion(line.fee_minor, line, found, fee)
    _take_code_off(order, found)
    if max(found.amount_minor, found.total_minor, found.later_total_minor) >= LIMIT:
        raise Invalid.field("quantity", "makes the amount of the line too large", "overflow")
    return found


def _in_proportion(minor: int, line: Line, found: Line, rule: PriceRule | None) -> int:
    """A discount or fee of another quantity: by the product's percentage, where it came from that."""
    percent = None if rule is None else rule.percent_ten_thousandths
    if minor == share(line.amount_minor, percent):
        return share(found.amount_minor, percent)
    return divided(minor * found.quantity_ten_thousandths, line.quantity_ten_thousandths)


def _interval(now: Terms, new: ChangeInput, product: Product | None, *, is_new: bool) -> tuple[IntervalUnit, int]:
    """The interval: as sent, else that of a new product, else as it is."""
    own_unit, own_count = (product.scheduled_unit, product.scheduled_interval) if product else (None, None)
    unit, count = now.unit, now.count
    if is_new and own_unit is not None:
        unit, count = own_unit, own_count or 1
    if new.interval_unit is not None:
        unit, count = new.interval_unit, new.interval_count or 1
    elif new.interval_count is not None:
        count = new.interval_count
    if product is not None and product.lock_payment_config and own_unit is not None:
        locked = {"interval_unit": (unit, own_unit), "interval_count": (count, own_count or 1)}
        wrong = [name for name, (one, own) in locked.items() if one != own and getattr(new, name) is not None]
        if wrong:
            raise Invalid.several({name: Problem("locked", "payment configuration is locked") for name in wrong})
    if count > LONGEST[unit]:
        raise Invalid.field("interval_count", "must be at most 10 years", "range")
    return unit, count


def give(order: Order, terms: Terms, *, is_first: bool) -> None:
    """Set the order's line, interval and amounts; `is_first` while its first payment is still to come."""
    line = terms.line
    if not is_first:
        line = replace(
            line, discount_minor=0 if line.discount_first_only else line.discount_minor,
            fee_minor=0 if line.fee_first_only else line.fee_minor,
            code_discount_minor=0 if line.code_first_only else line.code_discount_minor,
        )
    for item in order.items[:1]:
        for name in (*order_items.COLUMNS, *order_items.COMPUTED):
            setattr(item, name, getattr(line, name))
    order.interval_unit, order.interval_count = terms.unit, terms.count
    order.later_interval_unit = order.later_interval_count = None
    if order.billing is Billing.METERED:                 # its first payment was made, and what follows is counted
        return
    order.discount_minor, order.fee_minor = line.discount_minor + line.code_discount_minor, line.fee_minor
    order.total_minor, order.tax_minor = line.total_minor, line.tax_minor
    order.later_minor, order.later_tax_minor = line.later_total_minor, line.later_tax_minor
    if is_first:
        order.initial_minor = line.total_minor

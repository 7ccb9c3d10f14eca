"""Computes the amounts of orders in minor units. Tax is contained in prices; fees come after tax.

Every line is rounded once, and what an order is collected in adds up to its total.
"""

from dataclasses import dataclass
from typing import Any

from models.money import ONE, divided, line_minor, percent_minor, spread
from models.product import Billing, IntervalUnit

WHOLE = 100 * ONE                                # 100 % in ten-thousandths
# How many of the unit make twelve months: what is paid in it is brought to a month by them.
A_YEAR = {
    IntervalUnit.DAY: (365, 1), IntervalUnit.WEEK: (365, 7), IntervalUnit.MONTH: (12, 1), IntervalUnit.YEAR: (1, 1),
}


@dataclass(slots=True, kw_only=True)
class Line:
    """The columns of a line before it is written; the amounts follow from them."""

    product_id: int | None
    name: str
    currency: str
    quantity_ten_thousandths: int
    unit_price_micro: int
    discount_minor: int = 0
    fee_minor: int = 0
    tax_percent_ten_thousandths: int | None = None
    discount_first_only: bool = False
    fee_first_only: bool = False
    code_discount_minor: int = 0                     # by a discount code, beside the line's own discount
    code_first_only: bool = False
    metered: dict[str, Any] | None = None            # the terms of calls that are billed, as stored

    @property
    def amount_minor(self) -> int:
        """Quantity times price, with tax, before discount and fee."""
        return line_minor(self.quantity_ten_thousandths, self.unit_price_micro, self.currency)

    @property
    def total_minor(self) -> int:
        return self._reduced + self.fee_minor

    @property
    def tax_minor(self) -> int:
        """The tax contained in the total; there is none in the fee."""
        return tax_in(self._reduced, self.tax_percent_ten_thousandths)

    @property
    def later_total_minor(self) -> int:
        """The same of each later payment of a subscription."""
        return self.amount_minor - self._later_discount + (0 if self.fee_first_only else self.fee_minor)

    @property
    def later_tax_minor(self) -> int:
        return tax_in(self.amount_minor - self._later_discount, self.tax_percent_ten_thousandths)

    @property
    def _reduced(self) -> int:
        return self.amount_minor - self.discount_minor - self.code_discount_minor

    @property
    def _later_discount(self) -> int:
        own = 0 if self.discount_first_only else self.discount_minor
        return own + (0 if self.code_first_only else self.code_discount_minor)


def tax_in(gross_minor: int, percent: int | None) -> int:
    """The tax contained in an amount, half up; the percentage is in ten-thousandths (210000 = 21 %)."""
    return divided(gross_minor * (percent or 0), WHOLE + (percent or 0))


def share(amount_minor: int, percent: int | None) -> int:
    """A product's percentage of a line's amount, rounded once."""
    return percent_minor(amount_minor, percent or 0)


def part_of(tax_minor: int, amount_minor: int, whole_minor: int) -> int:
    """The tax contained in a part of an amount, or in one that replaces it; half up."""
    return divided(tax_minor * amount_minor, whole_minor) if whole_minor else 0


def instalments(total_minor: int, initial_minor: int, number: int) -> list[int]:
    """The later payments: equal, the last one with the remainder. Raises ValueError when there would be one of 0."""
    rest = total_minor - initial_minor
    each = rest // number if rest > 0 else 0
    if each == 0:
        raise ValueError("leaves nothing to pay in an instalment")
    return [each] * (number - 1) + [rest - each * (number - 1)]


def taxes(tax_minor: int, amounts: list[int]) -> list[int]:
    """The tax contained in each of some amounts; they add up to the whole tax."""
    return spread(tax_minor, amounts)


def monthly_minor(amount_minor: int, unit: IntervalUnit | None, count: int | None) -> int | None:
    """A repeated payment brought to a month, a twelfth of 365 days; None for what does not repeat."""
    if unit is None or count is None:
        return None
    times, out_of = A_YEAR[unit]
    return divided(amount_minor * times, 12 * out_of * count)


def instalments_minor(order: Any) -> int:
    """What an instalment order's payments after the first one add up to; 0 for any other order."""
    return int(order.total_minor - order.initial_minor) if order.billing == Billing.INSTALMENT else 0

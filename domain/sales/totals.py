"""Computes a document's totals in minor units. A discount on the whole lowers the base of percentage taxes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from models.money import percent_minor, spread


class Amounts(Protocol):
    """One line. With a percentage (in ten-thousandths) its tax is computed, otherwise it stays as written."""

    @property
    def amount_minor(self) -> int:
        """Quantity times price."""

    @property
    def discount_minor(self) -> int: ...

    @property
    def tax_minor(self) -> int: ...

    @property
    def tax_percent_ten_thousandths(self) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a document."""

    subtotal: int
    discount: int
    tax: int

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.tax


def shares(lines: Sequence[Amounts], discount: int) -> list[int]:
    """Each line's part of a discount on the whole, in proportion to what its own discount leaves of it."""
    return spread(discount, [one.amount_minor - one.discount_minor for one in lines])


def taxes(lines: Sequence[Amounts], discount: int) -> list[int]:
    """The tax of each line after its share of a discount on the whole."""
    return [
        one.tax_minor if one.tax_percent_ten_thousandths is None
        else percent_minor(one.amount_minor - one.discount_minor - share, one.tax_percent_ten_thousandths)
        for one, share in zip(lines, shares(lines, discount), strict=True)
    ]


def add_up(lines: Sequence[Amounts], discount: int, tax: int) -> Totals:
    """The sums of lines with final taxes, with discount and tax on the whole."""
    return Totals(
        sum(one.amount_minor for one in lines),
        sum(one.discount_minor for one in lines) + discount,
        sum(one.tax_minor for one in lines) + tax,
    )

"""Money as integers: minor units for amounts, millionths of the major unit for unit prices.

Quantities and percentages are integers too, in ten-thousandths: 2.25 hours are 22500, 9.975 % is 99750.

Exponents are those of ISO 4217, which differ from CLDR's for some currencies. Rounding is half up,
once per line. Floats never take part.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MICRO = 1_000_000
ONE = 10_000                       # one of a quantity, one percent
LIMIT = 2**53                      # totals stay below: exact in every JSON reader
EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "UYI": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
    "CLF": 4, "UYW": 4,
}


def exponent(currency: str) -> int:
    """How many decimals the currency's minor unit stands for: 2 for EUR, 0 for JPY, 3 for KWD."""
    return EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units of a currency."""

    minor: int
    currency: str

    @property
    def decimal(self) -> Decimal:
        """The amount in major units, with all decimals of the currency."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


def to_minor(amount: Decimal, currency: str) -> int:
    """A decimal amount in minor units; raises ValueError when it has more decimals than the currency."""
    scaled = amount.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise ValueError(f"has more than {exponent(currency)} decimals")
    return int(scaled)


def to_micro(price: Decimal) -> int:
    """A unit price in millionths; raises ValueError beyond six decimals."""
    scaled = price.scaleb(6)
    if scaled != scaled.to_integral_value():
        raise ValueError("has more than 6 decimals")
    return int(scaled)


def from_micro(value: int) -> Decimal:
    """A unit price as a decimal of major units."""
    return Decimal(value).scaleb(-6)


def to_ten_thousandths(value: Decimal) -> int:
    """A quantity or a percentage in ten-thousandths; raises ValueError beyond four decimals."""
    scaled = value.scaleb(4)
    if scaled != scaled.to_integral_value():
        raise ValueError("has more than 4 decimals")
    return int(scaled)


def from_ten_thousandths(value: int) -> Decimal:
    """A quantity or a percentage as people write it, without zeros that say nothing: 2, 2.25."""
    whole, rest = divmod(value, ONE)
    return Decimal(whole) if not rest else Decimal(value).scaleb(-4).normalize()


def divided(numerator: int, denominator: int) -> int:
    """The nearest integer, halves up; both numbers are positive, the first may be 0."""
    return (2 * numerator + denominator) // (2 * denominator)


def line_minor(quantity: int, price_micro: int, currency: str) -> int:
    """Quantity (in ten-thousandths) times unit price in minor units, rounded half up once."""
    return divided(quantity * price_micro, 10 ** (10 - exponent(currency)))


def percent_minor(amount_minor: int, percent: int) -> int:
    """A percentage (in ten-thousandths of a percent: 210000 = 21 %) of an amount, half up."""
    return divided(amount_minor * percent, 100 * ONE)


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """An amount in parts proportional to the weights; what is left goes to the largest remainders, the first of equals.

    The parts add up to the amount. None is above its weight as long as the amount is not above their sum.
    """
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [divmod(amount * weight, whole) for weight in weights]
    left = amount - sum(part for part, _ in parts)
    favoured = sorted(range(len(weights)), key=lambda place: -parts[place][1])[:left]
    return [part + (place in favoured) for place, (part, _) in enumerate(parts)]

"""Money as integers: minor units for amounts, millionths of the major unit for unit prices.

Exponents are those of ISO 4217, which differ from CLDR's for some currencies. Rounding is half up
(away from zero), once per line. Floats never take part.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

MICRO = 1_000_000
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


def half_up(value: Decimal) -> int:
    """The nearest integer, halves away from zero."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def line_minor(quantity: int, price_micro: int, currency: str) -> int:
    """Quantity times unit price in minor units, rounded half up once."""
    return half_up(Decimal(quantity * price_micro).scaleb(exponent(currency) - 6))


def percent_minor(amount_minor: int, percent_hundredths: int) -> int:
    """A percentage, given in hundredths of a percent (2100 = 21 %), of an amount; half up."""
    return half_up(Decimal(amount_minor * percent_hundredths) / 10_000)

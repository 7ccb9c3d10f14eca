"""Writes amounts, prices, percentages, quantities and days as readers of a language expect them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.dates import format_date
from babel.numbers import NumberPattern, parse_pattern

from models.money import Money, exponent, from_micro, from_ten_thousandths

MOST_PRICE_DECIMALS = 6


@cache
def pattern(text: str, least: int, most: int) -> NumberPattern:
    """A pattern of CLDR with another number of decimals."""
    made = parse_pattern(text)
    made.frac_prec = (least, most)
    return made


@dataclass(frozen=True, slots=True)
class Formats:
    """The formats of a locale, with amounts in one currency. Decimals are those of ISO 4217, not CLDR's."""

    locale: Locale
    currency: str

    def money(self, minor: int) -> str:
        """An amount in minor units: €1,234.50, 1.234,50 €, -€5.00."""
        least = exponent(self.currency)
        return self._money(Money(minor, self.currency).decimal, least, least)

    def price(self, micro: int) -> str:
        """A unit price in millionths, with at least the decimals of its currency."""
        return self._money(from_micro(micro), exponent(self.currency), MOST_PRICE_DECIMALS)

    def _money(self, amount: Decimal, least: int, most: int) -> str:
        written = pattern(self.locale.currency_formats["standard"].pattern, least, most).apply(
            amount, self.locale, currency=self.currency, currency_digits=False)
        return str(written)

    def percent(self, ten_thousandths: int) -> str:
        """A percentage: 19 %, 9.975%."""
        share = Decimal(ten_thousandths).scaleb(-6)
        return str(pattern(self.locale.percent_formats[None].pattern, 0, 4).apply(share, self.locale))

    def quantity(self, ten_thousandths: int) -> str:
        """A quantity without zeros that say nothing: 2, 2.25."""
        number = from_ten_thousandths(ten_thousandths)
        return str(pattern(self.locale.decimal_formats[None].pattern, 0, 4).apply(number, self.locale))

    def day(self, day: date) -> str:
        """28 December 2026."""
        return str(format_date(day, "long", locale=self.locale))

    def short_day(self, day: date) -> str:
        """28 Dec 2026."""
        return str(format_date(day, "medium", locale=self.locale))

    def country(self, code: str) -> str:
        """The name of a country."""
        return str(self.locale.territories.get(code, code))

"""Formats amounts and days for customers: €42.74, 28 December 2026, in the merchant's zone."""

from datetime import date, datetime
from typing import Any

from markupsafe import Markup

from blueprints.pages.format import LAST_SECOND, decimals, zone
from models.money import Money, exponent, from_micro

# Only signs that mean one currency; for the others the code is clearer.
SIGNS = {"EUR": "€", "GBP": "£", "USD": "$", "JPY": "¥", "INR": "₹", "KRW": "₩", "TRY": "₺", "UAH": "₴", "ILS": "₪"}
NARROW = "\u00a0"               # a number and its unit stay on one line
MINUS = "−"


def register(bp: Any) -> None:
    """Register the filters."""
    for name, function in (("amount", amount), ("unit_price", unit_price), ("long_day", long_day),
                           ("long_time", long_time), ("hour", hour), ("quantity", decimals)):
        bp.add_app_template_filter(function, name)


def _signed(number: str, currency: str) -> str:
    sign = SIGNS.get(currency)
    return f"{sign}{number}" if sign else f"{currency}{NARROW}{number}"


def amount(minor: int, currency: str) -> str:
    """An amount in minor units: €1,234.50, −€5.00, CHF 20.00."""
    shown = _signed(f"{Money(abs(minor), currency).decimal:,}", currency)
    return f"{MINUS}{NARROW}{shown}" if minor < 0 else shown


def unit_price(micro: int, currency: str) -> str:
    """A unit price in millionths, with at least the decimals of its currency."""
    whole, _, rest = f"{from_micro(micro):,f}".partition(".")
    rest = rest.rstrip("0").ljust(exponent(currency), "0")
    return _signed(f"{whole}.{rest}" if rest else whole, currency)


def long_day(moment: datetime | date) -> Markup:
    """28 December 2026."""
    if not isinstance(moment, datetime):
        return _time(moment, f"{moment:%-d %B %Y}")
    return _time(moment, f"{moment.astimezone(zone()):%-d %B %Y}")


def long_time(moment: datetime) -> Markup:
    """28 December 2026 at 15:03; only the day where a day's end is meant."""
    local = moment.astimezone(zone())
    if local.time().replace(microsecond=0) == LAST_SECOND:
        return long_day(moment)
    return _time(moment, f"{local:%-d %B %Y} at {local:%H:%M}")


def hour(moment: datetime) -> Markup:
    """15:03."""
    return _time(moment, f"{moment.astimezone(zone()):%H:%M}")


def _time(moment: datetime | date, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(timespec="seconds")
                                                          if isinstance(moment, datetime) else moment, text)

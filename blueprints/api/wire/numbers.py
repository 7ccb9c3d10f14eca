"""Writes money as JSON numbers."""

from typing import Any

from orjson import Fragment

from models.money import MICRO, Money, exponent

FLOAT_DIGITS = 10**15


def amount(minor: int | None, currency: str) -> Any:
    """Minor units as an exact JSON number: a float has 15 digits, text all of them."""
    if minor is None or -FLOAT_DIGITS < minor < FLOAT_DIGITS:
        return None if minor is None else minor / 10 ** exponent(currency)
    return Fragment(str(Money(minor, currency).decimal))


def price(micro: int | None, _: str) -> float | None:
    """Millionths as the nearest JSON number."""
    return None if micro is None else micro / MICRO

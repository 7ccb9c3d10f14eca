"""Money as JSON numbers, for the contracts that write it so."""

from typing import Any

from orjson import Fragment

from models.money import MICRO, Money, exponent

FLOAT_DIGITS = 10**15


def amount(minor: int | None, currency: str) -> Any:
    """Minor units as a JSON number, digit by digit what it is: a float carries 15 digits, text all of them."""
    if minor is None or -FLOAT_DIGITS < minor < FLOAT_DIGITS:
        return None if minor is None else minor / 10 ** exponent(currency)
    return Fragment(str(Money(minor, currency).decimal))


def price(micro: int | None, _: str) -> float | None:
    """Millionths as the nearest JSON number."""
    return None if micro is None else micro / MICRO

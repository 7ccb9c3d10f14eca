"""Converts between minor units of ISO 4217 and the amounts of Stripe, which counts some currencies otherwise.

Source: https://docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases".
"""

from models.money import exponent

# Without decimals at Stripe. MGA has two in ISO 4217; UGX and ISK, without any there, are sent with two zeros.
ZERO_DECIMALS = frozenset({
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
})
THREE_DECIMALS = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})      # of which the last must be 0


def decimals(currency: str) -> int:
    """How many decimals the amounts of Stripe have."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def scaled(number: int, shift: int) -> tuple[int, int]:
    """A number times a power of ten, and what is left over of it."""
    factor: int = 10 ** abs(shift)
    return (number * factor, 0) if shift >= 0 else divmod(number, factor)


def to_stripe(minor: int, currency: str) -> int:
    """Our minor units as Stripe counts them; raises ValueError, with a sentence, for what cannot be charged there."""
    shift = decimals(currency) - exponent(currency)
    amount, rest = scaled(minor, shift)
    if rest:
        raise ValueError(f"Stripe takes whole amounts only in {currency}.")
    if currency in THREE_DECIMALS and amount % 10:
        raise ValueError(f"Stripe takes two decimals only in {currency}: the third must be 0.")
    return amount


def from_stripe(amount: int, currency: str) -> int:
    """An amount of Stripe in our minor units; raises ValueError for one that has none."""
    shift = exponent(currency) - decimals(currency)
    minor, rest = scaled(amount, shift)
    if rest:
        raise ValueError(f"{amount} is no amount in {currency}")
    return minor

"""Lists the choices that forms of several nouns share."""

from typing import Any

from database.searching import fold
from domain.inputs import validators
from domain.inputs.iso_codes import MONEY_CODES


def countries(_: Any) -> list[tuple[str, str]]:
    """Countries by name."""
    return sorted(validators.countries().items(), key=lambda pair: fold(pair[1]))


def currencies(_: Any) -> list[tuple[str, str]]:
    """Currencies by code, in which something can be paid."""
    known = validators.currencies()
    return [(code, f"{code} · {known[code]}") for code in sorted(MONEY_CODES)]


def zones(_: Any) -> list[tuple[str, str]]:
    """Time zones by name."""
    return [(name, name) for name in sorted(validators.timezones())]

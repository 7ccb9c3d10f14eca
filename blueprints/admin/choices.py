"""Lists the choices that forms of several nouns share."""

from typing import Any

from babel import Locale

from database.searching import fold
from domain.inputs import validators
from domain.inputs.iso_codes import MONEY_CODES
from models.language import Language


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


def languages(_: Any) -> list[tuple[str, str]]:
    """Languages of documents, each in its own words."""
    return [(one.value, str(Locale(one.value).get_display_name(one.value)).capitalize()) for one in Language]

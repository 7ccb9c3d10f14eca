"""Lists the choices that forms of several nouns share."""

from typing import Any

from database.searching import fold
from domain.inputs import validators


def countries(_: Any) -> list[tuple[str, str]]:
    """Countries by name."""
    return sorted(validators.countries().items(), key=lambda pair: fold(pair[1]))


def currencies(_: Any) -> list[tuple[str, str]]:
    """Currencies by code."""
    return [(code, f"{code} · {name}") for code, name in sorted(validators.currencies().items())]


def zones(_: Any) -> list[tuple[str, str]]:
    """Time zones by name."""
    return [(name, name) for name in sorted(validators.timezones())]

"""Defines the fields of orders that only the Merchant API has: lines and terms that are only sent, words of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.field import SKIP, Convert, Field, Formats, Problems
from blueprints.api.field_map import WriteOnly
from blueprints.api.field_parts import Many
from blueprints.api.json_schema import Schema, nullable
from blueprints.api.money_text import SENT_MONEY
from blueprints.api.requests.unknown_names import SENT
from domain.errors import Problem
from models.order import OrderSource
from models.product import IntervalUnit

SOURCES = {OrderSource.UI: 1, OrderSource.API: 2}
SENT_WHOLE: Schema = {"type": ["string", "integer", "null"], "pattern": r"^[1-9]\d{0,3}$"}


@dataclass(frozen=True, kw_only=True)
class Named(Field):
    """The id of a row that has to be named."""

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if value is None or value == "":
            problems[path] = Problem("unknown", "must exist")
            return SKIP
        return value


@dataclass(frozen=True, kw_only=True)
class SentLines(Many):
    """A list of objects that is only sent; it is shown under another name."""

    @property
    def is_shown(self) -> bool:
        return False

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return super().take([] if value in ("", [""]) else value, path, problems)      # an empty field of a form

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any] | None:      # type: ignore[override]
        return None


@dataclass(frozen=True, kw_only=True)
class SentMoney(WriteOnly):
    """A number that is only sent, as text or as a number; with `or_absent` an empty one counts as left out."""

    or_absent: bool = False

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return SKIP if self.or_absent and value in (None, "") else value

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return nullable(SENT_MONEY) | {"writeOnly": True}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return str(row.get(self.name, 0))


@dataclass(frozen=True, kw_only=True)
class SentTruth(WriteOnly):
    """True or false; null leaves it out."""

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return SKIP if value is None else value

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return nullable(base) | {"writeOnly": True}


@dataclass(frozen=True, kw_only=True)
class SentWhole(WriteOnly):
    """A whole number that is only sent, as text or as a number."""

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return SENT_WHOLE | {"writeOnly": True}


@dataclass(frozen=True, kw_only=True)
class SentInterval(WriteOnly):
    """A number of units, or (MONTH) the unit itself; `called` is its name here, and its mistakes have it."""

    called: str

    @property
    def names(self) -> tuple[str, ...]:
        return ("interval_count", "interval_unit")

    def put(self, taken: dict[str, Any], value: Any, path: str, problems: Problems) -> None:
        if value is None or value == "":
            return
        is_unit = isinstance(value, str) and value.upper() in set(IntervalUnit)
        name, value = ("interval_unit", value.upper()) if is_unit else ("interval_count", value)
        if name in taken and str(taken[name]) != str(value):
            other = "scheduled_unit" if is_unit else "scheduled_interval"
            problems[SENT + self.called] = Problem("contradiction", f"is not the same as {other}")
        taken[name] = value

    def word_of(self, wire: str, head: str, rest: str) -> str | None:
        return wire if head == "interval_count" else None

    def taken(self, base: Schema, formats: Formats) -> Schema:
        units = "|".join(IntervalUnit)
        return SENT_WHOLE | {"pattern": rf"^([1-9]\d{{0,3}}|{units})$", "writeOnly": True}


@dataclass(frozen=True, kw_only=True)
class Source(Field):
    """Where an order was made: 1 in the dashboard, 2 by an API."""

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: SOURCES[value]

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "integer", "enum": [1, 2]}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return SOURCES[OrderSource.API]


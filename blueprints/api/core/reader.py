"""Reads the parameters of a search, typed (JSON-RPC) or as text (query string); collects all mistakes."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError

from blueprints.api.contract import Exposure, Parameter
from domain.errors import Invalid, Problem
from domain.inputs import times
from domain.inputs.validators import is_whole
from domain.listing import LARGEST_ID

WHOLE = re.compile(r"\d{1,100}\Z", re.ASCII)
LOST_PLUS = re.compile(r"(\d\d:\d\d) (\d\d:?\d\d)\Z", re.ASCII)       # of an offset in a URL that was not escaped
MOMENTS = {"moment": False, "day_end": True}                            # whether a bare day is its last instant
LONGEST_TEXT = 200          # characters of a filter's value
MOST_IDS = 1000


class QueryReader:
    """Reads each parameter once."""

    def __init__(self, given: Mapping[str, Any], zone: tzinfo = UTC):
        self.given, self.zone = given, zone
        self.problems: dict[str, Problem] = {}

    def _wrong(self, name: str, text: str, code: str) -> None:
        self.problems.setdefault(name, Problem(code, text))

    @staticmethod
    def _number(value: Any) -> int | None:
        if isinstance(value, str) and WHOLE.match(value):
            return int(value)
        if isinstance(value, Decimal) and is_whole(value):
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        """A whole number within bounds."""
        value = self.given.get(name)
        if value is None:
            return default
        number = self._number(value)
        if number is None or not low <= number <= high:
            self._wrong(name, f"must be an integer from {low} to {high}", "range")
            return default
        return number

    def order(self, name: str, known: Mapping[str, str]) -> tuple[tuple[str, bool], ...]:
        """Columns, each with a leading minus for descending: a list, or one text with commas."""
        value = self.given.get(name) or []
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list) or len(words) > 5 or not all(isinstance(one, str) for one in words):
            self._wrong(name, "must be a list of at most 5 columns", "type")
            return ()
        found = [(known.get(one.strip().removeprefix("-")), one.strip().startswith("-")) for one in words]
        if any(column is None for column, _ in found):
            self._wrong(name, "must name columns among " + ", ".join(known), "inclusion")
        return tuple((column, down) for column, down in found if column is not None)

    def filter(self, name: str, parameter: Parameter, exposure: Exposure) -> Any:
        """The typed value of a filter, or None."""
        value = self.given.get(name)
        if value is None:
            return None
        if parameter.words is not None:
            if isinstance(value, list | dict) or value not in parameter.words:
                self._wrong(name, "must be one of " + ", ".join(str(one) for one in parameter.words), "inclusion")
                return None
            return parameter.words[value]
        kind = exposure.resource.listing.filters[parameter.filter].kind
        if kind is list:
            return self.ids(name)
        if kind is int:
            return self._id(name, value)
        text = self._text(name, value)
        return self._moment(name, text, end_of_day=MOMENTS[kind]) if text is not None and kind in MOMENTS else text

    def _text(self, name: str, value: Any) -> str | None:
        if not isinstance(value, str) or "\x00" in value or "\ufffd" in value or not _is_text(value):
            self._wrong(name, "must be a string", "type")
            return None
        if len(value) > LONGEST_TEXT:
            self._wrong(name, f"must have at most {LONGEST_TEXT} characters", "too_long")
            return None
        return value

    def _moment(self, name: str, text: str, *, end_of_day: bool) -> datetime | None:
        """A time, or a day in the zone of the call."""
        try:
            return times.moment(LOST_PLUS.sub(r"\1+\2", text), self.zone, end_of_day=end_of_day)
        except PydanticCustomError as problem:
            self._wrong(name, problem.message(), problem.type)
            return None

    def _id(self, name: str, value: Any) -> int | None:
        number = self._number(value)
        if number is None or number < 1:
            self._wrong(name, "must be an id", "type")
            return None
        return min(number, LARGEST_ID)               # no row has it

    def ids(self, name: str) -> list[int] | None:
        """Ids of rows: an array, one id, or a text with commas; None where nothing was sent."""
        value = self.given.get(name)
        if value is None:
            return None
        values = value if isinstance(value, list) else value.split(",") if isinstance(value, str) else [value]
        numbers = [self._number(one) for one in values]
        if len(numbers) > MOST_IDS or any(one is None or one < 1 for one in numbers):
            self._wrong(name, f"must be an array of at most {MOST_IDS} ids", "type")
            return None
        return [min(one, LARGEST_ID) for one in numbers if one is not None]

    def done(self) -> None:
        """Raises Invalid when anything was wrong."""
        if self.problems:
            raise Invalid("Invalid request", fields=self.problems)


def _is_text(value: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in value)

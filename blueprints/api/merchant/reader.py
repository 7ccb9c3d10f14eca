"""Reads the query parameters of lists, each once; collects all mistakes."""

import re
from collections.abc import Mapping
from typing import Any

from blueprints.api.contract import Exposure, Parameter
from domain.errors import Invalid, Problem
from domain.listing import LARGEST_ID

WHOLE = re.compile(r"-?\d{1,100}\Z", re.ASCII)
ID = re.compile(r"[1-9]\d{0,99}\Z", re.ASCII)
LONGEST_TEXT = 200
PER_PAGE, MOST_PER_PAGE = 25, 100
LAST_PAGE = 10**15                       # beyond every list, and within the databases' numbers


def id_of(text: str) -> int | None:
    """An id as a number; one that is larger than ids can be is that of no row."""
    return min(int(text), LARGEST_ID) if ID.match(text) else None


class QueryReader:
    """Reads each parameter once."""

    def __init__(self, given: Mapping[str, list[str]]):
        self.given = given
        self.problems: dict[str, Problem] = {}

    def _one(self, name: str) -> str | None:
        values = self.given.get(name)
        if values is not None and len(values) > 1:
            self._wrong(name, "was sent more than once", "repeated")
        return values[0] if values else None

    def _wrong(self, name: str, text: str, code: str) -> None:
        self.problems.setdefault(name, Problem(code, text))

    def whole(self, name: str, default: int) -> int:
        """A whole number from 1 on."""
        text = self._one(name)
        if text is None:
            return default
        if not WHOLE.match(text):
            self._wrong(name, "is invalid", "type")
            return default
        if int(text) < 1:
            self._wrong(name, "must be greater than 0", "range")
        return min(int(text), LAST_PAGE)

    def filter(self, name: str, parameter: Parameter, exposure: Exposure) -> Any:
        """The typed value of a filter, or None."""
        text = self._one(name)
        if text is None:
            return None
        if parameter.words is not None:
            if text not in parameter.words:
                self._wrong(name, "is not included in the list", "inclusion")
            return parameter.words.get(text)
        if exposure.resource.listing.filters[parameter.filter].kind is int:
            if (found := id_of(text)) is None:
                self._wrong(name, "is invalid", "type")
            return found
        if len(text) > LONGEST_TEXT or "\x00" in text or "\ufffd" in text:
            self._wrong(name, "is too long" if len(text) > LONGEST_TEXT else "is invalid", "invalid")
        return text

    def done(self) -> None:
        """Raises Invalid when anything was wrong."""
        if self.problems:
            raise Invalid("Some query parameters cannot be used.", code="invalid_parameter", fields=self.problems)

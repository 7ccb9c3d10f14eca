"""Reads the dates and amounts of a bank's CSV file in the one form that the whole column has."""

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

YEAR_FIRST = re.compile(r"(\d{4})([-/.]?)(\d\d)\2(\d\d)(?:[T ].*)?", re.ASCII)
DAY_OR_MONTH = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d\d)(?:[T ].*)?", re.ASCII)
WITH_WORD = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3})[a-z]*\.?[ -](\d{4}|\d\d)", re.ASCII)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
PLAIN = re.compile(r"[+-]?\d+([.,]\d+)?", re.ASCII)
AROUND = re.compile(r"[\s'’]|EUR|USD|GBP|CHF|€|\$|£", re.IGNORECASE)
CENTURY = 2000


class DateForm(NamedTuple):
    """How a column writes its dates."""

    day_first: bool


class NotRead(Exception):
    """A value, or a column, that cannot be read without guessing; the text is the end of a sentence."""


def date_form(values: Iterable[str], day_first: bool | None) -> DateForm:
    """The order of day and month in a column, from all of its values; NotRead if several are possible."""
    orders, are_equal, has_dots = {True, False}, True, False
    for one in filter(None, (DAY_OR_MONTH.fullmatch(value.strip()) for value in values)):
        first, second = int(one[1]), int(one[3])
        orders -= {order for order, day, month in ((True, first, second), (False, second, first))
                   if day > 31 or month > 12}
        are_equal, has_dots = are_equal and first == second, has_dots or one[2] == "."
    if day_first is not None:
        return DateForm(day_first)
    if not orders or orders == {True} or has_dots:                                # dots are written day first
        return DateForm(True)
    if orders == {False}:
        return DateForm(False)
    if are_equal:                                                                 # or there is no such date
        return DateForm(True)
    raise NotRead("could be day/month or month/day: say which")


def day(text: str, form: DateForm) -> date:
    """A date as a bank writes it; a time of day behind it is left out. NotRead when it is none."""
    value = text.strip()
    if found := YEAR_FIRST.fullmatch(value):
        return _date(int(found[1]), int(found[3]), int(found[4]))
    if found := DAY_OR_MONTH.fullmatch(value):
        first, second = int(found[1]), int(found[3])
        return _date(_year(found[4]), *((second, first) if form.day_first else (first, second)))
    if (found := WITH_WORD.fullmatch(value)) and found[2].lower() in MONTHS:
        return _date(_year(found[3]), MONTHS.index(found[2].lower()) + 1, int(found[1]))
    raise NotRead("is no date")


def _year(text: str) -> int:
    return int(text) + (CENTURY if len(text) == 2 else 0)


def _date(year: int, month: int, of_month: int) -> date:
    try:
        return date(year, month, of_month)
    except ValueError:
        raise NotRead("is no date") from None


def decimal_mark(values: Iterable[str]) -> str:
    """The mark before the decimals in a column of amounts, from all of its values; NotRead if both are possible."""
    marks: set[str] = set()
    unclear = False
    for value in (_bare(one).strip("()+-") for one in values):
        last = max(value.rfind("."), value.rfind(","))
        if last < 0:
            continue
        mark, other = value[last], "," if value[last] == "." else "."
        if other in value:
            marks.add(mark)
        elif value.count(mark) > 1:
            marks.add(other)                              # 1.234.567: the mark groups thousands
        elif len(value) - last - 1 != 3:
            marks.add(mark)
        else:
            unclear = True                                # 1.234
    if len(marks) > 1:
        raise NotRead("are written with a decimal comma here and a decimal point there")
    if unclear and not marks:
        raise NotRead("could have three decimals or none: say which mark stands before the decimals")
    return next(iter(marks), ".")


def amount(text: str, mark: str) -> Decimal:
    """An amount with its sign before or behind it, in brackets when negative; NotRead when it is none."""
    value = _bare(text)
    is_negative = value.startswith("(") and value.endswith(")")
    value = value.strip("()") if is_negative else value
    if value[-1:] in ("-", "+"):
        value = value[-1] + value[:-1]
    whole, _, decimals = value.partition(mark)
    other = "," if mark == "." else "."
    groups = whole.lstrip("+-").split(other)
    if len(groups) > 1 and (not 1 <= len(groups[0]) <= 3 or any(len(one) != 3 for one in groups[1:])):
        raise NotRead("is no amount")
    joined = whole.replace(other, "") + (f".{decimals}" if decimals else "")
    if not PLAIN.fullmatch(joined) or len(joined) > 24:
        raise NotRead("is no amount")
    return -Decimal(joined) if is_negative else Decimal(joined)


def _bare(text: str) -> str:
    return AROUND.sub("", text).replace("−", "-")

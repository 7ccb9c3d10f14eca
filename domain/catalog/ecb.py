"""Reads exchange rates as the European Central Bank publishes them: one line a day, or one line a rate.

`eurofxref-hist.csv`: Date,USD,JPY,… with N/A where there is none and one empty last column; rates
are units of the currency for one euro. The long form is date,currency,rate.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

from domain.actor import Actor
from domain.catalog import currencies
from domain.errors import Invalid

CHUNK = 5000                # rates of one transaction: large enough to be fast, short enough to wait for
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NUMBER = re.compile(r"\d{1,15}(\.\d{1,24})?", re.ASCII)
NONE = ("", "N/A")


class Value(NamedTuple):
    """One rate of a file: units of the currency for one euro, as decimal text."""

    line: int
    day: date
    code: str
    rate: str


class Rejected(NamedTuple):
    """A value that cannot be a rate, and why."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Part:
    """The result of importing some values."""

    stored: int
    rejected: list[Rejected]
    first: date | None
    last: date | None


def values(raw: BinaryIO) -> Iterator[Value | Rejected]:
    """Every rate of a file, plain or gzip; Invalid when it is not a file of rates."""
    begins = raw.read(2)
    raw.seek(0)
    stream: Any = gzip.GzipFile(fileobj=raw) if begins == b"\x1f\x8b" else raw
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        yield from _lines(csv.reader(text))
    except (UnicodeDecodeError, csv.Error, EOFError, OSError, zlib.error) as problem:
        raise Invalid(f"This is not an ECB rates file: {problem}.") from None
    finally:
        text.detach()            # the caller closes the file


def _lines(lines: Any) -> Iterator[Value | Rejected]:
    header = [name.strip() for name in next(lines, [])]
    if [name.lower() for name in header[:1]] != ["date"]:
        raise Invalid("This is not an ECB rates file: its first column must be called Date.")
    long = [name.lower() for name in header] == ["date", "currency", "rate"]
    for line in lines:
        yield from _line(lines.line_num, line, None if long else header)


def _line(number: int, line: list[str], header: list[str] | None) -> Iterator[Value | Rejected]:
    """The rates of one line; `header` is None in the long form."""
    if not any(line):
        return
    if header is None and len(line) != 3:
        yield Rejected(number, "does not have three columns")
        return
    pairs = [(line[1], line[2])] if header is None else zip(header[1:], line[1:], strict=False)
    for code, text in pairs:
        if code.strip() and text.strip() not in NONE:
            yield _value(number, line[0].strip(), code.strip(), text.strip())


def _value(number: int, day: str, code: str, text: str) -> Value | Rejected:
    if not NUMBER.fullmatch(text) or not Decimal(text):
        return Rejected(number, f"{code[:10]}: {text[:40]!r} is not a rate")
    try:
        if not DAY.fullmatch(day):
            raise ValueError(day)
        return Value(number, date.fromisoformat(day), code, text)
    except (ValueError, InvalidOperation):
        return Rejected(number, f"{code[:10]}: {day[:40]!r} is not a day")


def portions(raw: BinaryIO) -> Iterator[list[Value | Rejected]]:
    """Every rate of a file, in portions of one transaction; a file is read outside of it."""
    found = values(raw)
    while part := list(islice(found, CHUNK)):
        yield part


def import_some(part: list[Value | Rejected], actor: Actor) -> Part:
    """Store some values inside the caller's transaction."""
    euro = currencies.named("from", "EUR").id
    known = {code: key for key, code in currencies.codes().items()}
    good = [one for one in part if isinstance(one, Value) and one.code in known and one.code != "EUR"]
    rejected = [_why_not(one, known) for one in part if isinstance(one, Rejected) or one.code not in known]
    currencies.store([(euro, known[one.code], one.day, one.rate) for one in good], source_name="ecb")
    days = [one.day for one in good]
    return Part(len(good), rejected, min(days, default=None), max(days, default=None))


def _why_not(one: Value | Rejected, known: dict[str, int]) -> Rejected:
    if isinstance(one, Rejected):
        return one
    return Rejected(one.line, f"{one.code[:10]!r} is not a currency")

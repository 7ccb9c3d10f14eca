"""Exchange rates as the European Central Bank publishes them: one line a day, or one line a rate.

`eurofxref-hist.csv`: Date,USD,JPY,… with N/A where there is none and one empty last column; rates
are units of the currency for one euro. The long form is date,currency,rate.
"""

import csv
import gzip
from collections.abc import Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import islice
from pathlib import Path

from domain import currencies
from domain.actor import Actor
from domain.errors import Invalid

CHUNK = 1000


class Rejected(Exception):
    """One value that cannot be a rate; the message names the line."""


def rates(path: Path) -> Iterator[tuple[date, str, str] | Rejected]:
    """Every rate of a file (also .gz) as day, currency code and decimal text, or why it is none."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as file:
        lines = csv.reader(file)
        header = [name.strip() for name in next(lines, [])]
        if header[:1] not in (["Date"], ["date"]):
            raise Invalid("This is not a file of ECB rates: the first column must be called Date.")
        long = [name.lower() for name in header] == ["date", "currency", "rate"]
        for number, line in enumerate(lines, 2):
            if not any(line):
                continue
            pairs = [(line[1], line[2])] if long and len(line) == 3 else zip(header[1:], line[1:], strict=False)
            for code, text in pairs:
                if code and text.strip() not in ("", "N/A"):
                    yield _rate(number, line[0], code.strip(), text.strip())


def _rate(number: int, day: str, code: str, text: str) -> tuple[date, str, str] | Rejected:
    try:
        value = Decimal(text)
        if not (value.is_finite() and 0 < value < currencies.MAX_RATE):
            raise ValueError(text)
        return date.fromisoformat(day.strip()), code, format(value, "f")
    except (ValueError, InvalidOperation):
        return Rejected(f"line {number}: {code[:10]} has no usable rate")


def import_some(found: Iterator[tuple[date, str, str] | Rejected], actor: Actor) -> tuple[int, int] | None:
    """Store the next rates inside the caller's transaction: how many stored and rejected; None at the end."""
    part = list(islice(found, CHUNK))
    if not part:
        return None
    euro = currencies.named("from", "EUR").id
    known = {code: key for key, code in currencies.codes().items()}
    rows = [(euro, known[one[1]], one[0], one[2]) for one in part if not isinstance(one, Rejected) and one[1] in known]
    return currencies.store(rows, source_name="ecb"), len(part) - len(rows)

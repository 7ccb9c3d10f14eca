"""Exports lists as CSV: the columns of the page, all rows, safe in a spreadsheet."""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, send_file
from markupsafe import Markup

from blueprints.admin.crud.listing import Column
from blueprints.pages.format import zone
from domain import clock
from domain.pages import Record
from models.money import Money, exponent, from_micro, from_ten_thousandths

IN_MEMORY = 4_000_000               # bytes; larger exports use a temporary file
AMOUNTS = ("money", "price")
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> str:
    """A cell; a quote precedes text that a spreadsheet would take for a formula."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone()).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Markup):
        value = value.striptags()
    if not isinstance(value, str):
        return str(value)
    return "'" + value if value.startswith(FORMULAS) else str(value)


def heading(columns: Sequence[Column]) -> list[str]:
    """The names of the columns in a file: the id first, and after the first amount the currency of all."""
    return ["id", *dict.fromkeys(name for column in _exported(columns) for name in _names(column))]


def line(record: Record, columns: Sequence[Column]) -> list[Any]:
    """A row of the file, in the order of `heading`."""
    found: dict[str, Any] = {"id": record.id}
    for column in _exported(columns):
        name, *of_amount = _names(column)
        found[name] = flat(record, column)
        for currency in of_amount:
            found[currency] = record.currency
    return list(found.values())


def _exported(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.kind != "custom" and column.name != "id"]


def _names(column: Column) -> list[str]:
    """The name without its stored unit: total_minor becomes total."""
    name = re.sub(r"_(name|minor|micro|ten_thousandths)\Z", "", column.name)
    return [name, "currency"] if column.kind in AMOUNTS else [name]


def flat(record: Record, column: Column) -> Any:
    """A cell's value in a file."""
    if column.shown is not None and not hasattr(record, column.name):
        return column.shown(record)                      # computed, and in no other form
    value = getattr(record, column.name, None)
    if column.kind == "price":
        return None if value is None else _price(value, record.currency)
    if column.kind == "money":
        is_said = column.shown is not None and isinstance(column.shown(record), str)        # By use
        return None if value is None or is_said else Money(value, record.currency).decimal
    if column.kind == "percent":
        return None if value is None else from_ten_thousandths(value)
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _price(micro: int, currency: str) -> Decimal:
    """A unit price with the decimals of its currency, or with more where it has more."""
    whole, _, decimals = f"{from_micro(micro):f}".partition(".")
    decimals = decimals.rstrip("0").ljust(exponent(currency), "0")
    return Decimal(f"{whole}.{decimals}")


def send(name: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A download with its length, so that an incomplete one is noticed."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)          # noqa: SIM115  # the response closes it
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")            # spreadsheets need the mark
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows([safe(value) for value in row] for row in rows)
    text.flush()
    text.detach()
    size = file.tell()
    file.seek(0)
    response = send_file(
        file, mimetype="text/csv", as_attachment=True,
        download_name=f"{name}-{clock.now():%Y-%m-%d}.csv", max_age=0, etag=False,
    )
    response.content_length = size
    return response

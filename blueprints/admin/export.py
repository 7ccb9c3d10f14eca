"""Lists as CSV: what one sees, complete, and safe to open in a spreadsheet."""

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import TextIOWrapper
from tempfile import SpooledTemporaryFile
from typing import Any

from flask import Response, send_file

from blueprints._format import zone
from domain import clock

IN_MEMORY = 4_000_000               # bytes; larger exports go through the disk
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe(value: Any) -> str:
    """A cell; text that a spreadsheet would take for a formula gets a quote in front."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(zone()).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return str(value)
    return "'" + value if value.startswith(FORMULAS) else str(value)


def send(name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A download with its length stated, so that one cut short is noticed."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY)          # noqa: SIM115  # the response closes it
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")            # spreadsheets look for the mark
    writer = csv.writer(text)
    writer.writerow(heading)
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

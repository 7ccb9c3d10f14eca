"""Streams exports as CSV that is safe in a spreadsheet, or as JSON; an incomplete one is recognisable."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import orjson
from flask import Response, stream_with_context

from blueprints.admin.crud.export import safe
from blueprints.pages.format import zone
from domain import clock

BLOCK = 500                         # rows sent at once


def send(kind: str, name: str, heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Response:
    """A streamed download; its last line says that it is complete."""
    body = _csv(heading, rows) if kind == "csv" else _json(heading, rows)
    response = Response(
        stream_with_context(body), mimetype="text/csv" if kind == "csv" else "application/json")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{clock.now():%Y-%m-%d}.{kind}"'
    return response


def _csv(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    text, count = io.StringIO(), 0
    writer = csv.writer(text)
    yield b"\xef\xbb\xbf"                                       # spreadsheets need the mark
    writer.writerow(heading)
    for count, row in enumerate(rows, 1):
        writer.writerow([safe(value) for value in row])
        if not count % BLOCK:
            yield _emptied(text)
    writer.writerow([f"# complete: {count} rows"])
    yield _emptied(text)


def _emptied(text: io.StringIO) -> bytes:
    found = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return found


def _json(heading: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    yield b'{"rows":['
    count = 0
    for count, row in enumerate(rows, 1):
        yield (b",\n" if count > 1 else b"\n") + orjson.dumps(
            dict(zip(heading, map(_plain, row), strict=True)))
    yield b'\n],"complete":true,"count":%d}\n' % count


def _plain(value: Any) -> Any:
    return value.astimezone(zone()).isoformat() if isinstance(value, datetime) else value

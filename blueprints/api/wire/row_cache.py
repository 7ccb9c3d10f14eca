"""Caches rows of lists as JSON by their content: an unchanged row is not serialised again.

The database is read at every call; only the conversion to text is saved. Nothing can be stale,
because a row's whole content is the key of its text. Rows with children are serialised each time.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from domain.pages import Record

DUMPS = orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC | orjson.OPT_OMIT_MICROSECONDS


class RowCache:
    """The cached texts of one exposure's rows; at most `most` of them, in this process."""

    most = 4096
    most_bytes = 8 * 1024 * 1024

    def __init__(self, show: Callable[[Record], dict[str, Any]]):
        self._show = show
        self._known: dict[tuple[Any, ...], orjson.Fragment] = {}
        self._bytes = 0

    def __call__(self, records: Sequence[Record]) -> list[Any]:
        known = self._known
        return [
            known.get(record.row) or self._write(record)
            if not record.children and isinstance(record.row, tuple) else self._show(record)
            for record in records
        ]

    def array(self, records: Sequence[Record]) -> orjson.Fragment:
        """All rows as one text."""
        return orjson.Fragment(orjson.dumps(self(records), option=DUMPS))

    def _write(self, record: Record) -> Any:
        raw = orjson.dumps(self._show(record), option=DUMPS)
        text = orjson.Fragment(raw)
        if len(self._known) >= self.most or self._bytes > self.most_bytes:
            self._known.clear()
            self._bytes = 0
        if self.most:
            self._known[record.row] = text
            self._bytes += len(raw)
        return text

"""Caches rows of lists as JSON by their content: an unchanged row is not serialised again.

The database is read at every call; only the conversion to text is saved. Nothing can be stale,
because a row's whole content, with its children, is the key of its text.
"""

from collections.abc import Callable, Sequence
from typing import Any

import orjson

from domain.pages import Record

MOST_CHILDREN = 20                  # of a row that is cached
OF_CHILDREN = 4                     # times: with its keys, a text with children counts as so many bytes more
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
        found = []
        for record in records:
            key = content_of(record) if record.children else record.row
            if isinstance(key, tuple):
                found.append(known.get(key) or self._write(record, key))
            else:
                found.append(self._show(record))
        return found

    def array(self, records: Sequence[Record]) -> orjson.Fragment:
        """All rows as one text."""
        return orjson.Fragment(orjson.dumps(self(records), option=DUMPS))

    def _write(self, record: Record, key: tuple[Any, ...]) -> Any:
        raw = orjson.dumps(self._show(record), option=DUMPS)
        text = orjson.Fragment(raw)
        if len(self._known) >= self.most or self._bytes > self.most_bytes:
            self._known.clear()
            self._bytes = 0
        if self.most:
            self._known[key] = text
            self._bytes += len(raw) * (OF_CHILDREN if record.children else 1)
        return text


def content_of(record: Record) -> tuple[Any, ...] | None:
    """A row with its children as a key; None where there are too many, or values that are no key."""
    children = list(record.children.values())
    if sum(map(len, children)) > MOST_CHILDREN or not isinstance(record.row, tuple):
        return None
    key = (record.row, *map(tuple, children))
    try:
        hash(key)
    except TypeError:
        return None
    return key

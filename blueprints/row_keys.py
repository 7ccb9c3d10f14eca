"""Reads the numbers of rows in addresses and forms of pages."""

import re
from typing import Any

from werkzeug.routing import IntegerConverter, Map

from domain.listing import LARGEST_ID

DIGITS = "[1-9][0-9]{0,18}"
NUMBER = re.compile(DIGITS)


def row_key(text: str) -> int | None:
    """The number of a row; None for what no row can have.

    `int` takes digits of all scripts, and more of them than a database can read, or none when they are thousands.
    """
    key = int(text) if NUMBER.fullmatch(text) else None
    return key if key is not None and key <= LARGEST_ID else None


def page_number(text: str) -> int:
    """The number of a list's page; the first for what is none."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


class RowKey(IntegerConverter):
    """A number that a row can have; any other address does not exist."""

    regex = DIGITS

    def __init__(self, map: Map, **named: Any):
        super().__init__(map, **{"max": LARGEST_ID, **named})

"""Reads files of access logs, plain or .gz, as entries: each line with its request or its error.

No line ends an import: a line that is too long or invalid is an entry with its error.
"""

import csv
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from analytics.formats import Hit, LineReader, fields
from analytics.formats.objects import COMPLETE, NAMES

FORMATS = ("auto", "combined", "json", "csv")
LONGEST_LINE = 256 * 1024                       # characters
KEPT_OF_LONG = 1000                             # of a line that is too long, in the file of rejects
MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
DIVIDERS = (",", ";", "\t")                       # spreadsheets of half the world write semicolons
FORMULA = "'"                                   # our exports put it before formulas
TROUBLE = (ValueError, TypeError, OverflowError, ArithmeticError, csv.Error, RecursionError)

Entry = tuple[str, Hit | str]                   # the line, and its request or its error


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, TextIO]]:
    """The file's bytes, for progress, and its text without a byte order mark."""
    with path.open("rb") as raw:
        packed = raw.peek(2)[:2] == b"\x1f\x8b"
        plain: Any = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if packed else raw
        head = plain.peek(2)[:2]
        encoding = next((name for mark, name in MARKS if head == mark), "utf-8-sig")
        yield raw, io.TextIOWrapper(plain, encoding=encoding, errors="backslashreplace", newline=None)


def entries(lines: TextIO, form: str) -> Iterator[Entry]:
    """Every line that is about a request; `form` is one of FORMATS."""
    first, whole = _head(lines)
    divider = next((sign for sign in DIVIDERS if _names_columns(first, sign)), None) if whole else None
    if form == "csv" or (form == "auto" and divider):
        yield from _rows(first, lines, divider or ",")
    else:
        yield from _lines(first, whole, lines, LineReader(json_only=form == "json"))


def _head(lines: TextIO) -> tuple[str, bool]:
    """The first line, and whether it is whole."""
    line = lines.readline(LONGEST_LINE)
    return line, len(line) < LONGEST_LINE or line.endswith("\n")


def _names_columns(line: str, divider: str) -> bool:
    """Whether this is the header of a CSV with a time and a status."""
    words = {word.strip().strip('"') for word in line.rstrip("\r\n").split(divider)}
    return bool(words & set(NAMES["time"]) and words & set(NAMES["status"]))


def _lines(first: str, whole: bool, lines: TextIO, reader: LineReader) -> Iterator[Entry]:
    line = first
    while line:
        if not whole:
            yield line[:KEPT_OF_LONG], f"longer than {LONGEST_LINE} characters"
            _skip_rest(lines)
        elif not reader.skips(line):
            yield _read(line.rstrip("\n"), reader)
        line, whole = _head(lines)


def _skip_rest(lines: TextIO) -> None:
    while (rest := lines.readline(LONGEST_LINE)) and not rest.endswith("\n"):
        pass


def _read(text: str, reader: LineReader) -> Entry:
    try:
        return text, reader.read(text)
    except TROUBLE as problem:
        return text, str(problem)


def _bounded(first: str, lines: TextIO) -> Iterator[str]:
    """Lines for the CSV reader: without NUL, which it refuses, and cut to the longest length."""
    line = first
    while line:
        yield line.replace("\0", "")
        line = lines.readline(LONGEST_LINE)


def _rows(first: str, lines: TextIO, divider: str) -> Iterator[Entry]:
    reader = csv.DictReader(_bounded(first, lines), delimiter=divider)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as problem:
            yield "", f"not a row of CSV: {problem}"
            continue
        values = {name: _cell(value) for name, value in row.items() if name is not None and value not in (None, "\\N")}
        text = ",".join(str(value) for value in row.values() if value is not None)
        if text.startswith(COMPLETE):
            continue
        try:
            yield text, fields(values)
        except TROUBLE as problem:
            yield text, str(problem)


def _cell(value: Any) -> Any:
    """A cell without the quote that our exports put before formulas."""
    if isinstance(value, str) and value.startswith(FORMULA) and value[1:2] in ("=", "+", "-", "@", "\t", "\r"):
        return value[1:]
    return value

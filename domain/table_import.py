"""Imports rows of a noun from a CSV file: each line makes a row, or changes the row that its cells name.

The first line has the heads: names of the noun's fields, or the other words that the noun declares. Columns with
other heads are left alone, and so is a field whose cell is empty. A line that cannot be used is refused with
its reason, and the others are stored.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from database import db
from domain import inputs
from domain.actor import Actor
from domain.audit import snapshot
from domain.errors import DomainError, Invalid
from domain.resource import Resource
from domain.text_encoding import encoding_of

MOST_BYTES = 100 * 1024 * 1024
MOST_CELLS = 200
PORTION = 500                           # lines of one transaction
DELIMITERS = ",;\t|"
Line = tuple[int, Mapping[str, str]]    # where it ends in the file, and its cells by field


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How the lines of a file become rows of a noun."""

    resource: Resource
    heads: Mapping[str, str]            # other words for a field; with a dot for a part of one
    required: tuple[str, ...]           # fields without which a file is refused
    find: Callable[[Actor, Mapping[str, str]], int | None]      # the id of the row that the cells name
    state: Callable[[Any], Any] = snapshot              # equal before and after an update that changed nothing


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not stored."""

    line: int
    reason: str


class Unchanged(Exception):
    """The row has what the line says already: nothing is written."""


@dataclass(slots=True)
class Imported:
    """What became of the lines; `unchanged` counts those of `updated` that changed nothing."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file whose heads were read. Its lines are read when they are asked for."""

    text: str
    delimiter: str
    fields: tuple[str, ...]             # by column; empty for one that is left alone
    ignored: tuple[str, ...]            # the heads of those columns

    def lines(self) -> Iterator[Line | Refused]:
        """The lines below the heads that are not empty."""
        reader = csv.reader(io.StringIO(self.text, newline=""), delimiter=self.delimiter, strict=True)
        try:
            next(reader)
            for cells in reader:
                if len(cells) > len(self.fields):
                    yield Refused(reader.line_num, f"has {len(cells)} cells below {len(self.fields)} heads")
                elif any(cell.strip() for cell in cells):
                    named = zip(self.fields, cells, strict=False)
                    yield reader.line_num, {name: cell.strip() for name, cell in named if name and cell.strip()}
        except csv.Error:
            yield Refused(reader.line_num, "the quotes do not fit, or a cell is too long; later lines were not read")


def read(table: Table, raw: bytes) -> CsvFile:
    """The file with its heads; Invalid says what is wrong with it as a whole."""
    if len(raw) > MOST_BYTES:
        raise Invalid(f"The file is larger than {MOST_BYTES // 1024**2} MB: split it.", code="bad_file")
    text = _decoded(raw)
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        heads = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise Invalid("The first line of the file, with the names of its columns, cannot be read.",
                      code="bad_file") from None
    if len(heads) > MOST_CELLS:
        raise Invalid(f"The file has more than {MOST_CELLS} columns.", code="bad_file")
    fields = tuple(_field(table, head) for head in heads)
    twice = sorted({name for name in fields if name and fields.count(name) > 1})
    if twice:
        raise Invalid(f"Two columns of the file are {twice[0]}.", code="bad_file")
    missing = [name for name in table.required if name not in fields]
    if missing:
        raise Invalid(
            f"The file has no column {' and no column '.join(missing)}. Its first line must name the columns.",
            code="bad_file", details={"missing": missing},
        )
    return CsvFile(text, delimiter, fields, tuple(
        head for head, name in zip(heads, fields, strict=True) if not name))


def store(actor: Actor, table: Table, lines: Iterable[Line | Refused], done: Imported) -> None:
    """Store some lines in the current transaction and count them; each is stored wholly or not at all."""
    for one in lines:
        if isinstance(one, Refused):
            done.refused.append(one)
            continue
        try:
            with db.session.begin_nested():
                _store_one(actor, table, one[1], done)
        except DomainError as error:
            done.refused.append(Refused(one[0], _reason(error)))
        except Unchanged:
            done.unchanged += 1
            done.updated += 1


def _store_one(actor: Actor, table: Table, cells: Mapping[str, str], done: Imported) -> None:
    resource, given = table.resource, _nested(cells)
    assert resource.create is not None              # a noun that cannot be written has no table
    assert resource.update is not None
    assert resource.input is not None
    key = table.find(actor, cells)
    if key is None:
        resource.create(actor, inputs.parse(resource.input, given, text=True))
        db.session.flush()
        done.created += 1
        return
    changes = inputs.changes(resource.input, given, text=True)
    own, row = resource.listing.lock(actor, key)
    before = table.state(row)
    resource.update(own, row, changes)
    db.session.flush()
    if table.state(row) == before:
        raise Unchanged                             # no event and no entry in the history either
    done.updated += 1


def _decoded(raw: bytes) -> str:
    encoding = encoding_of(raw)
    if encoding is not None:
        return raw.decode(encoding)
    raise Invalid("This is not a text file in UTF-8, UTF-16 or Windows-1252.", code="bad_file")


def _field(table: Table, head: str) -> str:
    """The field that a head means; empty for none."""
    assert table.resource.input is not None
    name = re.sub(r"[\s_\-]+", "_", head.strip().lower()).strip("_")
    found = table.heads.get(name, name)
    return found if found.partition(".")[0] in table.resource.input.model_fields or name in table.heads else ""


def _nested(cells: Mapping[str, str]) -> dict[str, Any]:
    """The cells as the noun's input has them: `billing_address.city` is a part of an object."""
    given: dict[str, Any] = {}
    for name, cell in cells.items():
        whole, dot, part = name.partition(".")
        if dot:
            given.setdefault(whole, {})[part] = cell
        else:
            given[name] = cell
    return given


def _reason(error: DomainError) -> str:
    if not error.fields:
        return error.message
    return "; ".join(f"{name} {problem}" for name, problem in error.fields.items())

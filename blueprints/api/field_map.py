"""The vocabulary of field maps: how a domain field looks in a contract, in both directions.

A field knows its domain name (for input and the words of errors), the column it reads, and how the
value is written and read. Contracts format moments and money through `Formats`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from domain.errors import Problem
from domain.listing import LARGEST_ID
from domain.pages import Record

Convert = Callable[[Any, Any], Any]         # (value of the column, row) to the contract's value
Problems = dict[str, Problem]
SKIP = object()                             # nothing to hand to the domain


@dataclass(frozen=True, slots=True)
class Formats:
    """How a contract writes what JSON has no type for; None leaves it to the JSON writer."""

    moment: Callable[[Any], Any] | None
    day: Callable[[Any], Any] | None
    amount: Callable[[int | None, str], Any]        # minor units and currency
    price: Callable[[int | None, str], Any]         # millionths and currency


@dataclass(frozen=True, kw_only=True)
class Field:
    """A value as it is."""

    name: str                               # the domain's name
    column: str = ""                        # what is read, if it is called otherwise
    writable: bool = True

    @property
    def source(self) -> str:
        """The column that is read; empty for what is made of child rows."""
        return self.column or self.name

    def convert(self, formats: Formats) -> Convert | None:
        """From the column to the contract; None when nothing has to be done."""
        return None

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        """The value for the domain, or SKIP after noting what is wrong with it."""
        return value

    def word(self, rest: str) -> str:
        """The contract's words for the part of a path below this field."""
        return f".{rest}" if rest else ""


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A point in time."""

    def convert(self, formats: Formats) -> Convert | None:
        write = formats.moment
        return None if write is None else lambda value, _: None if value is None else write(value)


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    """A calendar day."""

    def convert(self, formats: Formats) -> Convert | None:
        write = formats.day
        return None if write is None else lambda value, _: None if value is None else write(value)


@dataclass(frozen=True, kw_only=True)
class Amount(Field):
    """Money: minor units inside, the contract's way outside; `currency` names the column beside it."""

    currency: str = "currency"

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_minor"

    def convert(self, formats: Formats) -> Convert | None:
        beside, write = self.currency, formats.amount
        return lambda value, row: write(value, getattr(row, beside))


@dataclass(frozen=True, kw_only=True)
class Price(Field):
    """A unit price: millionths inside."""

    currency: str = "currency"

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_micro"

    def convert(self, formats: Formats) -> Convert | None:
        beside, write = self.currency, formats.price
        return lambda value, row: write(value, getattr(row, beside))


@dataclass(frozen=True, kw_only=True)
class Ident(Field):
    """A reference as prefix and number: customer_12."""

    prefix: str

    def convert(self, formats: Formats) -> Convert | None:
        prefix = self.prefix
        return lambda value, _: None if value is None else f"{prefix}{value}"

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if value is None:
            return None
        key = number_after(self.prefix, value)
        if key is None:
            problems[path] = Problem("invalid", f"must be an id such as {self.prefix}123")
            return SKIP
        return key


def number_after(prefix: str, value: Any) -> int | None:
    """12 of "customer_12"; None for anything else."""
    if not isinstance(value, str):
        return None
    found = re.fullmatch(re.escape(prefix) + r"([1-9]\d{0,18})", value, re.ASCII)
    key = int(found[1]) if found else 0
    return key if 0 < key <= LARGEST_ID else None


@dataclass(frozen=True, kw_only=True)
class Words(Field):
    """A closed set of words that the contract spells otherwise: domain word to contract word."""

    words: Mapping[Any, Any]
    shown: Mapping[str, Any] | None = None          # when more domain words are shown than can be written

    def convert(self, formats: Formats) -> Convert | None:
        words = self.shown or self.words        # words of the domain are equal to their text, enumerated or not
        return lambda value, _: words[value]

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        for inside, outside in self.words.items():
            if type(value) is type(outside) and value == outside:
                return inside
        known = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in self.words.values())
        problems[path] = Problem("inclusion", f"must be one of {known}")
        return SKIP


Fields = Mapping[str, Field]


@dataclass(frozen=True, kw_only=True)
class One(Field):
    """An object inside the object: columns of the same row, or of the child row that `of` picks."""

    fields: Fields
    of: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        """A function from row and children to the object."""
        show, of = row_shower(self.fields, formats), self.of
        if of is None:
            return lambda row, _: show(row)
        return lambda _, children: None if (child := of(children)) is None else show(child)

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return take_object(self.fields, value, path + ".", problems) if isinstance(value, dict) else value

    def word(self, rest: str) -> str:
        return "." + word(self.fields, rest) if rest else ""


@dataclass(frozen=True, kw_only=True)
class WriteOnly(Field):
    """A value that is taken and never shown."""

    @property
    def source(self) -> str:
        return ""


@dataclass(frozen=True, kw_only=True)
class Derived(Field):
    """A value made of the row's children."""

    make: Callable[[Mapping[str, Any]], Any]

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        make = self.make
        return lambda _, children: make(children)


@dataclass(frozen=True, kw_only=True)
class Many(Field):
    """A list of objects, one for each child row; `inherit` are parent columns that their money needs."""

    fields: Fields
    inherit: str = ""

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        """A function from row and children to the list."""
        show, name, inherit = row_shower(self.fields, formats), self.column or self.name, self.inherit
        if not inherit:
            return lambda _, children: [show(child) for child in children[name]]
        return lambda row, children: [show(Heir(child, inherit, getattr(row, inherit))) for child in children[name]]

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            return value
        return [
            take_object(self.fields, one, f"{path}.{place}.", problems) if isinstance(one, dict) else one
            for place, one in enumerate(value)
        ]

    def word(self, rest: str) -> str:
        place, _, inner = rest.partition(".")
        return (f"[{place}]" if place else "") + ("." + word(self.fields, inner) if inner else "")


class Heir:
    """A child row with one value of its parent."""

    def __init__(self, child: Any, name: str, value: Any):
        self._child = child
        setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._child, name)


def row_shower(fields: Fields, formats: Formats) -> Callable[[Any], dict[str, Any]]:
    """A function from row to dict, made once: all columns are fetched in one step, few are converted."""
    plain = {wire: one for wire, one in fields.items() if one.source}
    wires = tuple(plain)
    fetch: Callable[[Any], tuple[Any, ...]] = attrgetter(*(one.source for one in plain.values()))
    if len(plain) == 1:
        single = fetch
        fetch = lambda row: (single(row),)  # noqa: E731
    converters = [(wire, convert) for wire, one in plain.items() if (convert := one.convert(formats)) is not None]

    def show(row: Any) -> dict[str, Any]:
        shown = dict(zip(wires, fetch(row), strict=True))
        for wire, convert in converters:
            shown[wire] = convert(shown[wire], row)
        return shown

    return show


def record_shower(fields: Fields, formats: Formats) -> Callable[[Record], dict[str, Any]]:
    """A function from record to dict: its own columns, then what is made of its children."""
    show = row_shower(fields, formats)
    made = [(wire, one.shower(formats)) for wire, one in fields.items() if isinstance(one, One | Many | Derived)]

    def whole(record: Record) -> dict[str, Any]:
        shown = show(record.row)
        for wire, make in made:
            shown[wire] = make(record.row, record.children)
        return shown

    return whole


def take_object(fields: Fields, body: Mapping[str, Any], path: str, problems: Problems) -> dict[str, Any]:
    """The domain's names for what was sent; what the map does not name is not seen."""
    taken: dict[str, Any] = {}
    for wire, one in fields.items():
        if wire in body and one.writable:
            value = one.take(body[wire], path + one.name, problems)
            if value is not SKIP:
                taken[one.name] = value
    return taken


def word(fields: Fields, path: str) -> str:
    """A domain path in the contract's words: items.1.unit_price as items[1].unitPrice."""
    head, _, rest = path.partition(".")
    for wire, one in fields.items():
        if one.name == head and one.writable:
            return wire + one.word(rest)
    return path

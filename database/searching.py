"""Searching in texts: whatever contains the words, by the letter and in any case."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction


class Folded(GenericFunction[str]):
    """A text in lower case in every script; SQLite's own lower() knows only ASCII."""

    type = String()
    inherit_cache = True
    name = "folded"


@compiles(Folded)
def _folded(element: Any, compiler: Any, **more: Any) -> str:
    return f"lower({compiler.process(element.clauses, **more)})"


@compiles(Folded, "sqlite")
def _folded_by_us(element: Any, compiler: Any, **more: Any) -> str:
    return f"unicode_lower({compiler.process(element.clauses, **more)})"       # database.py defines it


class AnyCase(Folded):
    """The same for LIKE with a pattern of ASCII: SQLite's LIKE knows no case there, so folding would be done twice."""

    inherit_cache = True
    name = "any_case"


@compiles(AnyCase, "sqlite")
def _as_it_is(element: Any, compiler: Any, **more: Any) -> str:
    return str(compiler.process(element.clauses, **more))


def containing(text: str) -> str:
    """A pattern for whatever contains the text, with nothing in it read as a wildcard."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def matching(places: Sequence[Any], pattern: Any, *, wide: bool) -> ColumnElement[bool]:
    """Does any of the places match? A place is a column, or a function that is given `like(column)`.

    `wide` says that the pattern has letters beyond ASCII, which on SQLite cost more to compare.
    """
    fold = Folded if wide else AnyCase

    def like(column: Any) -> ColumnElement[bool]:
        return fold(column).like(fold(pattern), escape="\\")

    return or_(*(like(place) if hasattr(place, "ilike") else place(like) for place in places))

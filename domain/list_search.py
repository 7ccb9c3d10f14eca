"""Builds the clauses of a list's search: rows that have every word of what was typed, in any order.

A list names the places in which a word may stand: a folded text of the row itself, the text of a row that it names
(`Of`), the texts of rows that belong to it (`Parts`), or its number (`Number`). Each place is looked up by itself,
so that each can use its index (database/word_index.py), and what any of them finds is a hit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, bindparam, or_, select, union

from database import word_index

DIGITS = re.compile(r"(?:#|([a-z_]+)_)?([0-9]{1,18})")


@dataclass(frozen=True)
class Of:
    """The text of a row of another table that the row names by `link`, or by the link of the row that it names."""

    column: Any
    link: Any
    through: Any = None


@dataclass(frozen=True)
class Parts:
    """The texts of rows of another table that name the row by `parent`."""

    column: Any
    parent: Any


@dataclass(frozen=True)
class Number:
    """A number of the row, such as its id; a word may give it as 12, #12 or, with a prefix of the noun, budget_12."""

    column: Any
    prefix: str = ""


def words_of(text: str) -> tuple[str, ...]:
    """The words of a search."""
    return word_index.words_of(text)


def shape(words: Sequence[str]) -> tuple[Any, ...]:
    """What the text of a statement depends on."""
    return *word_index.shape(words), *(_prefix(word) for word in words)


def values(words: Sequence[str]) -> dict[str, Any]:
    """The values of `clauses`."""
    found = word_index.values(words)
    for place, word in enumerate(words):
        number = DIGITS.fullmatch(word)
        if number:
            found[f"number_{place}"] = int(number[2])
    return found


def clauses(
    model: Any, places: Sequence[Any], words: Sequence[str], *, newest: int | None = None,
) -> list[ColumnElement[bool]]:
    """The clauses of rows that have all the words; with `newest` among that many of the newest hits of each place."""
    return [_clause(model, places, word, position, newest) for position, word in enumerate(words)]


def _clause(
    model: Any, places: Sequence[Any], word: str, position: int, newest: int | None,
) -> ColumnElement[bool]:
    own = [one for one in places if getattr(one, "class_", None) is model]
    others = [one for one in places if one not in own]
    if all(isinstance(one, Number) and not _may_be(one, word) for one in others):
        return or_(*(word_index.has(one, word, position, newest) for one in own))
    found = [select(model.id).where(word_index.has(one, word, position, newest)) for one in own]
    found += [part for one in others for part in _elsewhere(model, one, word, position, newest)]
    return model.id.in_(union(*(one.correlate(None) for one in found)))  # type: ignore[no-any-return]


def _elsewhere(model: Any, place: Any, word: str, position: int, newest: int | None) -> list[Select[Any]]:
    """The ids of rows that have the word in another place than a text of their own."""
    if isinstance(place, Number):
        return [select(model.id).where(place.column == bindparam(f"number_{position}", type_=BigInteger()))] \
            if _may_be(place, word) else []
    named = word_index.has(place.column, word, position, newest)
    if isinstance(place, Parts):
        return [select(place.parent).where(named)]
    keys = select(place.column.class_.id).where(named)
    for link in (place.link, place.through):
        if link is not None:
            keys = select(link.class_.id).where(link.in_(keys.correlate(None)))
    return [keys]


def _may_be(place: Number, word: str) -> bool:
    """Whether the word can be this number."""
    return _prefix(word) in ("", place.prefix)


def _prefix(word: str) -> str | None:
    """What stands before the number that a word is; None when it is none."""
    found = DIGITS.fullmatch(word)
    return None if found is None else (found[1] or "")

"""Finds what uses a row before it is deleted.

A noun's area cannot import the areas that use it. So these register how to count their rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from database import db
from domain.errors import Conflict


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of use: its singular, its plural, and the count for a row."""

    one: str                        # pending budget
    many: str
    count: Callable[[Any], int]


class InUse(Conflict):
    """The row cannot be deleted while others use it; `details` count them by kind."""

    def __init__(self, noun: str, uses: Mapping[Use, int], instead: str = ""):
        super().__init__(
            f"This {noun} cannot be deleted: it has {as_text(uses)}.{' ' + instead if instead else ''}",
            details={use.many.replace(" ", "_"): count for use, count in uses.items()},
        )
        self.noun = noun


def rows(model: Any, **values: Any) -> int:
    """The number of rows with these values, with deleted ones."""
    return db.session.scalar(select(func.count()).select_from(model).filter_by(**values)) or 0


_uses: dict[tuple[type, str], Use] = {}


def register(model: type, use: Use) -> None:
    """Register a kind of use for rows of a table."""
    _uses[(model, use.one)] = use


def registered() -> list[tuple[type, Use]]:
    """Every use that was as_text, with the table of what is used."""
    return [(model, use) for (model, _), use in _uses.items()]


def of(row: Any) -> dict[Use, int]:
    """The uses of a row."""
    counted = {use: use.count(row) for (model, _), use in _uses.items() if isinstance(row, model)}
    return {use: count for use, count in counted.items() if count}


def as_text(uses: Mapping[Use, int]) -> str:
    """The uses as text: 2 pending budgets and 1 order."""
    return " and ".join(f"{count:,} {use.one if count == 1 else use.many}" for use, count in uses.items())


def refuse(noun: str, row: Any, instead: str = "") -> None:
    """Raises InUse when anything uses the row; `instead` says what to do."""
    if uses := of(row):
        raise InUse(noun, uses, instead)

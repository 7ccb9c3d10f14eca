"""What uses a row: areas above say so, and whoever deletes the row asks here.

A noun's own area cannot import those that use it. So these register how to count their rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from database import db
from domain.errors import Conflict


@dataclass(frozen=True, slots=True)
class Use:
    """One kind of use: what it is called, for one and for several, and how many there are of a row."""

    one: str                        # pending budget
    many: str
    count: Callable[[Any], int]


class InUse(Conflict):
    """The row cannot go while others need it; `details` say how many of which."""

    def __init__(self, noun: str, uses: Mapping[Use, int], instead: str = ""):
        super().__init__(
            f"This {noun} cannot be deleted: it has {said(uses)}.{' ' + instead if instead else ''}",
            details={use.many.replace(" ", "_"): count for use, count in uses.items()},
        )
        self.noun = noun


def rows(model: Any, **values: Any) -> int:
    """How many rows have these values, deleted ones too."""
    return db.session.scalar(select(func.count()).select_from(model).filter_by(**values)) or 0


_uses: dict[tuple[type, str], Use] = {}


def register(model: type, use: Use) -> None:
    """Say that rows of a table may be used so."""
    _uses[(model, use.one)] = use


def of(row: Any) -> dict[Use, int]:
    """The uses of a row that there are."""
    counted = {use: use.count(row) for (model, _), use in _uses.items() if isinstance(row, model)}
    return {use: count for use, count in counted.items() if count}


def said(uses: Mapping[Use, int]) -> str:
    """2 pending budgets and 1 order."""
    return " and ".join(f"{count:,} {use.one if count == 1 else use.many}" for use, count in uses.items())


def refuse(noun: str, row: Any, instead: str = "") -> None:
    """Raises InUse when anything uses the row; `instead` says what can be done."""
    if uses := of(row):
        raise InUse(noun, uses, instead)

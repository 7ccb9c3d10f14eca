"""Adds up budgets by currency: those that wait for an answer, and those approved in a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.sales.budget_listing import LISTING
from models.budget import Budget, BudgetStatus


@dataclass(frozen=True, slots=True)
class Sum:
    """The budgets of one currency: their total in minor units, and their number."""

    currency: str
    minor: int
    count: int


def pending(actor: Actor, *more: Any) -> list[Sum]:
    """The budgets that wait for an answer and have not expired; `more` are further clauses."""
    now = clock.now()
    return _sums(
        actor, Budget.status == BudgetStatus.PENDING,
        or_(Budget.valid_until.is_(None), Budget.valid_until >= now), *more,
    )


def approved(actor: Actor, start: datetime, end: datetime, *more: Any) -> list[Sum]:
    """The budgets that were approved in a period."""
    return _sums(
        actor, Budget.status == BudgetStatus.APPROVED, Budget.approved_at >= start, Budget.approved_at < end, *more
    )


def _sums(actor: Actor, *clauses: Any) -> list[Sum]:
    """The sums by currency, the currency with the most budgets first."""
    own, values = LISTING.owned(actor)
    number = func.count()
    statement = (
        select(Budget.currency, func.sum(Budget.total_minor), number).where(*own, *clauses)
        .group_by(Budget.currency).order_by(number.desc(), Budget.currency)
    )
    rows: Sequence[Any] = db.session.execute(statement, values).all()
    return [Sum(currency, int(minor), count) for currency, minor, count in rows]

"""Adds up budgets by currency: those that wait for an answer, and those approved in a period."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select

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


def pending(actor: Actor, until: datetime | None = None) -> list[Sum]:
    """The budgets that wait for an answer and have not expired; `until` are those that expire before."""
    now = clock.now()
    limit = [] if until is None else [Budget.valid_until < until]
    return _sums(
        actor, Budget.status == BudgetStatus.PENDING,
        or_(Budget.valid_until.is_(None), Budget.valid_until >= now), *limit,
    )


def approved(actor: Actor, start: datetime, end: datetime) -> list[Sum]:
    """The budgets that were approved in a period."""
    return _sums(actor, Budget.status == BudgetStatus.APPROVED, Budget.approved_at >= start, Budget.approved_at < end)


def of_customer(actor: Actor, customer_id: int, start: datetime) -> tuple[list[Sum], list[Sum]]:
    """A customer's pending budgets, and those approved since `start`."""
    own, values = LISTING.owned(actor)
    alive = or_(Budget.valid_until.is_(None), Budget.valid_until >= clock.now())
    # Not as clauses: SQLite would prefer the index of the status to the customer's.
    kind = case(
        ((Budget.status == BudgetStatus.PENDING) & alive, BudgetStatus.PENDING.value),
        ((Budget.status == BudgetStatus.APPROVED) & (Budget.approved_at >= start), BudgetStatus.APPROVED.value),
        else_="",
    ).label("kind")
    number = func.count()
    statement = (
        select(kind, Budget.currency, func.sum(Budget.total_minor), number)
        .where(*own, Budget.customer_id == customer_id).group_by(kind, Budget.currency)
        .order_by(number.desc(), Budget.currency)
    )
    found: dict[str, list[Sum]] = {"PENDING": [], "APPROVED": [], "": []}
    for name, currency, minor, count in db.session.execute(statement, values):
        found[name].append(Sum(currency, int(minor), count))
    return found["PENDING"], found["APPROVED"]


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

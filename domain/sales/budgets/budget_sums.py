"""Adds up budgets by currency: those that wait for an answer, and those approved in a period. Reads indexes only,
so that the overview costs the same with many budgets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, or_, select, true

from database import db
from domain import clock
from domain.actor import Actor
from domain.pages import Query, Record
from domain.sales.budgets.budget_listing import LISTING
from models.budget import Budget, BudgetStatus


@dataclass(frozen=True, slots=True)
class Sum:
    """The budgets of one currency: their total in minor units, and their number."""

    currency: str
    minor: int
    count: int


def pending(actor: Actor, soon: datetime) -> tuple[list[Sum], list[Sum]]:
    """The budgets that wait for an answer and have not expired, and those of them that expire before `soon`."""
    ending, others = _halves(
        actor, Budget.valid_until < soon, Budget.status == BudgetStatus.PENDING,
        # Not as an alternative: SQLite would read the rows by two indexes, not one index alone.
        func.coalesce(Budget.valid_until >= clock.now(), true()),
    )
    return _merged(ending, others), ending


def next_to_expire(actor: Actor, limit: int) -> list[Record]:
    """The pending budgets that expire next; those without a date are not among them."""
    own, values = LISTING.owned(actor)
    statement = (
        select(Budget.id)
        .where(*own, Budget.status == BudgetStatus.PENDING, Budget.valid_until >= clock.now())
        .order_by(Budget.valid_until, Budget.id).limit(limit)
    )
    keys = list(db.session.scalars(statement, values))
    query = Query(filters={"id": keys}, sort="valid_until", descending=False, limit=limit)
    return LISTING.page(actor, query).records if keys else []


def approved(actor: Actor, start: datetime, end: datetime) -> tuple[list[Sum], list[Sum]]:
    """The budgets that were approved in a period, and those in a period of the same length before it."""
    return _halves(
        actor, Budget.approved_at >= start, Budget.status == BudgetStatus.APPROVED,
        Budget.approved_at >= start - (end - start), Budget.approved_at < end,
    )


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


def _halves(actor: Actor, first: Any, *clauses: Any) -> tuple[list[Sum], list[Sum]]:
    """The sums of the budgets for which `first` holds, and of the others; the most budgets first."""
    own, values = LISTING.owned(actor)
    half = case((first, 1), else_=0).label("half")
    number = func.count()
    statement = (
        select(half, Budget.currency, func.sum(Budget.total_minor), number).where(*own, *clauses)
        .group_by(half, Budget.currency).order_by(number.desc(), Budget.currency)
    )
    rows: Sequence[Any] = db.session.execute(statement, values).all()
    found = [(which, Sum(currency, int(minor), count)) for which, currency, minor, count in rows]
    return [one for which, one in found if which], [one for which, one in found if not which]


def _merged(*parts: Sequence[Sum]) -> list[Sum]:
    """Sums added up by currency."""
    found: dict[str, Sum] = {}
    for one in (one for part in parts for one in part):
        known = found.get(one.currency, Sum(one.currency, 0, 0))
        found[one.currency] = Sum(one.currency, known.minor + one.minor, known.count + one.count)
    return sorted(found.values(), key=lambda one: (-one.count, one.currency))

"""Counts the calls of a period again, and says whether they are still those that were billed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select

from database import db
from domain.payments.metered import metered_billing, metered_periods
from domain.payments.metered.metered_log import Counted, Question, call_log
from domain.sales.orders.order_clock import now_of
from models.metered import MeteredPeriod, Terms
from models.order import ScheduledPayment


class Proof(StrEnum):
    """What counting again has shown."""

    EQUAL = "equal"                  # the same count, of the same rows
    CHANGED = "changed"
    NOT_KEPT = "not kept"            # the log keeps rows as fine as the period's ends 400 days
    NOT_COUNTED = "not counted"      # the period has not ended, or was left to a person


@dataclass(frozen=True, slots=True)
class Recount:
    """A period, what the log has of it now, and the days (UTC) whose calls are not those of then: then, now."""

    period: MeteredPeriod
    proof: Proof
    now: Counted | None
    changed_days: dict[str, tuple[int, int]]


def periods_of(order_id: int) -> Sequence[MeteredPeriod]:
    """The periods of an order, by their time."""
    statement = select(MeteredPeriod).where(MeteredPeriod.order_id == order_id)
    return db.session.scalars(statement.order_by(MeteredPeriod.from_at, MeteredPeriod.id)).all()


def recount(period: MeteredPeriod) -> Recount:
    """Ask the log the same question again; of a period that was not counted, what there is until now."""
    if period.count is None or period.question is None:
        return Recount(period, Proof.NOT_COUNTED, present(period), {})
    found = call_log.counter.count(Question.read(period.question))
    if found is None:
        return Recount(period, Proof.NOT_KEPT, None, {})
    is_equal = (found.count, found.digest) == (period.count, period.digest)
    then = period.days or {}
    changed = {
        day: (then.get(day, 0), found.days.get(day, 0))
        for day in sorted({*then, *found.days}) if then.get(day, 0) != found.days.get(day, 0)
    }
    return Recount(period, Proof.EQUAL if is_equal else Proof.CHANGED, found, changed)


def present(period: MeteredPeriod) -> Counted | None:
    """The calls of a period until now, as far as the log has been read."""
    until = max(period.from_at, min(period.until_at, metered_periods.quarter_after(now_of(period.order))))
    terms = Terms.read(period.terms)
    return call_log.counter.count(metered_periods.question_of(period.order, terms, period.from_at, until))


@dataclass(frozen=True, slots=True)
class Used:
    """What the calls of a running period cost until now, in minor units."""

    calls: int
    amount_minor: int
    tax_minor: int


def used(row: ScheduledPayment) -> Used | None:
    """The calls of a row's period until now, and what they would be billed at; None where they cannot be counted."""
    period = metered_periods.of_row(row)
    counted = present(period) if period is not None else None
    if period is None or counted is None:
        return None
    cost = metered_billing.cost_of(row, Terms.read(period.terms), counted.count)
    return Used(counted.count, cost.amount_minor, cost.tax_minor)

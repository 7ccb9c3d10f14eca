"""Adds up what was collected and what was refunded, by currency and by day, week or month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select, union_all

from database import db
from domain.actor import Actor
from domain.payments.payment_listing import LISTING
from domain.payments.reports.periods import Span
from models.payment import Payment, PaymentStatus, Refund, RefundStatus

AT_ONCE = 100                               # spans of one statement; SQLite takes 500


@dataclass(frozen=True, slots=True)
class Income:
    """The money of one currency in one span, in minor units, and how many payments it was."""

    place: int                              # of the span in its list
    currency: str
    collected_minor: int
    refunded_minor: int
    count: int

    @property
    def net_minor(self) -> int:
        return self.collected_minor - self.refunded_minor


def income(actor: Actor, periods: Sequence[Span]) -> list[Income]:
    """What was collected and refunded in each span, by the day the gateway reports. Empty spans have no row."""
    collected = _sums(actor, periods, _collected)
    refunded = _sums(actor, periods, _refunded)
    found = []
    for place, currency in sorted(collected.keys() | refunded.keys()):
        minor, count = collected.get((place, currency), (0, 0))
        found.append(Income(place, currency, minor, refunded.get((place, currency), (0, 0))[0], count))
    return found


def between(actor: Actor, start: datetime, end: datetime) -> list[Income]:
    """The same for one span."""
    return income(actor, [Span(start.date(), start, end)])


def _sums(actor: Actor, periods: Sequence[Span], part: Any) -> dict[tuple[int, str], tuple[int, int]]:
    """Sum and number by span and currency. Each span reads its own part of an index, whatever else there is."""
    clauses, values = LISTING.owned(actor)
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for first in range(0, len(periods), AT_ONCE):
        selects = [part(place, one, clauses) for place, one in enumerate(periods[first:first + AT_ONCE], first)]
        for place, currency, minor, count in db.session.execute(union_all(*selects), values):
            found[place, currency] = (int(minor), count)
    return found


def _collected(place: int, span: Span, clauses: list[Any]) -> Any:
    return (
        select(literal(place), Payment.currency, func.sum(Payment.amount_minor), func.count())
        .where(*clauses, Payment.status == PaymentStatus.APPROVED)
        .where(Payment.executed_at >= span.start, Payment.executed_at < span.end)
        .group_by(Payment.currency)
    )


def _refunded(place: int, span: Span, clauses: list[Any]) -> Any:
    return (
        select(literal(place), Refund.currency, func.sum(Refund.amount_minor), func.count())
        .join(Payment, Payment.id == Refund.payment_id)
        .where(*clauses, Refund.status == RefundStatus.APPROVED)
        .where(Refund.executed_at >= span.start, Refund.executed_at < span.end)
        .group_by(Refund.currency)
    )

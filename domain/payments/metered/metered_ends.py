"""Moves the end of a metered order's running period, so that its calls are billed now and not at the period's end."""

from collections.abc import Iterable
from datetime import datetime

from domain.actor import Actor
from domain.payments.metered import metered_periods
from domain.payments.schedule import scheduled_status
from models.order import Order, ScheduledPayment, ScheduledStatus


def running(rows: Iterable[ScheduledPayment]) -> ScheduledPayment | None:
    """The row whose calls are being made: it is counted when its period ends. None where there is none."""
    return next((row for row in rows if row.awaits_count and row.status is ScheduledStatus.SCHEDULED), None)


def agreed(row: ScheduledPayment) -> datetime:
    """When the row's period ends by the order's days."""
    return row.period_at or row.due_at


def earliest(row: ScheduledPayment, now: datetime) -> datetime:
    """When it can end at the earliest: at the next full quarter of an hour, which the log has rows for."""
    return min(agreed(row), metered_periods.quarter_after(now))


def end(actor: Actor, order: Order, row: ScheduledPayment, at: datetime) -> None:
    """Count the calls of a running row's period at this moment, and ask for them then. The order is locked."""
    period = metered_periods.of_row(row)
    if period is None or row.due_at == at:
        return
    with metered_periods.LIFE.changing(actor, period):
        period.until_at = max(period.from_at, at)
    with scheduled_status.LIFE.changing(actor, row):
        row.due_at = at

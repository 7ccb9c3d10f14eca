"""Computes when a declined payment is retried: on the merchant's days after the first decline, a few times."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.order import ScheduledPayment

MOST = 15                                # automatic tries
WINDOW = timedelta(days=30)              # after the first decline


def next_try(row: ScheduledPayment, days: Sequence[int], now: datetime) -> datetime | None:
    """The next moment to try the row again by itself; None after the last."""
    if row.declined_at is None or row.retry_count >= MOST:
        return None
    return following(row.declined_at, days, now)


def following(declined_at: datetime, days: Sequence[int], now: datetime) -> datetime | None:
    """The first moment after now, so many days after the first decline; None after the last."""
    moments = (declined_at + timedelta(days=day) for day in days if timedelta(days=day) <= WINDOW)
    return next((moment for moment in sorted(moments)[:MOST] if moment > now), None)

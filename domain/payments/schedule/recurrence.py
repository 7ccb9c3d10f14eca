"""Computes the days of repeated payments. Each counts from the anchor, never from the day before it.

Scheduling is in UTC, and a payment keeps the anchor's time of day.
"""

from calendar import monthrange
from datetime import datetime, timedelta

from models.product import IntervalUnit

MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}


def day_of(anchor: datetime, unit: IntervalUnit, count: int, n: int) -> datetime:
    """The moment `n` times `count` units after the anchor; 0 is the anchor itself.

    A day that a month has not becomes its last day: 31 Jan, 28 Feb, 31 Mar. An anchor on the last day of its month
    stays on last days: 28 Feb, 31 Mar. Raises OverflowError after the year 9999.
    """
    if unit in DAYS:
        return anchor + timedelta(days=DAYS[unit] * count * n)
    months = anchor.year * 12 + anchor.month - 1 + MONTHS[unit] * count * n
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    last = monthrange(year, month)[1]
    is_last = anchor.day == monthrange(anchor.year, anchor.month)[1]
    return anchor.replace(year=year, month=month, day=last if is_last else min(anchor.day, last))

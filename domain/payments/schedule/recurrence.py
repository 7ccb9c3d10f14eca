"""Computes the days of repeated payments. Each counts from the anchor, never from the day before it.

Scheduling is in UTC, and a payment keeps the anchor's time of day.
"""

from calendar import monthrange
from datetime import datetime, timedelta

from models.product import IntervalUnit

MONTHS = {IntervalUnit.MONTH: 1, IntervalUnit.YEAR: 12}
DAYS = {IntervalUnit.DAY: 1, IntervalUnit.WEEK: 7}


LAST = 31                                # stands for the last day of a month


def day_of(anchor: datetime, unit: IntervalUnit, count: int, n: int, day: int | None = None) -> datetime:
    """The moment `n` times `count` units after the anchor; 0 is the anchor itself.

    A day that a month has not becomes its last day: 31 Jan, 28 Feb, 31 Mar. An anchor on the last day of its month
    stays on last days: 28 Feb, 31 Mar. `day` is the day of the month that counts in place of the anchor's own, for
    an anchor that followed an earlier one: 28 Feb, 30 Mar. Raises OverflowError after the year 9999.
    """
    if n == 0:
        return anchor
    if unit in DAYS:
        return anchor + timedelta(days=DAYS[unit] * count * n)
    months = anchor.year * 12 + anchor.month - 1 + MONTHS[unit] * count * n
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise OverflowError("date value out of range")
    return anchor.replace(year=year, month=month, day=min(day or day_in_month(anchor), monthrange(year, month)[1]))


def day_in_month(moment: datetime) -> int:
    """The day of the month that days are counted on from this anchor; 31 for the last day of a shorter month."""
    return LAST if moment.day == monthrange(moment.year, moment.month)[1] else moment.day

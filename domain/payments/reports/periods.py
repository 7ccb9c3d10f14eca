"""Cuts a time span into days, weeks or months of a time zone."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

MOST = 400                                  # spans of one report


class Step(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Span(NamedTuple):
    """From `start` to before `end`, both in UTC; `day` is its first day in the zone."""

    day: date
    start: datetime
    end: datetime


def spans(first: date, last: date, step: Step, zone: ZoneInfo) -> list[Span]:
    """The days, weeks (from Monday) or months that hold the days from `first` to `last`, at most 400, the latest ones.

    A day on which clocks change has 23 or 25 hours.
    """
    days = [floor(first, step)]
    while (following := after(days[-1], step)) <= last:
        days.append(following)
    ends = [*days[1:], after(days[-1], step)]
    return [Span(day, midnight(day, zone), midnight(end, zone)) for day, end in zip(days, ends, strict=True)][-MOST:]


def floor(day: date, step: Step) -> date:
    """The first day of the week or month that holds this day."""
    if step is Step.WEEK:
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if step is Step.MONTH else day


def after(day: date, step: Step) -> date:
    """The first day of the next day, week or month."""
    if step is Step.MONTH:
        return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
    return day + timedelta(days=7 if step is Step.WEEK else 1)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of a day in the zone, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)

"""The days of repeated payments."""

from datetime import UTC, datetime

import pytest
import whenever

from domain.payments.schedule.recurrence import day_of
from models.product import IntervalUnit

PERIODS = 24


def oracle(start: whenever.Date, unit: str, count: int, n: int) -> whenever.Date:
    """The same day by another library: what is on a last day is moved by the first day of the month after it."""
    if unit in ("DAY", "WEEK"):
        return start.add(days=n * count) if unit == "DAY" else start.add(weeks=n * count)
    moved = {"months": n * count} if unit == "MONTH" else {"years": n * count}
    tomorrow = start.add(days=1)
    return tomorrow.add(**moved).subtract(days=1) if tomorrow.day == 1 else start.add(**moved)


@pytest.mark.parametrize("unit", IntervalUnit)
@pytest.mark.parametrize("year", [2027, 2028])
def test_every_start_day_of_a_year_equals_an_independent_reckoning_for_24_periods(unit, year):
    start, different = whenever.Date(year, 1, 1), []
    while start.year == year:
        anchor = datetime(start.year, start.month, start.day, 9, 30, 15, tzinfo=UTC)
        for count in (1, 2, 3, 5):
            for n in range(PERIODS + 1):
                found, expected = day_of(anchor, unit, count, n), oracle(start, unit, count, n)
                if (found.year, found.month, found.day) != (expected.year, expected.month, expected.day):
                    different.append((start, count, n, found))
                assert found.timetz() == anchor.timetz()
        start = start.add(days=1)
    assert different == []


@pytest.mark.parametrize(("anchor", "unit", "days"), [
    ("2027-01-31", "MONTH", ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"]),
    ("2027-01-30", "MONTH", ["2027-01-30", "2027-02-28", "2027-03-30", "2027-04-30"]),
    ("2027-02-28", "MONTH", ["2027-02-28", "2027-03-31", "2027-04-30"]),
    ("2027-02-28", "YEAR", ["2027-02-28", "2028-02-29", "2029-02-28"]),
    ("2028-02-29", "YEAR", ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"]),
    ("2027-12-30", "DAY", ["2027-12-30", "2027-12-31", "2028-01-01"]),
    ("2027-12-30", "WEEK", ["2027-12-30", "2028-01-06"]),
])
def test_days_count_from_the_anchor_and_last_days_stay_last(anchor, unit, days):
    start = datetime.fromisoformat(anchor).replace(tzinfo=UTC)
    found = [day_of(start, IntervalUnit(unit), 1, n).date().isoformat() for n in range(len(days))]
    assert found == days


def test_a_day_beyond_the_calendar_is_an_overflow():
    with pytest.raises(OverflowError):
        day_of(datetime(9999, 12, 1, tzinfo=UTC), IntervalUnit.MONTH, 1, 1)
    with pytest.raises(OverflowError):
        day_of(datetime(9999, 12, 31, tzinfo=UTC), IntervalUnit.DAY, 1, 1)

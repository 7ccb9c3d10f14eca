"""Each bucket has one place and one name on the axis, also in the nights in which clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from analytics.charts import axis
from analytics.rollups import periods

# The moments (UTC) at which clocks go back and forward; Lord Howe by half an hour, Cairo at midnight.
CHANGES = {
    "Europe/London": ("2026-10-25T01:00", "2026-03-29T01:00"),
    "America/New_York": ("2026-11-01T06:00", "2026-03-08T07:00"),
    "Australia/Lord_Howe": ("2026-04-04T15:00", "2026-10-03T15:30"),
    "Africa/Cairo": ("2026-10-29T21:00", "2026-04-23T22:00"),
    "America/St_Johns": ("2026-11-01T04:30", "2026-03-08T05:30"),
}
NIGHTS = [(zone, change) for zone, changes in CHANGES.items() for change in changes]


@pytest.mark.parametrize("name", list(periods.RANGES))
@pytest.mark.parametrize(("zone", "change"), NIGHTS)
def test_names_are_unique_and_in_order_around_a_change_of_clocks(zone, change, name):
    here, moment = ZoneInfo(zone), datetime.fromisoformat(change).replace(tzinfo=UTC)
    for later in (timedelta(minutes=20), timedelta(hours=5), timedelta(hours=40)):
        now = (moment + later).timestamp()
        window = periods.recent(name, here, now=now)
        assert all(first < last for first, last in pairwise(window.edges))
        starts = [start for start, _ in window.buckets()]
        names = axis.labels(starts, here)
        assert len(set(names)) == len(names) == len(starts)
        ticks = axis.ticks(starts, here)
        assert 2 <= len(ticks) <= axis.MOST_TICKS
        assert [place for place, _ in ticks] == sorted({place for place, _ in ticks})


def test_an_hour_that_comes_twice_says_its_offset():
    here = ZoneInfo("Europe/London")
    window = periods.window(
        datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 25, 4, tzinfo=UTC), here, step=60,
        now=datetime(2026, 10, 26, tzinfo=UTC).timestamp())
    assert axis.labels([start for start, _ in window.buckets()], here) == [
        "Sun 25 Oct, 00:00", "Sun 25 Oct, 01:00 (UTC+01:00)", "Sun 25 Oct, 01:00 (UTC+00:00)", "Sun 25 Oct, 02:00",
        "Sun 25 Oct, 03:00"]


def test_days_are_named_without_a_time_and_with_the_year_where_it_changes():
    here = ZoneInfo("Asia/Kathmandu")
    first, last = (periods.midnight(date(*day), here) for day in ((2025, 12, 1), (2026, 2, 1)))
    days = periods.window(first, last, here, step=periods.DAY, now=last.timestamp())
    names = axis.labels([start for start, _ in days.buckets()], here)
    assert (names[0], names[-1]) == ("Mon 1 Dec 2025", "Sat 31 Jan 2026")


def test_an_axis_without_buckets_has_no_names():
    assert axis.labels([], ZoneInfo("UTC")) == []
    assert axis.ticks([], ZoneInfo("UTC")) == []

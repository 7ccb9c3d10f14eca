"""Buckets of charts in any time zone and across clock changes."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.rollups.periods import DAY, days, finest, minute_of, moment_of, recent, spans, window
from analytics.rollups.rollup import MINUTE, QUARTER

NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC).timestamp()
ZONES = [ZoneInfo(name) for name in (
    "UTC", "Europe/Madrid", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")]


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_spans_cover_every_minute_once(start, length):
    covered = [
        minute for level, first, last in spans(start, start + length)
        for cell in range(first, last, level) for minute in range(cell, cell + level)]
    assert sorted(covered) == list(range(start, start + length))


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("name", ["1h", "24h", "7d", "30d", "90d"])
@pytest.mark.parametrize("now", [NOW, *(NOW // width * width for width in (60, 3600, 86_400)), NOW // 60 * 60 + 59.9])
def test_every_range_has_a_readable_number_of_buckets_and_ends_now(zone, name, now):
    found = recent(name, zone, now=now)
    assert 50 <= len(found.buckets()) <= 125
    assert found.edges[-2] * 60 <= now < found.edges[-1] * 60
    assert all(first < last for first, last in pairwise(found.edges))
    assert not any(edge % found.level for edge in found.edges)


def test_days_begin_at_midnight_of_the_zone_also_when_the_clock_changes():
    zone = ZoneInfo("Europe/Madrid")
    found = days(date(2026, 10, 24), date(2026, 10, 26), zone, now=NOW)
    assert found.step == 60
    found = window(found.start, found.end, zone, step=DAY, now=NOW)
    assert [moment_of(edge).astimezone(zone).isoformat() for edge in found.edges] == [
        "2026-10-24T00:00:00+02:00", "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00",
        "2026-10-27T00:00:00+01:00"]
    assert [last - first for first, last in pairwise(found.edges)] == [DAY, DAY + 60, DAY]


def test_old_periods_are_shown_in_what_is_kept():
    def at(*day: int) -> int:
        return minute_of(datetime(*day, tzinfo=UTC))

    assert finest(at(2026, 11, 14), imported=False, now=NOW) == MINUTE
    assert finest(at(2026, 11, 12), imported=False, now=NOW) == QUARTER
    assert finest(at(2025, 1, 1), imported=False, now=NOW) == DAY
    assert finest(at(2015, 5, 17), imported=True, now=NOW) == QUARTER
    old = days(date(2025, 1, 1), date(2025, 3, 1), ZoneInfo("Asia/Kathmandu"), now=NOW)
    assert old.zone == "UTC"
    assert not any(edge % DAY for edge in old.edges)


@pytest.mark.parametrize("zone", ZONES, ids=str)
def test_the_buckets_of_a_custom_period_fill_it_exactly(zone):
    found = days(date(2026, 3, 1), date(2026, 11, 1), zone, now=NOW)
    assert found.start.astimezone(zone).isoformat().startswith("2026-03-01T00:00")
    assert found.end.astimezone(zone).isoformat().startswith("2026-11-02T00:00")
    assert timedelta(0) <= found.start - found.previous(now=NOW).end < timedelta(days=1)


def test_the_period_before_is_asked_for_in_cells_that_are_kept():
    end = datetime(2026, 11, 20, 12, 7, tzinfo=UTC)
    found = window(end - timedelta(days=6, minutes=11), end, ZoneInfo("UTC"), now=NOW)
    assert found.finest == MINUTE
    before = found.previous(now=NOW)
    assert len(before.edges) == len(found.edges)
    assert not any(edge % QUARTER for edge in before.edges)

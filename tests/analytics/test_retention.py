"""Retention of requests and roll-ups, and the recount."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from analytics.importer import import_file
from analytics.log import bulk
from analytics.log.drain import drain
from analytics.log.spool import Spool
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING, Filter
from analytics.retention import prune, prune_rollups, rebuild
from analytics.rollups import periods
from analytics.store import cells, histograms, requests
from database import db, transaction
from tests.analytics.log_samples import NOW_US, record

DAY_US = 86_400_000_000
NOW = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_US)
LINE = '192.0.2.1 - - [17/May/2015:08:05:32 +0000] "GET /a HTTP/1.1" 200 10 "-" "curl/8"\n'


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(periods.time, "time", lambda: NOW_US / 1e6)


@pytest.fixture
def filled(log, folder, tmp_path):
    spool = Spool(folder)
    for age in (0, 1, 5, 30, 30, 95, 200, 500):
        spool.append(record(NOW_US - age * DAY_US, duration_us=1000 * (age + 1)))
    spool.close()
    drain(folder)
    (tmp_path / "old.log").write_text(LINE)
    import_file(tmp_path / "old.log")


def rows(table):
    with db.engines["log"].connect() as connection:
        if table is requests:
            return connection.scalar(select(func.count()).select_from(table))
        return sorted(tuple(row) for row in connection.execute(select(table)))


def total():
    start = datetime(2010, 1, 1, tzinfo=UTC)
    return queries.totals(Filter(scope=EVERYTHING, start=start, end=NOW + timedelta(minutes=1)))


def test_old_requests_are_deleted_and_their_figures_stay(filled):
    before = total()
    assert prune(NOW - timedelta(days=90)) == 3
    assert rows(requests) == 6
    assert prune(NOW - timedelta(days=90)) == 0
    assert total() == before


def test_imported_requests_are_deleted_only_on_request(filled):
    assert prune(NOW - timedelta(days=90)) == 3
    assert prune(NOW - timedelta(days=90), imported=True) == 1
    assert rows(requests) == 5


def test_old_figures_of_minutes_and_quarter_hours_are_deleted_and_those_of_days_stay(filled):
    before = total()
    prune_rollups(NOW_US / 1e6)
    found = {(level, bucket) for _, level, bucket, *_ in rows(cells)}
    minute = NOW_US // 60_000_000
    assert min(bucket for level, bucket in found if level == 1) > minute - 9 * 1440
    assert (1440, (minute - 500 * 1440) // 1440 * 1440) in found
    assert not any(level in (15, 60) and bucket // 1440 == (minute - 500 * 1440) // 1440 for level, bucket in found)
    assert {level for level, bucket in found if bucket < 24_000_000} == {15, 60, 1440}
    assert total() == before


def test_a_recount_changes_nothing_that_was_right(filled):
    counted, durations = rows(cells), rows(histograms)
    assert rebuild() == 9
    assert rows(cells) == counted
    assert len(rows(histograms)) == len(durations)


def test_a_recount_mends_what_was_wrong(filled):
    right = rows(cells)
    with transaction("log") as session:
        bulk.add_cells(session.connection(), [(*row[:3], 5, 5, 5, 5, 5, 5, 5) for row in right[::3]])
    assert rows(cells) != right
    rebuild()
    assert rows(cells) == right


def test_a_recount_leaves_the_days_whose_requests_are_gone(filled):
    prune(NOW - timedelta(days=90))
    right = rows(cells)
    assert rebuild() == 6
    assert rows(cells) == right

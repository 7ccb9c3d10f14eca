"""Detection of the last incident in many patterns of traffic."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from analytics.log.drain import drain
from analytics.log.spool import Spool
from analytics.queries import incidents
from analytics.queries.filters import EVERYTHING, Scope
from analytics.queries.incidents import ERRORS, LATENCY
from analytics.rollups import periods
from database import db
from tests import sql_statements
from tests.analytics.log_samples import NOW_US, record

NOW = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=NOW_US)
OURS = Scope(frozenset({1}))
GOOD = {"status": 200, "error_code": None}
DOWN = {"status": 503, "error_code": "unavailable", "endpoint": "/v1/api/public/budgets", "method": "POST"}


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(periods.time, "time", lambda: NOW.timestamp())


def store(folder, *groups):
    spool = Spool(folder)
    for group in groups:
        for each in group:
            assert spool.append(each)
    spool.close()
    assert drain(folder).damaged == 0


def calls(begin, count, every, **changes):
    """Requests from some hours before now on, one each so many seconds."""
    start = NOW_US - int(begin * 3_600_000_000)
    return [record(start + place * every * 1_000_000, **{**GOOD, **changes}) for place in range(count)]


def usual(days=14, **changes):
    """Traffic of some days: one request each ten minutes, one in fifty refused."""
    return [
        {**each, "status": 404, "error_code": "not_found"} if place % 50 == 7 else each
        for place, each in enumerate(calls(days * 24, days * 144 - 2, 600, **changes))]


def last(scope=OURS, mode="live"):
    return incidents.last(scope, mode, NOW)


def test_without_traffic_and_with_the_usual_failures_there_is_no_incident(log, folder):
    assert last() is None
    store(folder, usual())
    assert last() is None


@pytest.mark.parametrize(("failed", "of"), [(1, 3), (1, 1), (4, 4)])
def test_a_few_failures_are_no_incident(log, folder, failed, of):
    store(folder, usual(), calls(30, failed, 60, **DOWN), calls(29.95, of - failed, 60))
    assert last() is None


def test_an_outage_has_its_minutes_endpoint_and_keys(log, folder):
    store(
        folder, usual(), calls(30, 40, 60, **DOWN, key_id=8), calls(30, 20, 120, key_id=9),
        calls(30.01, 1, 60, status=404, error_code="not_found", key_id=9))
    found = last()
    assert found.period.kind == ERRORS
    assert found.period.merchant_id == 1
    assert not found.period.ongoing
    assert abs(found.period.start - (NOW - timedelta(hours=30))) < timedelta(minutes=2)
    assert abs(found.period.end - (NOW - timedelta(hours=30) + timedelta(minutes=40))) < timedelta(minutes=2)
    assert found.failed == 41
    assert found.requests >= 60
    assert (found.endpoint.method, found.endpoint.endpoint) == ("POST", "/v1/api/public/budgets")
    assert [(use.key_id, use.requests) for use in found.keys] == [(8, 40), (9, 1)]


def test_a_long_outage_is_one_incident_and_may_not_be_over(log, folder):
    hours = 50
    before = [each for each in usual() if each["at_us"] < NOW_US - hours * 3_600_000_000]
    store(folder, before, calls(hours, hours * 6, 600, **DOWN))
    (found,) = incidents.periods_of(OURS, "live", NOW)
    assert found.ongoing
    assert abs(found.start - (NOW - timedelta(hours=hours))) < timedelta(minutes=12)


def test_an_outage_of_little_traffic_is_found(log, folder):
    quiet = [each for each in usual() if not 10 < (NOW_US - each["at_us"]) / 3.6e9 < 20]
    store(folder, quiet, calls(19, 7, 3600, **DOWN))
    assert last().failed == 7


def test_a_failure_an_hour_among_many_successes_is_no_incident(log, folder):
    store(folder, usual(5), calls(20, 7, 3600, **DOWN))
    assert last() is None


def test_an_expired_key_that_calls_beside_a_few_others_is_no_incident(log, folder):
    store(folder, usual(), calls(30, 9, 1800, status=401, error_code="api_key_expired"))
    assert last() is None


def test_of_two_incidents_the_newer_one_counts(log, folder):
    store(folder, usual(), calls(60, 30, 60, **DOWN), calls(20, 25, 60, **DOWN))
    found = incidents.periods_of(OURS, "live", NOW)
    assert [NOW - one.start < timedelta(hours=21) for one in found] == [True, False]
    assert last().failed == 25


def test_two_incidents_with_a_short_pause_are_one(log, folder):
    store(folder, usual(), calls(60, 30, 60, **DOWN), calls(59.3, 25, 60, **DOWN))
    assert len(incidents.periods_of(OURS, "live", NOW)) == 1


def test_an_incident_of_a_week_ago_is_over(log, folder):
    store(folder, usual(), calls(24 * 8, 60, 60, **DOWN))
    assert last() is None


def test_a_client_that_always_fails_is_no_incident(log, folder):
    store(folder, usual(), usual(key_id=5, **DOWN))
    assert last() is None


def test_slow_answers_are_an_incident_and_one_slow_answer_is_not(log, folder):
    store(folder, usual(), calls(70, 1, 60, duration_us=60_000_000))
    assert last() is None
    store(folder, calls(30, 30, 60, duration_us=900_000, key_id=8))
    found = last()
    assert found.period.kind == LATENCY
    assert found.failed == 0
    assert found.p95_us == pytest.approx(900_000, rel=0.03)
    assert {use.key_id for use in found.keys} >= {8}


def test_what_fails_slowly_is_one_incident(log, folder):
    store(folder, usual(), calls(30, 30, 60, duration_us=5_000_000, **DOWN))
    assert [one.kind for one in incidents.periods_of(OURS, "live", NOW)] == [ERRORS]


def test_only_the_scopes_merchants_and_the_worlds_requests_count(log, folder):
    store(
        folder, usual(), usual(merchant_id=2), calls(30, 40, 60, **DOWN, merchant_id=2),
        usual(mode="test"), calls(20, 40, 60, **DOWN, mode="test"), calls(10, 40, 60, **DOWN, source="import:old"),
        calls(5, 40, 60, **DOWN, merchant_id=None, key_id=None))
    assert last() is None
    assert last(mode="test").failed == 40
    assert last(EVERYTHING).period.merchant_id == 2
    assert last(Scope(frozenset())) is None


def test_the_incident_of_one_merchant_is_not_lost_among_many(log, folder):
    others = [usual(2, merchant_id=number) for number in range(10, 22)]
    store(folder, *others, usual(4), calls(30, 40, 60, **DOWN))
    assert last(EVERYTHING).period.merchant_id == 1


def test_only_roll_ups_are_read(log, folder):
    store(folder, usual(), calls(30, 40, 60, **DOWN))
    with sql_statements.recorded(db.engines["log"]) as read:
        assert last() is not None
    assert read
    assert not any(re.search(r"\b(FROM|JOIN) requests\b", statement) for statement, _ in read)

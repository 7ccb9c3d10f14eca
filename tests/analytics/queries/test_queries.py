"""Figures and lists, compared with a count over the records themselves."""

from bisect import bisect_right
from collections import Counter
from datetime import UTC, datetime, timedelta
from math import ceil
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from analytics.log.drain import drain
from analytics.log.spool import Spool
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING, Filter, Scope
from analytics.queries.listing import children, request, requests, stream
from analytics.rollups import periods
from analytics.rollups.rollup import MINUTE_US
from analytics.store import requests as table
from database import db, transaction
from tests.analytics.log_samples import NOW_US, record

NOW = NOW_US / 1e6
DAY_US = 86_400_000_000
UTC_ZONE = ZoneInfo("UTC")


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    monkeypatch.setattr(periods.time, "time", lambda: NOW)


def fill(folder, found):
    spool = Spool(folder)
    for each in found:
        assert spool.append(each)
    spool.close()
    assert drain(folder).damaged == 0


def moment(at_us):
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)


def question(**more):
    defaults = {"scope": EVERYTHING, "start": moment(NOW_US - DAY_US), "end": moment(NOW_US + MINUTE_US)}
    return Filter(**{**defaults, **more})


ages = st.one_of(
    st.integers(0, 3 * 3_600_000_000), st.integers(0, 9 * DAY_US), st.integers(0, 60 * DAY_US))
outcomes = st.sampled_from(
    [(200, None), (201, None), (304, None), (404, "not_found"), (422, "invalid"), (429, "rate_limited"),
     (500, "internal"), (200, "-32602")])


@st.composite
def traffic(draw):
    status, error = draw(outcomes)
    found = record(
        NOW_US - draw(ages), duration_us=draw(st.one_of(st.none(), st.integers(0, 5_000_000))),
        merchant_id=draw(st.sampled_from([None, 1, 2])), key_id=draw(st.sampled_from([None, 1, 2, 3])),
        contract=draw(st.sampled_from(["public", "core", "admin"])), method=draw(st.sampled_from(["GET", "POST"])),
        endpoint=draw(st.sampled_from(["/a", "/b/{id}", "rpc:batch"])), status=status, error_code=error,
        source=draw(st.sampled_from(["api", "try-it", "pages"])), mode=draw(st.sampled_from(["live", "test"])),
        request_bytes=draw(st.integers(0, 1000)), response_bytes=draw(st.integers(0, 100_000)))
    if found["endpoint"] == "rpc:batch":
        found |= {"contract": "core", "source": "api"}
        found["children"] = [
            {"method": "RPC", "endpoint": "rpc:clients.get", "operation": "clients.get", "status": 200,
             "error_code": error, "duration_us": 50} for _ in range(draw(st.integers(0, 3)))]
    return found


filters = st.fixed_dictionaries({}, optional={
    "key_id": st.sampled_from([1, 2]), "contract": st.sampled_from(["public", "core", "admin"]),
    "endpoint": st.sampled_from(["/a", "rpc:clients.get"]), "method": st.sampled_from(["GET"]),
    "status_class": st.sampled_from([2, 4, 5, 6]), "status": st.sampled_from([200, 404, 429]),
    "error_code": st.sampled_from(["not_found"]), "failed": st.just(True), "source": st.sampled_from(["api", "pages"]),
    "mode": st.sampled_from(["live"]),
    "scope": st.sampled_from([EVERYTHING, Scope(frozenset({1})), Scope(frozenset({1, 2})), Scope(frozenset())])})


def class_of(row):
    return 6 if row["error_code"] is not None and row["status"] < 400 else row["status"] // 100


def recount(found, asked, calls=False):
    """The records that answer a question, by going through all of them."""
    rows = []
    for each in found:
        rows.append((0, each))
        rows += [(1, {**each, **call, "response_bytes": 0, "request_bytes": 0}) for call in each.get("children", ())]
    start, end = (periods.micros(edge) for edge in queries_edges(asked))
    return [row for kind, row in rows if start <= row["at_us"] < end and fits(row, kind, asked, calls)]


def queries_edges(asked):
    first, last = queries._edges(asked)
    return periods.moment_of(first), periods.moment_of(last)


def fits(row, kind, asked, calls):
    is_page = row["contract"] == "admin" or row["source"] == "pages"
    if is_page != (asked.contract == "admin" or asked.source == "pages"):
        return False
    if kind and not (calls or asked.endpoint):
        return False
    if kind and is_page:
        return False
    merchants = asked.scope.merchant_ids
    if merchants is not None and row["merchant_id"] not in merchants:
        return False
    if asked.failed and class_of(row) < 4:
        return False
    if asked.status_class is not None and class_of(row) != asked.status_class:
        return False
    names = ("key_id", "contract", "endpoint", "method", "status", "error_code", "mode")
    if asked.source not in (None, "pages", row["source"]):
        return False
    return all(getattr(asked, name) in (None, row[name]) for name in names)


def near(found, durations, share):
    """Is a percentile within 2 % of the exact one?"""
    if not durations:
        return found is None
    exact = sorted(durations)[max(1, ceil(share * len(durations))) - 1]
    return abs(found - exact) <= max(1, exact * 0.02)


SLOW = settings(max_examples=10, phases=(Phase.explicit, Phase.generate))


@SLOW
@given(
    found=st.lists(traffic(), max_size=60), options=st.lists(filters, min_size=3, max_size=3),
    parts=st.integers(9, 60))
def test_roll_ups_agree_with_a_recount(log, folder, found, options, parts):
    with transaction("log") as session:
        for empty in db.metadatas["log"].tables.values():
            session.execute(empty.delete())
    for at in range(0, len(found), parts):
        fill(folder, found[at:at + parts])
    for option in options:
        for age in (3_600_000_000, 8 * DAY_US, 61 * DAY_US):
            check(found, question(**{"start": moment(NOW_US - age), **option}))


def check(found, asked):
    rows = recount(found, asked)
    durations = [row["duration_us"] for row in rows if row["duration_us"] is not None]
    totals = queries.totals(asked)
    assert totals.requests == len(rows) == queries.count(asked)
    assert totals.errors == sum(class_of(row) >= 4 for row in rows)
    assert totals.rpc_errors == sum(class_of(row) == 6 for row in rows)
    assert totals.throttled == sum(row["status"] == 429 for row in rows)
    assert totals.response_bytes == sum(row["response_bytes"] for row in rows)
    assert totals.max_us == max(durations, default=None)
    for share, value in ((0.5, totals.p50_us), (0.95, totals.p95_us), (0.99, totals.p99_us)):
        assert near(value, durations, share)
    check_series(rows, asked)
    endpoints = Counter((row["contract"], row["method"], row["endpoint"]) for row in recount(found, asked, True))
    window = periods.window(*queries_edges(asked), UTC_ZONE)
    top = queries.top_endpoints(asked, window, 100)
    assert {(use.contract, use.method, use.endpoint): use.requests for use in top} == endpoints
    assert all(sum(use.trend) == use.requests for use in top)
    slowest = max((row["duration_us"] or 0 for row in recount(found, asked, True)), default=0)
    assert all(use.p95_us is None or use.p95_us <= slowest for use in top)
    types = Counter((row["status"], row["error_code"]) for row in rows if class_of(row) >= 4)
    assert {(each.status, each.error_code): each.requests for each in queries.errors_by_type(asked, 100)} == types
    keys = Counter((row["key_id"], row["merchant_id"]) for row in rows)
    assert {(use.key_id, use.merchant_id): use.requests for use in queries.by_key(asked, 100)} == keys
    listed = requests(asked.within(*queries_edges(asked)), limit=1000)
    assert len(listed.rows) == len(rows) == listed.total


def check_series(rows, asked):
    for zone in (UTC_ZONE, ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Kathmandu")):
        window = periods.window(*queries_edges(asked), zone)
        expected = [Counter() for _ in window.buckets()]
        for row in rows:
            expected[bisect_right(window.edges, row["at_us"] // MINUTE_US) - 1][class_of(row)] += 1
        points = queries.series(asked, window)
        assert [dict(point.classes) for point in points] == [dict(each) for each in expected]
        slow = queries.latency(asked, window)
        assert [point.start for point in points] == [each.start for each in slow]
        check_percentiles(rows, window, slow)


def check_percentiles(rows, window, slow):
    """None is above the slowest request of its bucket."""
    longest = {}
    for row in rows:
        if row["duration_us"] is not None:
            at = bisect_right(window.edges, row["at_us"] // MINUTE_US) - 1
            longest[at] = max(longest.get(at, 0), row["duration_us"])
    for at, each in enumerate(slow):
        found = (each.p50_us, each.p95_us, each.p99_us)
        if at in longest:
            assert max(found) <= longest[at]
        else:
            assert found == (None, None, None)


def test_pages_follow_one_another_without_gap_or_repetition(log, folder):
    fill(folder, [record(NOW_US - number // 3, request_id=str(number)) for number in range(100)])
    seen, cursor = [], None
    while True:
        page = requests(question(), cursor, 7)
        assert page.total == 100
        seen += [row.request_id for row in page.rows]
        cursor = page.following
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 100
    assert [row.request_id for row in stream(question(), 12)] == seen[:12]


def test_many_shapes_are_listed_in_time_order_as_well(log, folder, monkeypatch):
    monkeypatch.setattr("analytics.queries.listing.FEW_SHAPES", 3)
    fill(folder, [record(NOW_US - number, endpoint=f"/{number % 9}", request_id=str(number)) for number in range(40)])
    first = requests(question(), limit=25)
    rest = requests(question(), first.following, 25)
    assert [row.request_id for row in first.rows + rest.rows] == [str(number) for number in range(40)]


@pytest.mark.parametrize("cursor", ["", "x", "1", "1-", "1-x", "-1-2", "9" * 50, "1-2'--"])
def test_a_cursor_that_is_none_is_refused(log, cursor):
    if cursor:
        with pytest.raises(ValueError, match="cursor"):
            requests(question(), cursor)


def test_free_text_finds_addresses_request_ids_endpoints_and_errors(log, folder):
    fill(folder, [
        record(ip="198.51.100.9", request_id="req-one"), record(endpoint="/100%_sure"),
        record(status=404, error_code="budget_not_found")])
    found = {
        words: len(requests(question(search=words)).rows)
        for words in ("198.51.100.9", "[::ffff:198.51.100.9]:443", "req-one", "/100%_", "budget_not", "zebra", "%",
                      "' OR 1=1 --")}
    assert found == {
        "198.51.100.9": 1, "[::ffff:198.51.100.9]:443": 1, "req-one": 1, "/100%_": 1, "budget_not": 1,
        "zebra": 0, "%": 1, "' OR 1=1 --": 0}


def test_another_merchants_requests_are_out_of_reach(log, folder):
    fill(folder, [record(merchant_id=1, request_id="own"), record(merchant_id=2, request_id="foreign",
                  ip="203.0.113.9", endpoint="rpc:batch", children=[{"endpoint": "rpc:x", "method": "RPC"}])])
    mine, nobody = Scope(frozenset({1})), Scope(frozenset())
    for scope, count in ((mine, 1), (nobody, 0)):
        assert queries.totals(question(scope=scope)).requests == count
        assert len(requests(question(scope=scope)).rows) == count
        for name, words in (
                ("ip", "203.0.113.9"), ("request_id", "foreign"), ("search", "foreign"), ("search", "203.0.113.9")):
            option = {name: words}
            assert requests(question(scope=scope, **option)).rows == []
        assert queries.endpoints(scope) == ["/v1/api/public/customers"] * count
    with db.engines["log"].connect() as connection:
        number = connection.scalar(table.select().with_only_columns(table.c.id).where(table.c.request_id == "foreign")
                                   .order_by(table.c.id))
    assert request(EVERYTHING, number).request_id == "foreign"
    assert len(children(EVERYTHING, number)) == 1
    for scope in (mine, nobody):
        assert request(scope, number) is None
        assert children(scope, number) == []


def test_calls_of_a_batch_count_by_method_but_are_one_request(log, folder):
    call = {"method": "RPC", "endpoint": "rpc:clients.get", "operation": "clients.get", "status": 200,
            "error_code": None, "duration_us": 10}
    fill(folder, [record(endpoint="rpc:batch", children=[call] * 4)])
    assert queries.totals(question()).requests == 1
    assert queries.totals(question(endpoint="rpc:clients.get")).requests == 4
    window = periods.recent("1h", UTC_ZONE)
    assert {use.endpoint: use.requests for use in queries.top_endpoints(question(), window)} == {
        "rpc:batch": 1, "rpc:clients.get": 4}


def test_unknown_paths_have_no_place_among_the_endpoints(log, folder):
    fill(folder, [
        record(endpoint="/a"), *(record(endpoint="(unmatched)", method=method, status=404, error_code="not_found")
                                 for method in ("GET", "POST"))])
    window = periods.recent("1h", UTC_ZONE)
    assert [use.endpoint for use in queries.top_endpoints(question(), window)] == ["/a"]
    assert queries.unknown_paths(question()) == (2, 2)
    asked = question(endpoint="(unmatched)")
    assert {use.method for use in queries.top_endpoints(asked, window)} == {"GET", "POST"}


def test_a_key_shows_its_last_use_and_the_calls_of_its_week(log, folder):
    fill(folder, [record(NOW_US - DAY_US * day, key_id=5, ip=f"192.0.2.{day}") for day in (0, 1, 1, 8)])
    assert queries.last_use([5, 6]) == {5: (moment(NOW_US), "192.0.2.0")}
    assert queries.usage([5, 6], now=moment(NOW_US)) == {5: (0, 0, 0, 0, 0, 2, 1), 6: (0,) * 7}
    assert queries.last_use([]) == {}
    assert queries.usage([]) == {}


def test_an_empty_log_answers_with_zeros(log):
    totals = queries.totals(question())
    assert (totals.requests, totals.error_rate, totals.p95_us, totals.max_us) == (0, 0.0, None, None)
    window = periods.recent("24h", UTC_ZONE)
    assert sum(point.requests for point in queries.series(question(), window)) == 0
    assert queries.top_endpoints(question(), window) == queries.errors_by_type(question()) == []
    assert queries.extent(EVERYTHING) is None

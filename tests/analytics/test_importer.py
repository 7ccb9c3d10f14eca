"""Imports of real access logs, compared with figures counted by another program."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from analytics.importer import import_file
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING, Filter
from analytics.queries.listing import stream
from analytics.rollups import periods
from analytics.store import requests
from config import from_environment
from database import db

LINE = '192.0.2.1 - - [17/May/2015:08:05:32 +0000] "GET {} HTTP/1.1" 200 10 "-" "curl/8"\n'


@pytest.fixture
def shared():
    folder = from_environment({}).shared_data
    if not folder.is_dir():
        pytest.skip(f"the shared data is not at {folder}")
    return folder


def everything(source, first=datetime(2000, 1, 1, tzinfo=UTC), last=datetime(2030, 1, 1, tzinfo=UTC), **more):
    return Filter(scope=EVERYTHING, start=first, end=last, source=source, **more)


def test_a_real_log_gives_the_figures_that_another_engine_counted(log, shared, tmp_path):
    folder = shared / "http_nginx_elastic"
    figures = json.loads((folder / "expected.json").read_text())["figures"]
    result = import_file(folder / "nginx_logs.gz", source="elastic", rejects_folder=tmp_path)
    assert (result.read, result.imported, result.rejected, result.duplicate) == (51462, 51462, 0, 0)
    assert result.first == datetime(2015, 5, 17, 8, 5, 0, tzinfo=UTC)
    assert result.last == datetime(2015, 6, 4, 7, 6, 52, tzinfo=UTC)
    asked = everything("import:elastic")
    totals = queries.totals(asked)
    assert (totals.requests, totals.response_bytes) == (51462, 33939678630)
    assert totals.p95_us is None
    for status, count, size in figures["by_status"]["rows"]:
        found = queries.totals(everything("import:elastic", status=status))
        assert (found.requests, found.response_bytes) == (count, size)
    check_days(figures, asked)
    check_hours(figures, asked)
    window = periods.days(date(2015, 5, 17), date(2015, 6, 4), ZoneInfo("UTC"), imported=True)
    top = [(use.endpoint, use.requests, use.errors) for use in queries.top_endpoints(asked, window, 50)]
    by_path = Counter()
    for path, count, _ in top:
        by_path[path] += count
    expected = next(each for each in figures.values() if each["meaning"].startswith("Twenty paths (query"))
    assert by_path == {row[0]: row[1] for row in expected["rows"]}


def check_days(figures, asked):
    window = periods.window(
        datetime(2015, 5, 17, tzinfo=UTC), datetime(2015, 6, 5, tzinfo=UTC), ZoneInfo("UTC"), imported=True, step=1440)
    points = {point.start.date().isoformat(): point for point in queries.series(asked, window)}
    assert len(points) == 19
    for day, count, _, size, ok, redirects, refused, broken, errors in figures["by_day"]["rows"]:
        point = points[day]
        assert (point.requests, point.response_bytes, point.errors) == (count, size, errors)
        shares = [round(100 * point.classes.get(each, 0) / count, 2) for each in (2, 3, 4, 5)]
        assert shares == pytest.approx([ok, redirects, refused, broken], abs=0.0101)


def check_hours(figures, asked):
    window = periods.window(
        datetime(2015, 5, 17, tzinfo=UTC), datetime(2015, 6, 5, tzinfo=UTC), ZoneInfo("UTC"), imported=True, step=60)
    found = {
        point.start.strftime("%Y-%m-%dT%H:00Z"): [point.requests, point.response_bytes, point.errors]
        for point in queries.series(asked, window) if point.requests}
    assert found == {row[0]: row[1:] for row in figures["by_hour"]["rows"]}


def test_importing_again_adds_nothing_and_a_longer_file_only_what_is_new(log, tmp_path):
    path = tmp_path / "access.log"
    path.write_text(LINE.format("/a") * 3 + LINE.format("/b"))
    first = import_file(path)
    assert (first.imported, first.duplicate) == (4, 0)
    again = import_file(path)
    assert (again.read, again.imported, again.duplicate) == (4, 0, 4)
    with path.open("a") as file:
        file.write(LINE.format("/a") + LINE.format("/c"))
    longer = import_file(path)
    assert (longer.imported, longer.duplicate) == (2, 4)
    assert queries.totals(everything("import:access")).requests == 6
    other = import_file(path, source="other")
    assert (other.imported, other.duplicate) == (6, 0)


def test_an_import_that_was_cut_off_is_completed_by_the_next(log, tmp_path, monkeypatch):
    monkeypatch.setattr("analytics.importer.CHUNK", 10)
    path = tmp_path / "access.log"
    path.write_text("".join(LINE.format(f"/{number % 7}") for number in range(45)))
    calls = []

    def progress(read, done, size):
        calls.append(read)
        if len(calls) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_file(path, progress=progress)
    assert (import_file(path).imported, calls) == (25, [10, 20])
    with db.engines["log"].connect() as connection:
        assert connection.scalar(select(func.count()).select_from(requests)) == 45


def test_invalid_lines_are_written_to_a_file_with_the_reason(log, tmp_path):
    path = tmp_path / "access.log.gz"
    path.write_bytes(gzip.compress((LINE.format("/a") + "garbage\n" + LINE.format("/b").replace("May", "Mai")).encode()
                                   + b"\xff\xfe\x00binary\n"))
    result = import_file(path, rejects_folder=tmp_path)
    assert (result.read, result.imported, result.rejected) == (4, 1, 3)
    assert result.rejects_path == tmp_path / "access.log.gz.rejected"
    rejected = result.rejects_path.read_text().splitlines()
    assert rejected[0] == "garbage\t# in no known format"
    assert "not a time" in rejected[1]


def test_an_unknown_format_is_refused(log, tmp_path):
    with pytest.raises(ValueError, match="combined, json, csv"):
        import_file(tmp_path / "x", format="xml")


def test_random_paths_do_not_flood_the_roll_ups(log, tmp_path, monkeypatch):
    monkeypatch.setattr("analytics.importer.MOST_ENDPOINTS", 5)
    path = tmp_path / "flood.log"
    path.write_text("".join(LINE.format(f"/{chr(97 + number % 26)}{number}x") for number in range(60)))
    import_file(path)
    assert len(queries.endpoints(EVERYTHING)) == 6


def test_identifiers_in_paths_count_together_and_secrets_are_masked(log, tmp_path):
    path = tmp_path / "access.log"
    key = "bk_live_abcdefghijklmnop0123456789abcdefghijABCDEF"
    path.write_text(LINE.format("/users/12?api_token=verysecret&page=2") + LINE.format(f"/users/77?q={key}"))
    import_file(path)
    assert queries.endpoints(EVERYTHING) == ["/users/{id}"]
    rows = list(stream(everything("import:access")))
    assert {row.query for row in rows} == {"api_token=***&page=2", "q=***"}
    assert {row.path for row in rows} == {"/users/12", "/users/77"}


@pytest.mark.parametrize(("name", "format_", "imported"), [
    ("lnav.caddy.1.log", "json", 4), ("crowdsec.traefik_json.log", "json", 6), ("crowdsec.envoy.log", "json", 6),
    ("crowdsec.traefik.log", "json", 80), ("rla.apache_combined.log", "combined", 5),
    ("rla.apache_common.log", "combined", 10), ("crowdsec.apache-probing.log", "combined", 77),
    ("crowdsec.dos-bypass-cache.log", "combined", 356),
])
def test_samples_of_other_servers_are_read(log, shared, tmp_path, name, format_, imported):
    result = import_file(shared / "http_format_samples" / name, format=format_, rejects_folder=tmp_path)
    assert result.imported == imported
    # What is no access log among them says so, and is the only thing that is refused.
    refused = result.rejects_path.read_text() if result.rejects_path else ""
    assert len([line for line in refused.splitlines() if line.endswith("# not a JSON object")]) == result.rejected
    if format_ == "json":
        assert queries.totals(everything(f"import:{name.split('.')[0]}")).max_us > 0


def test_rows_of_csv_are_read_by_their_head(log, shared, tmp_path):
    folder = shared / "http_nginx_elastic"
    result = import_file(folder / "requests.csv.gz", format="csv", rejects_folder=tmp_path)
    assert (result.imported, result.rejected) == (51462, 0)
    assert queries.totals(everything("import:requests")).response_bytes == 33939678630


def test_the_clock_of_the_log_is_respected(log, tmp_path):
    path = tmp_path / "access.log"
    path.write_text(LINE.format("/a").replace("+0000", "-0430"))
    result = import_file(path)
    assert result.first == result.last == datetime(2015, 5, 17, 12, 35, 32, tzinfo=UTC)
    assert result.first.utcoffset() == timedelta(0)


@pytest.mark.parametrize(("written", "trusted", "kept"), [
    ("::ffff:198.51.100.7", None, "198.51.100.7"),
    ("198.51.100.7:4711, 10.0.0.1", None, "198.51.100.7"),
    ("10.0.0.9, 198.51.100.7,10.0.0.1", None, "198.51.100.7"),
    ("192.0.2.9, 198.51.100.7, 10.0.0.1", 2, "198.51.100.7"),
    ("2001:DB8:0::1", None, "2001:db8::1"),
])
def test_a_lines_caller_is_one_address_in_its_one_form(log, tmp_path, written, trusted, kept):
    combined, rows = tmp_path / "access.log", tmp_path / "access.json"
    combined.write_text(LINE.format("/a").replace("192.0.2.1", written, 1))
    entry = {"time": "2015-05-17T08:05:32Z", "status": 200, "path": "/a"}
    rows.write_text("\n".join(json.dumps(entry | {"x-forwarded-for": one}) for one in (written, written.split(", "))))
    import_file(combined, trusted_proxies=trusted)
    import_file(rows, format="json", source="rows", trusted_proxies=trusted)
    with db.engines["log"].connect() as connection:
        assert connection.scalars(select(requests.c.ip)).all() == [kept, kept, kept]

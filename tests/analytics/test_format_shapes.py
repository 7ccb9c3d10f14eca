"""Shapes of access logs that collectors, spreadsheets and other countries make of the common ones."""

import contextlib
import gzip
import json
import time
from datetime import UTC, datetime

import pytest

from analytics.formats import LineReader
from analytics.formats.entries import entries, opened
from analytics.formats.times import duration, moment
from analytics.importer import import_file
from tests.analytics.test_formats import COMBINED, SAME, found, read

pytestmark = pytest.mark.once("has no database, but for a test that names it")
AT = datetime(2015, 5, 17, 8, 5, 32, tzinfo=UTC)
OBJECT = {"time": "2015-05-17T08:05:32Z", "status": 200, "path": "/a", "query": "b=1", "ip": "192.0.2.1",
          "method": "GET", "bytes": 10, "user_agent": "curl/8"}
HAPROXY = ('127.0.0.1:33319 [15/Oct/2003:08:31:57.149] web web/one 9/0/7/14/30 200 243 - - ---- 3/3/3/1/0 0/0'
           ' "HEAD / HTTP/1.0"')


@pytest.mark.parametrize(("text", "micros"), [
    ("1,5 ms", 1_500), ("0,024 s", 24_000), ("1m2,5s", 62_500_000), ("12 msec", 12_000), ("1.5sec", 1_500_000),
    ("150 MS", 150_000), ("2 min", 120_000_000), ("PT1.5S", 1_500_000), ("PT1M2S", 62_000_000), (".5s", 500_000),
    ("00:00:01.5", 1_500_000), ("1.00:00:01,5", 86_401_500_000), ("+3ms", 3_000), ("0,024", 24_000),
])
def test_durations_of_other_countries_and_languages(text, micros):
    assert duration(text, 1e6) == pytest.approx(micros)


@pytest.mark.parametrize("text", ["1.234,5 ms", "1,234.5 ms", "PT", "1:2", "00:61:00", "ms", "1d", "５ms", "0x10", ","])
def test_what_could_be_two_durations_is_none(text):
    with pytest.raises(ValueError, match="not a duration"):
        duration(text, 1e6)


@pytest.mark.parametrize("text", [
    "2015-05-17t08:05:32z", "2015-05-17 08:05:32 UTC", "2015-05-17 08:05:32 +0000", "Sun, 17 May 2015 08:05:32 GMT",
    "Sun May 17 08:05:32 2015", "2015-05-17 10:05:32 +02:00", "1431849932,000", "2015/05/17 08:05:32",
])
def test_times_in_the_words_of_many_loggers(text):
    at = moment(text)
    assert (at if at.tzinfo else at.replace(tzinfo=UTC)) == AT


@pytest.mark.parametrize("text", [
    "30/Jun/2015:23:59:60 +0000", "2015-06-30T23:59:60Z", "2015-06-30 23:59:60 UTC", "01/Jul/2015:08:59:60 +0900",
    "2015-07-01T05:29:60+05:30", "2015-06-30T23:59:60.000Z", "Tue, 30 Jun 2015 23:59:60 GMT",
])
def test_a_leap_second_is_the_second_after_it(text):
    assert moment(text) == datetime(2015, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2015-06-30T08:05:60Z", "2015-06-30T23:59:61Z", "2015-06-30T23:60:60Z", "23:59:60"])
def test_a_minute_has_no_other_sixtieth_second(text):
    with pytest.raises(ValueError, match="not a time"):
        moment(text)


@pytest.mark.parametrize(("tail", "micros"), [
    (' 513 0.024 [default-web-80] [] 10.0.0.1:80 12 0.024 200 6f1e', 24_000),
    (' "203.0.113.7, 10.0.0.1" 0.024', 24_000), (" rt=0,024", 24_000), (" 1.5 ms", 1_500), (' "1,5 ms"', 1_500),
    (' 12 "web@docker" "http://10.0.0.1:80" 1,5ms', 1_500), (' "203.0.113.7"', None), (" 1234", None),
])
def test_durations_after_the_user_agent(tail, micros):
    assert found(read(COMBINED + tail)) == (*SAME, micros)


@pytest.mark.parametrize(("front", "ip"), [
    ("shop.example 203.0.113.9, 10.0.0.1", "203.0.113.9, 10.0.0.1"),
    ("shop.example:443 203.0.113.9:4711,10.0.0.1:80", "203.0.113.9:4711,10.0.0.1:80"),
    ('shop.example "203.0.113.9, 10.0.0.1"', "203.0.113.9, 10.0.0.1"),
    ("_ 2001:db8::1, 10.0.0.1", "2001:db8::1, 10.0.0.1"), ("localhost ::1", "::1"),
])
def test_a_virtual_host_may_precede_a_list_of_addresses(front, ip):
    assert read(COMBINED.replace("192.0.2.1", front)).ip == ip


@pytest.mark.parametrize("line", [
    f"\0\0\0{COMBINED}", f"\ufeff{COMBINED}",
    json.dumps({"log": COMBINED + "\n", "time": "2025-12-31T17:37:40Z"}),
    json.dumps({"@timestamp": "2025-12-31T17:37:40Z", "message": COMBINED, "agent": {"type": "filebeat"}}),
    json.dumps({"MESSAGE": COMBINED, "__REALTIME_TIMESTAMP": "1767202660000000"}),
    json.dumps({"log": f"2025-12-31T17:37:40.493035218+01:00 stdout F {COMBINED}", "stream": "stdout"}),
    json.dumps({"log": json.dumps({"message": f"nginx-1  | {COMBINED}"}), "stream": "stdout"}),
    json.dumps(OBJECT) + "]", "[" + json.dumps(OBJECT) + ",", f" {json.dumps(OBJECT)},",
])
def test_lines_as_collectors_keep_them(line):
    assert found(read(line)) == (*SAME, None)


@pytest.mark.parametrize("front", ["", "haproxy[674]: ", "<134>Oct 15 08:31:57 haproxy[674]: ",
                                   "Oct 15 08:31:57 lb haproxy[674]: "])
def test_haproxy_with_and_without_syslog(front):
    assert found(read(front + HAPROXY)) == ("127.0.0.1", "HEAD", "/", "", 200, 243, "", 30_000)


def test_apache_and_traefik_write_a_dash_for_no_status():
    assert read(COMBINED.replace(" 200 10", " - -")).status == 499


def test_nginx_writes_hexadecimal_escapes_into_json():
    assert read('{"time":"2015-05-17T08:05:32Z","status":200,"request":"GET /a\\x22b HTTP/1.1"}').path == '/a"b'


@pytest.mark.parametrize("row", [
    {"timestamp": "2015-05-17T08:05:32Z", "httpRequest": {
        "requestMethod": "GET", "requestUrl": "https://shop.example/a?b=1", "status": 200, "responseSize": "10",
        "userAgent": "curl/8", "remoteIp": "192.0.2.1", "latency": "0.012s"}},
    {"@timestamp": "2015-05-17T08:05:32Z", "source": {"ip": "192.0.2.1"}, "url": {"path": "/a", "query": "b=1"},
     "http": {"request": {"method": "GET"}, "response": {"status_code": 200, "body": {"bytes": 10}}},
     "event": {"duration": 12_000_000}, "user_agent": {"original": "curl/8"}},
    {"StartUTC": "2015-05-17T08:05:32Z", "time": "2015-05-17T08:05:33Z", "ClientHost": "192.0.2.1", "OriginStatus": 200,
     "OriginContentSize": 10, "RequestMethod": "GET", "RequestPath": "/a?b=1", "Duration": 12_000_000,
     "request_User-Agent": "curl/8"},
])
def test_objects_of_clouds_and_collectors(row):
    hit = read(json.dumps(row))
    assert found(hit) == (*SAME, 12_000)
    assert hit.at_us == AT.timestamp() * 1e6


@pytest.mark.parametrize("front", ["1431849932.0\tinfo\tx\tx\t", "2015-05-17T10:05:32.000+0200\tINFO\tx\t"])
def test_caddys_lines_for_people_begin_with_any_form_of_the_time(front):
    row = {"request": {"remote_ip": "192.0.2.1", "method": "GET", "uri": "/a"}, "duration": "1,5 ms", "status": 200}
    hit = read(front + json.dumps(row))
    assert (hit.at_us, hit.duration_us) == (AT.timestamp() * 1e6, 1_500)


def test_w3c_may_say_the_day_once():
    reader = LineReader()
    assert reader.skips("#Date: 2015-05-17 00:00:00")
    assert reader.skips("#Fields: time c-ip cs-uri-stem sc-status")
    assert reader.read("08:05:32 192.0.2.1 /a 200").at_us == AT.timestamp() * 1e6


@pytest.mark.parametrize("divider", [";", "\t"])
def test_spreadsheets_divide_by_other_signs(tmp_path, divider):
    path = tmp_path / "rows.csv"
    path.write_text("\ufeffat,path,status,duration_ms\n2015-05-17T08:05:32Z,/a,200,1#5\n".replace(",", divider)
                    .replace("#", ","), encoding="utf-8")
    with opened(path) as (_, lines):
        [(_, hit)] = entries(lines, "auto")
    assert (hit.path, hit.status, hit.duration_us) == ("/a", 200, 1_500)


@pytest.mark.parametrize("spoil", [
    lambda data: data[:-9], lambda data: data[:-8] + b"\0" * 8, lambda data: data + b"more",
])
def test_what_can_be_read_of_a_damaged_archive_is_imported_and_the_rest_named(log, tmp_path, spoil):
    path = tmp_path / "access.log.gz"
    lines = [COMBINED.replace("/a", f"/{number}") for number in range(2000)]
    path.write_bytes(spoil(gzip.compress("\n".join(lines).encode())))
    with pytest.raises(ValueError, match=r"damaged after (?!0 )\d+ lines"):
        import_file(path)
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    rest = import_file(path)
    assert rest.duplicate > 0
    assert rest.duplicate + rest.imported == 2000


@pytest.mark.parametrize("line", [
    "a.b " + "1:" * 100_000, "192.0.2.1 - - [" + "[" * 200_000, "192.0.2.1 - - " + '[a] "' * 40_000,
    HAPROXY.replace("- -", "{" + "a" * 200_000 + "}", 1), COMBINED + " 1" * 100_000,
])
def test_no_line_takes_long(line):
    before = time.process_time()
    with contextlib.suppress(ValueError):
        read(line)
    assert time.process_time() - before < 5             # where every letter looks at every other: minutes

"""Formats of access logs; no line ends an import or breaks a page."""

import gzip
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.formats import LineReader
from analytics.formats.entries import LONGEST_LINE, _read, entries, opened
from analytics.formats.hits import LARGEST_SIZE
from analytics.importer import import_file
from analytics.log.masking import mask_path
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING

pytestmark = pytest.mark.once("has no database, but for two tests that name it")
COMBINED = '192.0.2.1 - - [17/May/2015:08:05:32 +0000] "GET /a?b=1 HTTP/1.1" 200 10 "-" "curl/8"'
CADDY = {
    "ts": 1716723772.5, "msg": "handled request", "duration": 0.0175, "size": 3768, "status": 200,
    "request": {"remote_ip": "10.5.1.1", "method": "GET", "uri": "/a?b=1", "headers": {"User-Agent": ["curl/8"]}},
}


def read(line, **how):
    return LineReader(**how).read(line)


def found(hit):
    return (hit.ip, hit.method, hit.path, hit.query, hit.status, hit.response_bytes, hit.user_agent, hit.duration_us)


def read_file(path, form="auto"):
    with opened(path) as (_, lines):
        return list(entries(lines, form))


SAME = ("192.0.2.1", "GET", "/a", "b=1", 200, 10, "curl/8")


@pytest.mark.parametrize(("line", "duration"), [
    (COMBINED, None),
    (f"www.example.com:443 {COMBINED}", None),
    (f"example.com {COMBINED}", None),
    (f"{COMBINED} 0.024", 24_000),
    (f'{COMBINED} rt=0.024 uct="0.001"', 24_000),
    (f'{COMBINED} 123 "router@docker" "http://172.17.0.3:80" 5ms', 5_000),
    (f"2025-12-31T17:37:40.493035218+01:00 stdout F {COMBINED}", None),
    (f"nginx-1  | {COMBINED}", None),
    (f"Feb 25 16:19:38 web1 nginx[12]: {COMBINED}", None),
    (f"<190>1 2025-12-31T17:37:40Z web1 nginx 12 - - {COMBINED}", None),
    (json.dumps({"log": COMBINED + "\n", "stream": "stdout", "time": "2025-12-31T17:37:40Z"}), None),
    (json.dumps({"stream": "stdout", "time": "2025-12-31T17:37:40Z", "log": COMBINED + "\n"}), None),
    (f"[2001:db8::1]:443 {COMBINED}", None),
    (f"shop_test.local {COMBINED}", None),
    (f"_ {COMBINED}", None),
    (f"2025-12-31T17:37:40.493035218Z {COMBINED}", None),
    (f"2025-12-31T17:37:40.493035+01:00 web1 nginx[12]: {COMBINED}", None),
    (f"\x1b[36mweb_1  |\x1b[0m {COMBINED}", None),
    (f"{COMBINED} request_time:0.024", 24_000),
    (COMBINED.replace("/a?b=1", "https://shop.example/a?b=1"), None),
    (COMBINED.replace("17/May/2015:08:05:32 +0000", "2015-05-17T08:05:32+00:00"), None),
])
def test_the_combined_format_is_read_in_each_of_its_forms(line, duration):
    hit = read(line)
    assert found(hit) == (*SAME, duration)
    assert datetime.fromtimestamp(hit.at_us / 1e6, UTC) == datetime(2015, 5, 17, 8, 5, 32, tzinfo=UTC)


@pytest.mark.parametrize(("line", "expected"), [
    ('[2016-04-15T20:17:00.310Z] "POST /v1/a?b=1 HTTP/2" 204 - 154 7 226 100 "10.0.35.28" "nsq2http" "id" "locations"'
     ' "tcp://10.0.2.1:80"', ("10.0.35.28", "POST", "/v1/a", "b=1", 204, 7, "nsq2http", 226_000)),
    ('[2020-11-25T21:26:18.409Z] "GET /status/418 HTTP/1.1" 418 - via_upstream - "-" 0 135 4 4 "-" "curl/7.73" "84"'
     ' "httpbin:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 outbound_.8000_._.x'
     ' default', ("", "GET", "/status/418", "", 418, 135, "curl/7.73", 4_000)),
    ('[2020-11-25T21:26:18.409Z] "GET /a HTTP/1.1" 0 DC downstream_remote_disconnect - "-" 0 0 4 - "-" "-" "84"'
     ' "httpbin:8000" "-"', ("", "GET", "/a", "", 499, 0, "", 4_000)),
    ("Feb 25 16:19:49 lb haproxy[7]: 141.35.244.171:53332 [25/Feb/2019:16:19:48.143] in~ bk/web 0/0/7/1457/+1487 200"
     ' +11394 - - ---- 2/1/0/0/0 0/0 {curl/8|x} {} "GET /a?b=1 HTTP/1.1"',
     ("141.35.244.171", "GET", "/a", "b=1", 200, 11394, "curl/8", 1_487_000)),
    ('141.35.244.171:53332 [25/Feb/2019:16:19:48.143] in~ bk/web 0/0/7/57/64 200 5 - - ---- 2/1/0/0/0 0/0 {a "b" c}'
     ' "GET /a HTTP/1.1" 0/0000000000000000/0/0/0 shop.example/TLSv1.3', (
         "141.35.244.171", "GET", "/a", "", 200, 5, "", 64_000)),
    ("141.35.244.171:53332 [25/Feb/2019:16:19:48.143] in~ in/<NOSRV> -1/-1/-1/-1/12 -1 0 - - CR-- 2/1/0/0/0 0/0"
     ' "<BADREQ>"', ("141.35.244.171", "", "", "", 499, 0, "", 12_000)),
    ('http 2018-07-02T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200'
     ' 200 34 366 "GET http://www.example.com:80/a?b=1 HTTP/1.1" "curl/7.46.0" - - arn "Root=1-58" "-" "-" 0',
     ("192.168.131.39:2817", "GET", "/a", "b=1", 200, 366, "curl/7.46.0", 1_000)),
    ('https 2018-07-02T22:23:00.186641Z app/my-lb/50dc6c495c0c9188 192.168.131.39:2817 - -1 -1 -1 502 - 34 366'
     ' "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" - - arn "Root=1-58" "-" "-" 0',
     ("192.168.131.39:2817", "GET", "/", "", 502, 366, "curl/7.46.0", None)),
])
def test_the_text_logs_of_load_balancers_are_read(line, expected):
    assert found(read(line)) == expected


def test_addresses_in_quotes_are_a_list_and_a_dash_is_none():
    assert read(COMBINED.replace("192.0.2.1", '"203.0.113.7, 192.0.2.1"', 1)).ip == "203.0.113.7, 192.0.2.1"
    assert read(COMBINED.replace("192.0.2.1", "-", 1)).ip == ""


def test_traefik_may_name_only_its_local_time():
    row = {"ClientHost": "192.0.2.1", "DownstreamStatus": 200, "Duration": 1_500_000, "RequestPath": "/a",
           "RequestMethod": "GET", "StartLocal": "2025-12-31T18:37:40.5+01:00"}
    hit = read(json.dumps(row))
    assert (hit.duration_us, datetime.fromtimestamp(hit.at_us / 1e6, UTC).hour) == (1_500, 17)


@pytest.mark.parametrize(("changes", "expected"), [
    ({}, 17_500), ({"duration": "17.5 ms"}, 17_500), ({"duration": "17.5ms"}, 17_500),
    ({"duration": "1m2.5s"}, 62_500_000),
    ({"ts": "2024-05-26T11:42:52.500Z"}, 17_500), ({"ts": "2024/05/26 11:42:52.500"}, 17_500),
    ({"ts": 1716723772500.0, "duration": "17500µs"}, 17_500),
])
def test_the_logs_of_every_version_of_caddy_are_read(changes, expected):
    hit = read(json.dumps(CADDY | changes))
    assert (hit.path, hit.query, hit.user_agent, hit.duration_us) == ("/a", "b=1", "curl/8", expected)
    assert hit.at_us == 1716723772_500_000


def test_the_console_lines_of_caddy_and_those_of_its_first_version_are_read():
    console = {name: value for name, value in CADDY.items() if name not in ("ts", "msg")}
    line = f"2024/05/26 11:42:52.500\tINFO\thttp.log.access\thandled request\t{json.dumps(console)}"
    assert read(line).at_us == read(line, json_only=True).at_us == 1716723772_500_000
    older = CADDY | {"request": CADDY["request"] | {"remote_addr": "10.5.1.1:4711"}}
    del older["request"]["remote_ip"]
    assert read(json.dumps(older)).ip == "10.5.1.1:4711"


@pytest.mark.parametrize(("change", "reason"), [
    (("200 10", "200 -10"), "the size is negative"),
    (("200 10", f"200 {LARGEST_SIZE + 1}"), "the size is above"),
    (("200 10", "200 99999999999999999999999"), "not a size"),
    (("200 10", "700 10"), "not a status: 700"),
    (("17/May/2015", "17/May/1815"), "before 1990"),
    (("17/May/2015", "31/Feb/2015"), "not a time"),
    (("17/May/2015", "17/May/9999"), "more than a day ahead"),
])
def test_numbers_have_ceilings_and_a_line_beyond_them_says_why(change, reason):
    with pytest.raises(ValueError, match=reason):
        read(COMBINED.replace(*change))


@pytest.mark.parametrize("value", ["-1.5", -2, 1e300, "1e999", "NaN", "Infinity", "soon", "12 parsecs", 10**14, [1]])
def test_a_duration_is_one_or_the_line_is_refused(value):
    row = {"time": "2015-05-17T08:05:32Z", "status": 200, "duration_us": value}
    with pytest.raises(ValueError, match="duration"):
        read(json.dumps(row))


def test_a_time_one_day_ahead_is_a_wrong_clock_and_two_days_are_a_mistake():
    def at(hours):
        return json.dumps({"status": 200, "time": (datetime.now(UTC) + timedelta(hours=hours)).isoformat()})

    assert read(at(23)).status == 200
    with pytest.raises(ValueError, match="a day ahead"):
        read(at(25))


@pytest.mark.parametrize("status", [0, -1, "000", "0"])
def test_no_status_means_that_the_caller_went_away(status):
    assert read(json.dumps({"time": "2015-05-17T08:05:32Z", "status": status})).status == 499


@pytest.mark.parametrize(("content", "form"), [
    (b"\xef\xbb\xbf" + COMBINED.encode(), "auto"),
    (COMBINED.encode("utf-16"), "combined"),
    (gzip.compress(b"\xef\xbb\xbf" + COMBINED.encode()), "combined"),
    (b"\xef\xbb\xbftime,status,path\r\n2015-05-17T08:05:32Z,200,/a\r\n", "auto"),
    (b'\xef\xbb\xbf{"time": "2015-05-17T08:05:32Z", "status": 200, "path": "/a"}', "json"),
])
def test_byte_order_marks_are_no_part_of_the_first_line(tmp_path, content, form):
    path = tmp_path / "access.log"
    path.write_bytes(content)
    [(_, hit)] = read_file(path, form)
    assert hit.path == "/a"


def test_w3c_names_its_columns_also_in_the_middle_of_a_file(tmp_path):
    path = tmp_path / "iis.log"
    path.write_text(
        "#Software: IIS\n#Fields: date time c-ip cs-method cs-uri-stem cs-uri-query sc-status sc-bytes time-taken"
        " cs(User-Agent)\n2015-05-17 08:05:32 192.0.2.1 GET /a b=1 200 10 24 Mozilla/5.0+(X)\n2015-05-17 08:05:32 x\n"
        "#Fields: date time sc-status time-taken c-ip\n2015-05-17\t08:05:33\t000\t0.024\t-\n")
    (_, first), (_, short), (_, last) = read_file(path)
    assert found(first) == ("192.0.2.1", "GET", "/a", "b=1", 200, 10, "Mozilla/5.0 (X)", 24_000)
    assert short == "3 values for 10 fields"
    assert (last.status, last.duration_us, last.ip) == (499, 24_000, "")


def test_tabs_divide_cells_that_have_spaces():
    reader = LineReader()
    assert reader.skips("#Fields: date time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)")
    hit = reader.read("2015-05-17\t08:05:32\t192.0.2.1\tGET\t/a b\t200\tcurl/8 (x y)")
    assert (hit.path, hit.user_agent) == ("/a b", "curl/8 (x y)")


def test_no_line_ends_an_import(log, tmp_path):
    good = COMBINED.encode()
    hostile = [
        b"x" * (LONGEST_LINE * 2 + 10), b"\xff\xfe\x00\x01", b'{"time": ' + b"[" * 5000, b'{"status": 1e400}', b"{}",
        b'{"time":"2015-05-17T08:05:32Z","status":' + b"9" * 5000 + b"}", b'"' * 300_000, b"\x1b[31mred", b"#comment",
        b'{"time":"2015-05-17T08:05:32Z","status":200,"path":"\\ud800","user_agent":"\\u0000\\u2028"}',
    ]
    path = tmp_path / "access.log"
    path.write_bytes(b"\n".join([good, *hostile, good]))
    result = import_file(path, rejects_folder=tmp_path)
    assert (result.imported, result.rejected) == (3, 8)
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b"time,status,path\n2015-05-17T08:05:32Z,200," + b"y" * 200_000 + b'\n2015,"\n'
                     b'2015-05-17T08:05:33Z,200,/b\n')
    assert import_file(rows, rejects_folder=tmp_path).read >= 2


@given(st.text(max_size=200), st.sampled_from([True, False]))
def test_any_line_is_read_or_refused_with_a_reason(text, json_only):
    [(_, hit)] = [_read(text, LineReader(json_only=json_only))]
    assert hit if isinstance(hit, str) else 100 <= hit.status <= 599


LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=10))
ANY = st.recursive(LEAF, lambda inner: st.one_of(
    st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)), max_leaves=6)


@given(st.dictionaries(st.sampled_from([*sorted(CADDY), "time", "ip", "path", "duration_ms", "query"]), ANY))
def test_any_object_is_read_or_refused_with_a_reason(changes):
    _, hit = _read(json.dumps(CADDY | changes), LineReader())
    assert hit if isinstance(hit, str) else 0 <= hit.response_bytes <= LARGEST_SIZE


@pytest.mark.parametrize("path", [
    "/gentoo/distfiles/9b/tl-hrlatex.source-2021.tar.xz", "/assets/index-DiwrgTda8sd7f6g5h4j3.js",
    "/blog/how-to-migrate-from-version-2-to-version-3", "/fonts/inter-v12-latin-regular.woff2",
])
def test_names_of_files_and_titles_are_no_secrets(path):
    assert mask_path(path) == path


@pytest.mark.parametrize("part", [
    "b7f3c9d2e1a84f6590bd", "dGhpc0lzQVNlY3JldDEyMw-x_y9KQ", "0123456789abcdef01234567",
    "eyJhbGciOiJIUzI1NiJ9.e30.abc12345",
])
def test_what_looks_random_is_masked(part):
    assert mask_path(f"/reset/{part}") == "/reset/***"


def test_scans_of_strangers_take_no_places_from_real_endpoints(log, tmp_path, monkeypatch):
    monkeypatch.setattr("analytics.importer.MOST_ENDPOINTS", 3)
    monkeypatch.setattr("analytics.importer.MOST_UNKNOWN", 2)
    path = tmp_path / "access.log"
    scan = [COMBINED.replace("/a?b=1", f"/{number}.php").replace(" 200 ", " 404 ") for number in range(20)]
    real = [COMBINED.replace("/a?b=1", f"/real{number}") for number in range(3)]
    path.write_text("\n".join(scan + real))
    result = import_file(path)
    assert (result.imported, result.without_duration) == (23, 23)
    assert set(queries.endpoints(EVERYTHING)) == {"/0.php", "/1.php", "/real0", "/real1", "/real2", "(other)"}

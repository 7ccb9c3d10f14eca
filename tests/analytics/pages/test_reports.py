"""Analytics pages: permissions, filters in URLs, safe and complete exports."""

import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import time_machine

from analytics.importer import import_file
from analytics.queries.filters import EVERYTHING, Filter
from analytics.rollups.periods import recent
from analytics.store import requests
from blueprints.analytics import report_query
from blueprints.analytics.report_query import ReportQuery
from database import db
from domain import clock
from tests import cast
from tests.analytics.log_samples import record

PAGES = ("/admin/analytics", "/admin/requests", "/admin/analytics.csv", "/admin/requests.json")
CANARY = "canary-of-birch"


@pytest.mark.parametrize("path", [*PAGES, "/admin/requests/1"])
def test_strangers_are_sent_to_the_sign_in(visitor, path):
    assert visitor().get(path).status_code == 303


@pytest.mark.parametrize("path", [*PAGES, "/admin/requests/1"])
def test_staff_without_the_permission_are_refused(signed_in, alder, path):
    assert signed_in("normal_user", [alder]).get(path).status_code == 403


@pytest.mark.parametrize("role", ["admin_user", "accountant_user"])
@pytest.mark.parametrize("path", PAGES)
def test_administrators_and_accountants_see_the_analytics(signed_in, alder, traffic, role, path):
    traffic(alder)
    assert signed_in(role, [alder]).get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_an_empty_log_is_a_page_too(admin, path):
    assert admin.get(path).status_code == 200


def test_nothing_of_another_merchant_is_shown(admin, alder, birch, traffic):
    traffic(alder)
    traffic(birch, endpoint=f"/{CANARY}", path=f"/{CANARY}", request_id=CANARY, ip="203.0.113.77", error_code=CANARY,
            status=500, source=f"import:{CANARY}")
    with db.engines["log"].connect() as connection:
        number = connection.scalar(sa.select(requests.c.id).where(requests.c.request_id == CANARY))
    filters = ("", f"?endpoint=/{CANARY}", f"?q={CANARY}", "?q=203.0.113.77", "?ip=203.0.113.77", f"?error={CANARY}",
               "?mode=all&status=failed", f"?source=import:{CANARY}", "?contract=admin")
    for query in filters:
        found = json.loads(admin.get(f"/admin/requests.json{query}").text)["rows"]
        assert all(row["merchant_id"] == alder for row in found), query
    for page in PAGES:
        for query in ("", "?mode=all", "?status=failed", "?range=90d"):
            assert CANARY not in admin.get(page + query).text
    assert admin.get(f"/admin/requests/{number}").status_code == 404
    assert admin.get("/admin/requests/999999").status_code == 404


def test_rows_of_no_merchant_are_for_admins_of_all(ops, signed_in, alder, traffic):
    traffic(None, request_id="of-nobody", status=401)
    assert "of-nobody" in ops.get("/admin/requests.json").text
    accountant = signed_in("accountant_user", everything=True, email="acc@example.com")
    assert "of-nobody" not in accountant.get("/admin/requests.json").text


@pytest.mark.parametrize("query", [
    "range=nonsense", "from=2026-02-30&to=x", "from=9999-01-01&to=0001-01-01", "key=abc", "key=99999999999999",
    "status=9999", "status=%00", "after=zzz", "after=1-2-3", "contract='--", "mode=x", "from=2026-01-01T00:00Z&to=T",
    "from=2026-01-02&to=2026-01-01", "q=%25%27%20OR%201%3D1", "endpoint=" + "x" * 5000, "range=custom",
    "from=2020-01-01&to=2026-11-20", "source=import:x&from=2015-05-17&to=2015-06-04", "status=²²²", "key=²",
])
@pytest.mark.parametrize("path", PAGES)
def test_invalid_addresses_are_no_error(admin, alder, traffic, path, query):
    traffic(alder)
    assert admin.get(f"{path}?{query}").status_code == 200


def counted(page):
    return [int(found.replace(",", "")) for found in re.findall(r"([\d,]+) requests?</span>", page.text)]


def test_a_bucket_of_the_chart_opens_exactly_its_requests(admin, alder, traffic):
    for ago in (1, 2, 3, 400, 1500):
        traffic(alder, ago=ago)
        traffic(alder, ago=ago, status=404)
    page = admin.get("/admin/analytics?range=7d")
    figure = json.loads(re.search(r'id="fig-requests">(.*?)</script>', page.text)[1])
    edges = figure["layout"]["meta"]["edges"]
    checked = 0
    for trace in figure["data"]:
        for at, count in enumerate(trace["y"]):
            status = trace.get("meta", {}).get("status")
            if count and status:
                first, last = (stamp(edge) for edge in edges[at:at + 2])
                log = admin.get(f"/admin/requests?range=custom&from={first}&to={last}&status={status}")
                assert counted(log) == [count]
                checked += 1
    assert checked >= 4


def stamp(seconds):
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%MZ")


def test_the_mode_follows_the_switch_until_the_address_says_otherwise(admin, alder, traffic):
    traffic(alder, mode="test", request_id="in-test")
    traffic(alder, request_id="in-live")
    assert "in-test" not in admin.get("/admin/requests.json").text
    assert "in-test" in admin.get("/admin/requests.json?mode=test").text
    both = admin.get("/admin/requests.json?mode=all").text
    assert "in-test" in both
    assert "in-live" in both


def test_polling_answers_nothing_until_something_happened(admin, alder, traffic):
    traffic(alder)
    for path in ("/admin/analytics", "/admin/requests"):
        poll = unescape(re.search(r'hx-get="([^"]*seen=[^"]*)"', admin.get(path).text)[1])
        assert admin.part(poll).status_code == 204
        traffic(alder, ago=0)
        assert admin.part(poll).status_code == 200


def test_updates_can_be_paused(admin, alder, traffic):
    traffic(alder)
    assert "every 15s" not in admin.get("/admin/analytics?live=0").text


def test_htmx_gets_the_part_only(admin, alder, traffic):
    traffic(alder)
    for path, part in (("/admin/analytics", "report"), ("/admin/requests", "log")):
        reply = admin.part(path)
        assert "<html" not in reply.text
        assert f'id="{part}"' in reply.text
        assert {"HX-Request", "HX-Request-Type"} <= {each.strip() for each in reply.headers["Vary"].split(",")}


def test_pages_of_the_log_follow_one_another(admin, alder, traffic, monkeypatch):
    monkeypatch.setattr("blueprints.analytics.requests.PAGE", 2)
    for number in range(5):
        traffic(alder, ago=number + 1, ip=f"192.0.2.{number}")
    seen, path = [], "/admin/requests"
    while path:
        text = admin.get(path).text
        seen += re.findall(r'class="mono" href="[^"]*">(192\.0\.2\.\d)<', text)
        following = re.search(r'href="([^"]*after=[^"]*)"', text)
        path = unescape(following[1]) if following else None
    assert seen == [f"192.0.2.{number}" for number in range(5)]


HOSTILE = '<img src=x onerror=alert(1)>'


def test_what_strangers_sent_is_shown_as_text(admin, alder, traffic):
    traffic(alder, user_agent=HOSTILE, path=f"/{HOSTILE}", query=f"q={HOSTILE}", endpoint=f"</script>{HOSTILE}",
            request_id=HOSTILE, error_code=HOSTILE, status=500, ip="=cmd()")
    for path in ("/admin/analytics", "/admin/requests", "/admin/requests/1"):
        text = admin.get(path).text
        assert "<img src=x" not in text
    with db.engines["log"].connect() as connection:
        number = connection.scalar(sa.select(requests.c.id))
    text = admin.get(f"/admin/requests/{number}").text
    assert "<img src=x" not in text
    assert "&lt;img src=x" in text


def test_csv_cells_are_no_formulas_and_the_file_says_that_it_is_complete(admin, alder, traffic):
    traffic(alder, user_agent='=HYPERLINK("http://evil")', path="/a,b\"c")
    reply = admin.get("/admin/requests.csv")
    rows = list(csv.reader(io.StringIO(reply.text.lstrip("\ufeff"))))
    row = dict(zip(rows[0], rows[1], strict=True))
    assert row["user_agent"] == "'=HYPERLINK(\"http://evil\")"
    assert row["path"] == '/a,b"c'
    assert rows[-1] == ["# complete: 1 rows"]
    assert "attachment" in reply.headers["Content-Disposition"]


def test_json_exports_are_one_document(admin, alder, traffic):
    traffic(alder)
    traffic(alder, status=404)
    data = json.loads(admin.get("/admin/requests.json").text)
    assert (data["complete"], data["count"], len(data["rows"])) == (True, 2, 2)
    series = json.loads(admin.get("/admin/analytics.json?range=1h").text)
    assert sum(row["requests"] for row in series["rows"]) == 2
    assert sum(row["4xx"] for row in series["rows"]) == 1


def test_one_request_is_shown_with_a_command_without_secrets(admin, alder, traffic):
    key, text = cast.make_key(alder, name="Shop")
    traffic(alder, key_id=key, query="page=2&name=***", request_id="req-42")
    with db.engines["log"].connect() as connection:
        number = connection.scalar(sa.select(requests.c.id))
    page = admin.get(f"/admin/requests/{number}").text
    assert "Shop" in page
    assert "Authorization: Bearer $API_KEY" in page
    assert text not in page
    assert "req-42" in page


def compared(page):
    """What each key figure says of the period before."""
    tile = r'<span class="kpi-label">([^<]*)</span>.*?<span class="row2">(.*?)</span>\n<span class="row2 kpi'
    tiles = re.findall(tile, page, re.DOTALL)
    return {label: " ".join(re.sub("<[^>]*>", " ", text).split()) for label, text in tiles}


def many(traffic, merchant, count, **changes):
    for number in range(count):
        traffic(merchant, request_id=f"req-{number}", **changes)


def test_a_period_is_not_compared_to_one_without_requests(admin, alder, traffic):
    traffic(alder, status=404)
    found = compared(admin.get("/admin/analytics?range=1h").text)
    assert len(found) == 5
    assert set(found.values()) == {"no earlier data"}


def test_a_period_is_not_compared_to_hardly_any_requests(admin, alder, traffic):
    many(traffic, alder, 9, ago=75)
    many(traffic, alder, 12)
    found = compared(admin.get("/admin/analytics?range=1h").text)
    assert set(found.values()) == {"too little earlier data"}


def test_a_period_is_compared_to_one_with_requests(admin, alder, traffic):
    many(traffic, alder, 9, ago=75)
    traffic(alder, ago=75, status=404, response_bytes=1)
    many(traffic, alder, 15, status=429, response_bytes=10_000)
    found = compared(admin.get("/admin/analytics?range=1h").text)
    assert found["Requests"] == "up 50.0% vs previous"
    assert found["Error rate"] == "up 90.00 pp vs previous"
    assert found["Data sent"] == "up 16,548% vs previous"      # as it is, without a ceiling
    assert found["Throttled (429)"] == "none before"
    assert "9999" not in str(found)
    assert "vs previous" not in admin.get("/admin/analytics?range=1h&compare=0").text


def test_links_keep_the_filters(admin, alder, traffic):
    traffic(alder, status=404)
    text = admin.get("/admin/analytics?range=24h&contract=public").text
    links = [unescape(found) for found in re.findall(r'href="(/admin/requests\?[^"]*status=failed[^"]*)"', text)]
    assert links
    for link in links:
        kept = parse_qs(urlsplit(link).query)
        assert kept["contract"] == ["public"]
        assert kept["range"] == ["24h"]


def test_the_zone_of_the_reader_is_named(visitor, alder, traffic):
    traffic(alder)
    cast.make_user("kim@example.com", "admin_user", [alder], timezone="Asia/Kathmandu")
    one = visitor()
    one.sign_in("kim@example.com")
    assert "Asia/Kathmandu (UTC+05:45)" in one.get("/admin/analytics").text


def heading(page):
    """What the page says of its period and its zone."""
    return [re.sub("<[^>]*>", "", part).strip() for part in re.search(r"</h1><p>(.*?)</p>", page)[1].split(" · ")]


@pytest.mark.parametrize("path", ["/admin/analytics", "/admin/requests"])
@pytest.mark.parametrize(("query", "period"), [
    ("from=2020-01-01&to=2026-11-20", "1 Jan 2020 – 20 Nov 2026"),
    ("from=2025-03-01&to=2025-04-01", "1 Mar – 1 Apr 2025"),
    ("from=2020-05-03&to=2020-05-03", "3 May 2020"), ("from=2020-05-03&to=2020-05-04", "3 May – 4 May 2020"),
])
def test_a_period_is_named_with_its_years(admin, path, query, period):
    assert heading(admin.get(f"{path}?{query}").text)[0] == period


def test_an_id_that_no_request_has_is_not_missed_in_a_period(admin):
    page = admin.get("/admin/requests?range=7d&q=req_0123456789abcdef").text
    assert "No request in the log has this id." in page
    assert "in this period" not in page
    assert "in this period" in admin.get("/admin/requests?range=7d&q=nothing").text


@pytest.mark.parametrize("path", ["/admin/analytics", "/admin/requests"])
@pytest.mark.parametrize("name", ["24h", "30d", "90d"])
def test_the_offset_of_a_zone_is_that_of_the_end(visitor, alder, path, name):
    cast.make_user("kit@example.com", "admin_user", [alder], timezone="Europe/London")
    one = visitor()
    one.sign_in("kit@example.com")
    offset = datetime.now(ZoneInfo("Europe/London")).strftime("%z")
    assert heading(one.get(f"{path}?range={name}").text)[1] == f"Europe/London (UTC{offset[:3]}:{offset[3:]})"


@pytest.mark.parametrize(("name", "period"), [
    ("1h", "20 Nov 11:02 – 20 Nov 12:01"), ("24h", "19 Nov 12:15 – 20 Nov 12:01"), ("7d", "13 Nov – 20 Nov 2026")])
def test_a_range_that_ends_now_does_not_end_later(name, period):
    now, utc = datetime(2026, 11, 20, 12, 1, 30, tzinfo=UTC), ZoneInfo("UTC")
    window = recent(name, utc, now=now.timestamp())
    asked = ReportQuery(Filter(scope=EVERYTHING, start=window.start, end=window.end), window, utc, {}, name, now)
    assert asked.period == period


def asked_at(now, name):
    """What a page in London asks for by the name of a range."""
    zone = ZoneInfo("Europe/London")
    window = recent(name, zone, now=now.timestamp())
    return ReportQuery(Filter(scope=EVERYTHING, start=window.start, end=window.end), window, zone, {}, name, now)


@pytest.mark.parametrize("name", ["1h", "24h", "7d", "30d", "90d"])
@pytest.mark.parametrize(("now", "offset"), [("00:58:30", "+00:00"), ("00:59:30", "+00:00"), ("01:00:30", "+01:00")])
def test_around_a_clock_change_the_offset_is_that_of_now(name, now, offset):
    asked = asked_at(datetime.fromisoformat(f"2027-03-28T{now}+00:00"), name)
    assert asked.zone_name == f"Europe/London (UTC{offset})"


@pytest.mark.parametrize("name", ["7d", "30d", "90d"])
def test_right_after_midnight_a_range_ends_on_the_new_day(name):
    assert asked_at(datetime(2027, 2, 1, 0, 0, 30, tzinfo=UTC), name).period.endswith("– 1 Feb 2027")


@pytest.mark.parametrize("path", ["/admin/analytics", "/admin/requests"])
def test_a_first_day_alone_reaches_until_now(admin, path):
    today = datetime.now(UTC)
    text = admin.get(f"{path}?from=2025-11-10").text
    assert heading(text)[0] == f"10 Nov 2025 – {today:%-d %b %Y}"
    assert f'name="to" value="{today:%Y-%m-%d}"' in text
    early = today - timedelta(hours=3)
    text = admin.get(f"{path}?from={early:%Y-%m-%dT%H:%MZ}").text
    assert heading(text)[0].startswith(f"{early:%-d %b %H:%M} – ")
    assert 'name="range" value="24h" checked' in admin.get(f"{path}?from=2026-11-10&range=24h").text
    assert heading(admin.get(f"{path}?to=2025-11-10").text)[0] == "10 Nov 2025"


@pytest.mark.parametrize("asked", ["range=1h", "from={:%Y-%m-%dT%H:%MZ}"])
def test_in_the_first_second_of_a_minute_its_requests_are_counted(admin, alder, traffic, asked):
    now = datetime.now(UTC).replace(second=0, microsecond=400_000) + timedelta(minutes=1)
    with time_machine.travel(now, tick=False):
        traffic(alder, ago=0)
        assert 'class="rowlink' in admin.get("/admin/requests?" + asked.format(now - timedelta(hours=1))).text


def test_a_page_without_requests_leads_to_the_days_that_have_some(admin, alder, traffic):
    traffic(alder, ago=20 * 1440)
    page = admin.get("/admin/analytics?range=24h")
    link = unescape(re.search(r'class="b pri" href="([^"]*from=[^"]*)"', page.text)[1])
    assert "1 failed" not in page.text
    assert "Top endpoints" in admin.get(link).text


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_what_was_exported_can_be_imported_and_is_equal(admin, alder, traffic, tmp_path, kind):
    for number in range(3):
        traffic(alder, ago=number, user_agent='=1+1,"x"', query="q=a%2Cb", duration_us=12_345 + number,
                status=[200, 404, 429][number], error_code=[None, "not_found", "rate_limit_exceeded"][number])
    path = tmp_path / f"requests.{kind}"
    path.write_bytes(admin.get(f"/admin/requests.{kind}").data)
    result = import_file(path, source="back", merchant_id=alder, rejects_folder=tmp_path)
    assert (result.imported, result.rejected) == (3, 0)
    kept = ("time", "method", "endpoint", "path", "query", "status", "error_code", "duration_ms", "request_bytes",
            "response_bytes", "ip", "user_agent")

    def rows(query=""):
        found = json.loads(admin.get(f"/admin/requests.json{query}").text)["rows"]
        return [{name: row[name] for name in kept} for row in found]

    assert rows("?source=import:back") == rows("?source=api")


def test_a_period_is_cut_to_what_there_can_be(app, admin, monkeypatch):
    asked = []
    real = report_query.periods.days
    monkeypatch.setattr(report_query.periods, "days", lambda *some, **more: asked.append(some) or real(*some, **more))
    assert admin.get("/admin/analytics?from=1971-01-01&to=2199-12-31").status_code == 200
    (first, last, _), today = asked[-1], clock.now().date()
    assert (today - first).days <= 3662
    assert (last - today).days <= 2
    assert admin.get("/admin/analytics?from=2198-01-01&to=2199-12-31").status_code == 200
    assert asked[-1][0] == asked[-1][1] == last
    whole = f"from={(today - timedelta(days=390)).isoformat()}&to={today.isoformat()}"
    assert admin.get(f"/admin/analytics?{whole}").status_code == 200
    assert asked[-1][0] == today - timedelta(days=390)


def test_paths_of_strangers_are_counted_below_the_endpoints(admin, alder, traffic):
    traffic(alder)
    for method in ("GET", "POST", "HEAD", "PUT"):
        traffic(alder, method=method, endpoint="(unmatched)", path="/wp-login.php", status=404)
    page = admin.get("/admin/analytics").text
    table = page.partition('aria-labelledby="h-top"')[2].partition("</section>")[0]
    assert table.count("rowlink") == 1
    assert "4 requests of paths that are no endpoint" in table
    assert "(unmatched)" in admin.get("/admin/analytics?endpoint=(unmatched)").text.partition('"h-top"')[2]


@pytest.mark.parametrize(
    "query", ["ip=192.0.2.9", "user=98765", "customer=98765", "object=customer_98765", "q=nothing"])
def test_figures_show_no_filter_that_they_do_not_apply(admin, alder, traffic, query):
    traffic(alder)
    page = admin.get(f"/admin/analytics?{query}").text
    assert query.partition("=")[2] not in page
    assert "Clear all" not in page


@pytest.mark.parametrize("page", ["analytics", "requests"])
def test_filters_are_chips_and_those_to_add_keep_the_question(admin, alder, traffic, page):
    traffic(alder, status=404)
    text = admin.get(f"/admin/{page}?range=24h&status=404&merchant={alder}&contract=public").text
    on = re.findall(r'id="chip-(\w+)"[^>]*>([^<]+)<b>([^<]+)</b>', text)
    assert {(name, value) for name, _, value in on} == {
        ("status", "404"), ("contract", "Public"), ("merchant", "Alder")}
    assert "Add filter" in text
    removed = re.search(r'class="drop" href="([^"]+)"[^>]*aria-label="Remove the filter Outcome"', text)[1]
    assert parse_qs(urlsplit(unescape(removed)).query) == {
        "range": ["24h"], "contract": ["public"], "merchant": [str(alder)]}
    form = text.partition('aria-label="Endpoint"')[0].rpartition("<form")[2]
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    assert hidden == {"range": "24h", "status": "404", "contract": "public", "merchant": str(alder)}
    assert f'href="/admin/{page}?range=24h">Clear all' in text


def test_every_chart_has_a_table_without_scripts_and_each_bucket_is_a_link(admin, alder, traffic):
    traffic(alder, duration_us=12_000)
    page = admin.get("/admin/analytics").text
    tables = re.findall(r"<noscript>(<table.*?)</noscript>", page, re.S)
    assert len(tables) == 4
    assert all(table.count("<tr>") > 50 for table in tables)
    assert "12 ms" in tables[2]
    rows = re.findall(r'<a href="([^"]+)">[^<]+</a></td>(.*?)</tr>', tables[0])
    wanted = next(href for href, cells in rows if ">1<" in cells)
    assert admin.get(unescape(wanted)).text.count('class="rowlink mono"') == 1


def test_plotly_is_no_part_of_the_page_until_a_chart_is_in_view(admin, alder, traffic):
    traffic(alder)
    page = admin.get("/admin/analytics").text
    assert not re.search(r'<script src="[^"]*plotly', page)
    assert re.search(r'data-plotly="/static/vendor/plotly', page)


def test_the_highest_bucket_of_the_comparison_is_a_link(admin, alder, traffic, stored):
    traffic(alder, ago=5)
    hour = int((clock.now().timestamp() - 30 * 3600) * 1e6)
    stored(record(hour + place, merchant_id=alder, request_id=f"old{place}") for place in range(30))
    page = admin.get("/admin/analytics?range=24h").text
    (href,) = re.findall(r'<a class="peak" href="([^"]+)">highest 30 at', page)
    assert admin.get(unescape(href)).text.count('class="rowlink mono"') == 30


def test_requests_without_durations_have_no_latency_chart(admin, alder, traffic):
    traffic(alder, duration_us=None)
    page = admin.get("/admin/analytics").text
    assert "No durations" in page
    assert "plot-latency" not in page

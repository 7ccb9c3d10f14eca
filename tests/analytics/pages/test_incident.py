"""The incident on the analytics page: a sentence, its period, a link to one of its requests."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from domain import clock
from tests import cast
from tests.analytics.log_samples import record

DOWN = {"status": 503, "error_code": "unavailable", "message": "Try again later.", "method": "POST"}


@pytest.fixture
def outage(stored, alder, shop):
    """Two days of requests every half hour, and 30 failures in a row, 20 hours ago."""
    now = clock.now().timestamp()

    def make(merchant=alder, *, until=20 * 60):
        usual = [record(int((now - age * 1800) * 1e6), merchant_id=merchant) for age in range(96, 2, -1)]
        broken = [
            record(int((now - 60 * (until + age)) * 1e6), merchant_id=merchant, key_id=shop, **DOWN)
            for age in range(30)]
        stored([*usual, *broken])

    return make


@pytest.fixture
def shop(alder):
    return cast.make_key(alder, name="Shop")[0]


def panel(page):
    found = re.search(r'<section class="panel incident".*?</section>', page.text, re.S)
    return unescape(found[0]) if found else ""


def links(text, word):
    return [href for href, body in re.findall(r'<a[^>]* href="([^"]+)"[^>]*>(.*?)</a>', text, re.S) if word in body]


def test_an_incident_leads_to_its_period_and_from_there_to_a_request(admin, outage):
    outage()
    first = panel(admin.get("/admin/analytics"))
    assert "30 of " in first
    assert "most on POST /v1/api/public/customers, by the key Shop." in first
    (address,) = links(first, "Show this period")
    asked = parse_qs(urlsplit(address).query)
    assert asked["from"] < asked["to"]
    second = panel(admin.get(address))
    assert not links(second, "Show this period")
    (*_, request) = links(second, "POST /v1")
    assert "Try again later." in admin.get(request).text
    (log,) = links(second, "Failed requests")
    assert admin.get(log).text.count(">503<") == 30


def test_an_ongoing_incident_says_so(admin, outage):
    outage(until=0)
    assert "Ongoing incident" in panel(admin.get("/admin/analytics?range=1h"))


@pytest.mark.parametrize("query", ["?range=1h", "?contract=core", "?mode=all", "?mode=test"])
def test_an_incident_is_shown_only_where_the_filters_include_it(admin, outage, query):
    outage()
    assert panel(admin.get(f"/admin/analytics{query}")) == ""


def test_nobody_sees_the_incident_of_another_merchant(admin, ops, outage, birch):
    outage(birch)
    assert panel(admin.get("/admin/analytics")) == ""
    assert "Birch" in panel(ops.get("/admin/analytics"))


def test_a_merchant_is_a_filter_within_what_one_may_see(admin, ops, traffic, alder, birch):
    traffic(alder, request_id="req_alder")
    traffic(birch, request_id="req_birch")
    page = ops.get(f"/admin/requests?merchant={birch}")
    assert "Merchant: <b>Birch" in page.text
    assert page.text.count('class="rowlink mono"') == 1
    assert admin.get(f"/admin/requests?merchant={birch}").text.count('class="rowlink mono"') == 0

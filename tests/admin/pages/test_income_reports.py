"""The page of reports, and its files."""

import csv
import io
import re
from datetime import timedelta
from html import unescape

import pytest

from domain import clock
from models.order import OrderStatus
from models.payment import PaymentReason
from models.product import Billing
from tests.ordered import make_order, make_row
from tests.payment_rows import make_payment


@pytest.fixture
def visit(signed_in, alder):
    make_payment(alder, 123456, clock.now(), refunded=456)
    return signed_in("accountant_user", [alder])


def test_the_page_shows_what_was_collected_and_is_empty_where_nothing_was(visit):
    shown = visit.get("/admin/reports").text
    assert "1,234.56 EUR" in shown
    assert "1,230.00 EUR" in shown
    assert "Nothing was collected in these days" in visit.get("/admin/reports?from=2020-01-01&to=2020-02-01").text


@pytest.mark.parametrize("step", ["day", "week", "month"])
def test_the_files_have_the_figures_of_the_page(visit, step):
    [row] = visit.get(f"/admin/reports/income.json?step={step}").json
    assert (row["collected"], row["refunded"], row["net"], row["payments"]) == ("1234.56", "4.56", "1230.00", 1)
    text = visit.get(f"/admin/reports/income.csv?step={step}").data.decode("utf-8-sig")
    [line] = csv.DictReader(io.StringIO(text))
    assert line == {name: str(value) for name, value in row.items()}


@pytest.mark.parametrize("name", ["recurring", "receivables", "forecast"])
def test_a_report_without_rows_is_an_empty_file(visit, name):
    assert visit.get(f"/admin/reports/{name}.json").json == []
    assert visit.get(f"/admin/reports/{name}.csv").status_code == 200


@pytest.mark.parametrize("query", ["step=year", "from=2026-13-01", "from=2026-02-02&to=2026-02-01", "to=0001-01-01"])
def test_impossible_days_are_told(visit, query):
    reply = visit.get(f"/admin/reports?{query}")
    assert reply.status_code == 422
    assert "Choose days like" in reply.text


def test_an_unknown_report_is_not_found(visit):
    assert visit.get("/admin/reports/profit.csv").status_code == 404


def test_a_row_leads_to_its_payments(visit, alder):
    make_payment(alder, 5000, clock.now() - timedelta(days=3))
    shown = visit.get("/admin/reports").text
    day = (clock.now() - timedelta(days=3)).date().isoformat()
    [link] = {one for one in re.findall(r'rowlink" href="(/admin/payments\?[^"]+)"', shown) if f"after={day}" in one}
    found = re.sub(r"<[^>]+>", "", visit.get(link.replace("&amp;", "&")).text)
    assert re.search(r"\b50\.00\b", found)
    assert "1,234.56" not in found


def test_each_bar_says_its_day_and_leads_to_its_payments(visit, alder):
    shown = unescape(visit.get("/admin/reports").text)
    day = f"{clock.now():%-d %b %Y}"
    [link] = re.findall(rf'<a href="([^"]+)" tabindex="-1" aria-hidden="true"><title>{day}: 1,234.56 EUR col', shown)
    assert "1,234.56" in visit.get(link).text


def paying_order(alder, **more):
    return make_order(alder, status=OrderStatus.ACTIVE, billing=Billing.SUBSCRIPTION, **more)


def test_what_is_owed_leads_to_its_payments_and_to_no_other(visit, alder):
    now = clock.now()
    for days, minor in ((3, 4000), (45, 5000)):
        make_row(alder, paying_order(alder), due_at=now - timedelta(days=days), amount_minor=minor)
    make_row(alder, make_order(alder), due_at=now - timedelta(days=3), amount_minor=6000)  # owes nothing
    links = re.findall(r'href="([^"]+)">(1–30|31–60)</a>', unescape(visit.get("/admin/reports").text))
    assert [age for _, age in links] == ["1–30", "31–60"]
    for (url, _), amount in zip(links, ("40.00", "50.00"), strict=True):
        shown = re.sub(r"<[^>]+>", "", visit.get(url).text)
        assert [one for one in ("40.00", "50.00", "60.00") if one in shown] == [amount]


def test_a_coming_week_lists_its_payments(visit, alder):
    order, day = paying_order(alder), clock.now() + timedelta(days=20)
    make_row(alder, order, due_at=day, amount_minor=4200)
    shown = unescape(visit.get("/admin/reports").text)
    week = (day.date() - timedelta(days=day.weekday())).isoformat()
    assert f"/admin/reports?week={week}#coming" in shown
    listed = visit.get(f"/admin/reports?week={week}").text
    assert f'href="/admin/orders/{order}">Order {order}</a>' in listed
    assert "Nothing becomes due in this week" in visit.get("/admin/reports?week=2020-01-01").text
    assert visit.get("/admin/reports?week=soon").status_code == 422


def test_payments_are_filtered_by_the_type_of_order_and_by_how_they_were_collected(visit, alder):
    make_payment(alder, 7700, clock.now(), reason=PaymentReason.RETRY)
    for query, is_shown in (("reason=retry", True), ("reason=schedule", False), ("gateway=stripe", False),
                            ("billing=metered", False)):
        assert ("77.00" in visit.get(f"/admin/payments?{query}").text) == is_shown, query


def test_refunded_payments_are_a_tab_with_what_was_given_back(visit, alder):
    make_payment(alder, 7700, clock.now())
    shown = visit.get("/admin/payments?refunded=true").text
    assert 'refunded=true" aria-current="page">Refunded</a>' in shown
    assert ("1,234.56" in shown, "4.56 EUR" in shown, "77.00" in shown) == (True, True, False)
    assert "77.00" in visit.get("/admin/payments").text

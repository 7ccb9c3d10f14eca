"""The page of reports, and its files."""

import csv
import io
import re
from datetime import timedelta

import pytest

from domain import clock
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
    [link] = [one for one in re.findall(r'href="(/admin/payments\?[^"]+)"', shown) if f"executed_after={day}" in one]
    found = re.sub(r"<[^>]+>", "", visit.get(link.replace("&amp;", "&")).text)
    assert re.search(r"\b50\.00\b", found)
    assert "1,234.56" not in found

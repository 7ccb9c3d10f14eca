"""Pages of currencies and exchange rates."""

from datetime import date
from decimal import Decimal

from database import transaction
from domain.actor import Actor
from domain.catalog import currencies


def make_rate(source="USD", target="EUR", rate="0.9", day=date(2026, 1, 5)):
    with transaction():
        new = currencies.RateInput(from_currency=source, to_currency=target, rate=Decimal(rate), day=day)
        currencies.create_rate(Actor.operator(), new)


def test_the_list_names_the_base_and_leads_to_rates(admin):
    page = admin.get("/admin/currencies").text
    assert "No rates are known yet" in page
    assert "rates import" in page
    found = admin.get("/admin/currencies?q=yen").text
    assert "JPY" in found
    assert "Base" in admin.get("/admin/currencies?q=EUR").text
    assert "Nothing matches" in admin.get("/admin/currencies?q=doubloon").text
    assert "JPY" in admin.get("/admin/currencies.csv?q=yen").text


def test_a_pair_has_a_chart_and_a_rate_on_a_day(admin):
    make_rate(rate="0.9", day=date(2026, 1, 5))
    make_rate(rate="0.95", day=date(2026, 1, 8))
    page = admin.get("/admin/currencies/rates?from=USD&to=EUR&period=11000&on=2026-01-07").text
    assert "from 2026-01-05 to 2026-01-08" in page
    assert "0.9 EUR" in page
    assert "5 Jan 2026" in page
    assert "No rate is known" in admin.get("/admin/currencies/rates?from=USD&to=EUR&on=2025-12-31").text


def test_invalid_parameters_in_the_address_are_ignored(admin):
    for query in ("from=XXXX&to=%00", "period=-1&on=yesterday", "from=EUR&to=EUR", "on=0001-01-01", "from=1&to=2"):
        assert admin.get("/admin/currencies/rates?" + query).status_code == 200, query


def test_the_operator_sets_a_rate(ops):
    form = {"from": "GBP", "to": "EUR", "rate": "1.17", "dt": "2026-02-03"}
    reply = ops.post("/admin/currencies/rates", form)
    assert reply.status_code == 303
    assert "1.17 EUR" in ops.get(reply.headers["Location"]).text
    assert currencies.get_rate("GBP", "EUR", date(2026, 2, 3)).rate == Decimal("1.17")


def test_a_refused_rate_is_shown_with_what_was_typed(ops):
    form = {"from": "GBP", "to": "EUR", "rate": "1.17", "dt": "2026-02-03"}
    for change, field in (({"rate": "-1"}, "rate-wrong"), ({"rate": "a lot"}, "rate-wrong"),
                          ({"to": "GBP"}, "to-wrong"), ({"dt": "tomorrow"}, "dt-wrong")):
        reply = ops.post("/admin/currencies/rates", form | change)
        assert reply.status_code == 422, change
        assert field in reply.text, change


def test_an_admin_of_one_merchant_sets_none(admin):
    form = {"from": "GBP", "to": "EUR", "rate": "1.17", "dt": "2026-02-03"}
    assert admin.post("/admin/currencies/rates", form).status_code == 403
    assert "Only users with access to all merchants" in admin.get("/admin/currencies/rates").text

"""Days without a time, and deletions of rows in use: alike on every contract and protocol."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from database import db, transaction
from domain import clock, settings
from domain.actor import Actor
from models.product import Product
from tests import cast
from tests.api.conftest import Caller
from tests.days import DAYS, moment

SECOND = timedelta(seconds=1)
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
END = datetime(2026, 11, 30, 4, 59, 59, tzinfo=UTC)              # of the 29th in Lima


@pytest.fixture
def lima():
    return cast.make_merchant("Lima", timezone="America/Lima")


@pytest.fixture
def public(app, lima):
    return Caller(app, cast.make_key(lima)[1])


@pytest.fixture(params=["public", "rest", "rpc"])
def contract(request, public, core, lima):
    """What one contract does: make a budget until a day, delete a row, find products by a word."""
    class Spoken:
        name = request.param

        def budget(self, day):
            line = {"description": "x", "quantity": 1}
            if self.name == "public":
                body = {"customerId": "customer_1", "validUntil": day, "items": [line | {"unitPrice": 1}]}
                return public.post("/budgets", body).json["data"]["validUntil"]
            body = {"companies_id": lima, "clients_id": 1, "valid_until": day, "items": [line | {"unit_price": 1}]}
            if self.name == "rest":
                return core("POST", "/budgets", json=body | {"__tz": "UTC"}).json["valid_until"]
            return core.result("budgets.create", body | {"__tz": "UTC"})["valid_until"]

        def delete(self, public_path, core_path, method):
            if self.name == "public":
                reply = public.delete(f"{public_path}_1")
                return reply.status_code, reply.json.get("data", reply.json)
            if self.name == "rest":
                reply = core("DELETE", f"{core_path}/1")
                return reply.status_code, reply.json
            answer = core.rpc(method, {"id": 1})
            return (200, answer["result"]) if "result" in answer else (422, answer)

    return Spoken()


@pytest.mark.parametrize("day", ["2026-11-29"])
def test_a_bare_day_is_the_merchants_and_ends_with_its_last_second(contract, lima, monkeypatch, day):
    monkeypatch.setattr(clock, "now", lambda: NOON)
    cast.make_customer(lima)
    said = contract.budget(day).replace("+0000", "Z").replace(" ", "T")
    assert said == END.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_created_before_a_day_means_the_merchants_day(public, lima, monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 30, 4, 0, tzinfo=UTC))      # the 29th, 23:00 in Lima
    cast.make_product(lima)
    found = {query: public.get(f"/products?{query}").json["pagination"]["total"] for query in (
        "createdBefore=2026-11-28", "createdBefore=2026-11-29", "createdAfter=2026-11-29", "createdAfter=2026-11-30")}
    assert list(found.values()) == [0, 1, 1, 0]


@pytest.mark.parametrize("has_zone", [True, False], ids=["the merchant's", "the system's"])
@pytest.mark.parametrize(("zone", "day", "first", "last"), DAYS)
def test_the_days_of_a_list_are_whole_days_of_the_zone(app, zone, day, first, last, has_zone):
    merchant = cast.make_merchant(timezone=zone if has_zone else None)
    if not has_zone:
        with transaction():
            settings.update(Actor.operator(), {"system_timezone": zone})
    for at in (moment(first) - SECOND, moment(first), moment(last), moment(last) + SECOND):
        key = cast.make_product(merchant)
        with transaction():
            db.session.get_one(Product, key).created_at = at
    api = Caller(app, cast.make_key(merchant)[1])
    found = api.get(f"/products?createdAfter={day}&createdBefore={day}").json["data"]
    assert {one["id"] for one in found} == {"product_2", "product_3"}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_without_a_day_a_rate_is_todays_where_the_caller_is(core, zone, monkeypatch):
    for now in (datetime(2026, 11, 28, 11, tzinfo=UTC), datetime(2026, 11, 28, 23, tzinfo=UTC)):
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        today = now.astimezone(ZoneInfo(zone)).date().isoformat()
        made = core.result("accounting.currencies.rates.create", {"from": "EUR", "to": "USD", "rate": 1, "__tz": zone})
        assert made["dt"] == today
        assert core.result("accounting.currencies.get_rate", {"to": "EUR", "__tz": zone})["dt"] == today


def test_a_customer_with_pending_budgets_is_kept_and_the_answer_says_by_what(contract, lima):
    cast.make_budget(lima, cast.make_customer(lima))
    status, answer = contract.delete("/customers/customer", "/clients", "clients.delete")
    assert status == (409 if contract.name == "public" else 422)
    assert "1 pending budget" in str(answer)
    assert ("clients-has-documents" in str(answer)) == (contract.name != "public")


def test_a_product_in_documents_is_kept_and_the_answer_says_so(contract, lima):
    cast.make_budget(lima, cast.make_customer(lima), [{"product_id": cast.make_product(lima), "quantity": 1}])
    status, answer = contract.delete("/products/product", "/products", "products.delete")
    assert status == 200
    assert answer["deleted"] is False
    assert answer["status"].upper() == "INACTIVE"
    assert answer["id"] == ("product_1" if contract.name == "public" else 1)


def test_the_zone_of_a_user_with_one_merchant_is_the_merchants(program, lima):
    cast.make_budget(lima, cast.make_customer(lima))
    mine = program("lima@example.org", role="admin_user", merchant_ids=[lima])
    assert mine.get("/budgets/1").json["c_dt"].endswith("-0500")
    assert mine.result("budgets.get", {"id": 1})["c_dt"].endswith("-0500")
    assert mine.result("budgets.get", {"id": 1, "__tz": "UTC"})["c_dt"].endswith("+0000")

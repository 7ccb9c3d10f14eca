"""Time zones of pages: the user's, else the chosen merchant's, else the system's; days are the merchant's."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from database import db, transaction
from domain import clock, settings
from domain.actor import Actor
from models.budget import Budget
from models.credential import Credential
from tests import cast
from tests.days import DAYS, moment

SECOND = timedelta(seconds=1)


@pytest.fixture
def tokyo():
    return cast.make_merchant("Tokyo", timezone="Asia/Tokyo")


@pytest.fixture
def admin(signed_in, tokyo):
    return signed_in("admin_user", [tokyo])


def test_a_page_is_in_the_users_zone_else_in_the_merchants_else_in_the_systems(admin, tokyo, monkeypatch):
    cast.make_customer(tokyo)
    page = "/admin/customers"
    assert 'title="Days of Asia/Tokyo"' in admin.get(page).text
    admin.post("/admin/account", {"name": "Ada", "timezone": "America/Lima"})
    assert 'title="Days of America/Lima"' in admin.get(page).text


def test_a_user_with_several_merchants_has_the_zone_of_the_one_that_is_shown(signed_in, tokyo):
    other = cast.make_merchant("None", timezone=None)
    with transaction():
        settings.update(Actor.operator(), {"system_timezone": "Europe/Madrid"})
    ops = signed_in("admin_user", everything=True)
    assert 'title="Days of Europe/Madrid"' in ops.get("/admin/customers").text
    for merchant, zone in ((tokyo, "Asia/Tokyo"), (other, "Europe/Madrid")):
        ops.post("/admin/switch", {"merchant": str(merchant)})
        assert f'title="Days of {zone}"' in ops.get("/admin/customers").text


def test_a_budget_ends_with_the_day_of_its_merchant_and_says_so(signed_in, tokyo):
    customer = cast.make_customer(tokyo)
    ops = signed_in("admin_user", everything=True)
    ops.get("/admin/customers")
    form = {"merchant_id": tokyo, "customer_id": str(customer), "valid_until": "2099-11-29",
            "items.0.description": "x", "items.0.quantity": "1", "items.0.unit_price": "1"}
    assert ops.post("/admin/budgets", form).status_code == 303
    stored = db.session.get_one(Budget, 1).valid_until
    assert stored.replace(microsecond=0) == datetime(2099, 11, 29, 14, 59, 59, tzinfo=UTC)
    assert "29 Nov 2099 Asia/Tokyo" in ops.get("/admin/budgets/1").text
    assert 'value="2099-11-29"' in ops.get("/admin/budgets/1/edit").text
    assert "Until the end of that day, Asia/Tokyo." in ops.get("/admin/budgets/1/edit").text


def test_a_key_ends_with_a_day_of_its_merchant(admin, tokyo):
    form = {"name": "App", "expires": "30", "rate_limit_per_hour": "10", "scope_BUDGETS": "read", "mode": "live"}
    assert admin.post("/admin/keys", form).status_code == 201
    stored = db.session.scalars(db.select(Credential.expires_at).where(Credential.name == "App")).one()
    local = stored.astimezone(ZoneInfo("Asia/Tokyo"))
    today = clock.now().astimezone(local.tzinfo).date()
    assert local.time() == time(23, 59, 59)
    assert local.date() - today in (timedelta(days=30), timedelta(days=29))        # midnight may have passed


@pytest.mark.parametrize("own", [True, False], ids=["the user's", "the merchant's"])
@pytest.mark.parametrize(("zone", "day", "first", "last"), DAYS)
def test_the_days_of_a_list_are_whole_days_of_the_readers_zone(signed_in, own, zone, day, first, last):
    merchant = cast.make_merchant(timezone="UTC" if own else zone)
    reader = signed_in("admin_user", [merchant])
    if own:
        reader.post("/admin/account", {"name": "Ada", "timezone": zone})
    customer = cast.make_customer(merchant)
    for at in (moment(first) - SECOND, moment(first), moment(last), moment(last) + SECOND):
        key = cast.make_budget(merchant, customer)
        with transaction():
            db.session.get_one(Budget, key).created_at = at
    for path in ("/admin/budgets", "/admin/budgets.csv"):
        text = reader.get(f"{path}?created_after={day}&created_before={day}").text
        shown = {number for number in range(1, 5) if f"/admin/budgets/{number}" in text or f"\n{number}," in text}
        assert shown == {2, 3}, path
    assert moment(first).astimezone(ZoneInfo(zone)).isoformat() in text          # the file has the reader's times


def test_deleting_what_is_in_use_is_refused_or_explained(admin, tokyo):
    product = cast.make_product(tokyo, "Lamp")
    customer = cast.make_customer(tokyo, "Ada")
    cast.make_budget(tokyo, customer, [{"product_id": product, "quantity": 1}])
    admin.post(f"/admin/customers/{customer}/delete")
    assert "This customer cannot be deleted: it has 1 pending budget." in admin.get("/admin/customers").text
    admin.post(f"/admin/products/{product}/delete")
    page = admin.get("/admin/products").text
    assert "Lamp is in 1 budget, so it was deactivated instead of deleted." in page
    assert "Lamp was deleted" not in page

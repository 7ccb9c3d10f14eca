"""Which time zone applies: the person's on pages, the merchant's for days of its rows."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from database import transaction
from domain import clock, inputs, settings, zones
from domain.actor import ALL, Actor
from domain.errors import Invalid
from domain.integrations import api_keys
from domain.people import merchants
from domain.sales.budgets import budgets
from models.budget import Budget
from tests import cast
from tests.days import DAYS, moment

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def noon(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: NOON)


def use_system_zone(name):
    with transaction():
        settings.update(Actor.operator(), {"system_timezone": name})


def budget_until(merchant, value):
    key = cast.make_budget(merchant, cast.make_customer(merchant), valid_until=value)
    return budgets.RESOURCE.listing.read(cast.actor_for(merchant), key).valid_until


def test_a_persons_zone_is_the_own_one_else_the_chosen_merchants_else_the_systems():
    madrid, none = cast.make_merchant("A", timezone="Europe/Madrid"), cast.make_merchant("B", timezone=None)
    use_system_zone("Asia/Tokyo")
    assert zones.of_person("America/Lima", [madrid]).key == "America/Lima"
    assert zones.of_person(None, [madrid]).key == "Europe/Madrid"
    assert {zones.of_person(None, chosen).key for chosen in ([none], [madrid, none], [], ALL)} == {"Asia/Tokyo"}


def test_a_merchant_made_without_a_zone_has_none():
    new = inputs.parse(merchants.MerchantInput, {"name": "Alder"})
    with transaction():
        assert merchants.create(Actor.operator(), new).timezone is None


@pytest.mark.parametrize(("zone", "day", "end"), [
    ("Pacific/Auckland", "2026-11-29", "2026-11-29T10:59:59"), ("America/Lima", "2026-11-29", "2026-11-30T04:59:59"),
    (None, "2026-11-29", "2026-11-29T23:59:59"), *((zone, day, last) for zone, day, _, last in DAYS),
])
def test_a_bare_day_holds_until_its_last_second_where_the_merchant_is(noon, zone, day, end):
    found = budget_until(cast.make_merchant(timezone=zone), day)
    assert found.replace(microsecond=0) == moment(end)


def test_a_day_whose_last_hour_comes_twice_ends_with_the_second():
    # Cuba puts its clocks back at one in the morning; Paraguay did so at midnight: 23:59:59 came twice.
    end = zones.last_instant(date(2024, 3, 23), ZoneInfo("America/Asuncion"))
    assert end.replace(microsecond=0) == datetime(2024, 3, 24, 3, 59, 59, tzinfo=UTC)


def test_today_is_allowed_while_it_is_today_at_the_merchants(noon):
    assert budget_until(cast.make_merchant(timezone="UTC"), "2026-11-28") > NOON
    with pytest.raises(Invalid):
        budget_until(cast.make_merchant("Kiri", timezone="Pacific/Kiritimati"), "2026-11-28")


def test_what_is_left_out_ends_with_a_day_too(noon):
    merchant = cast.make_merchant(timezone="Asia/Kolkata")
    found = budget_until(merchant, None)
    assert found == zones.last_instant(date(2026, 12, 28), ZoneInfo("Asia/Kolkata"))


def test_an_expired_budget_is_one_whose_day_is_over(noon, monkeypatch):
    merchant = cast.make_merchant(timezone="Europe/Madrid")
    budget_until(merchant, "2026-11-29")
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, 22, 59, 59, tzinfo=UTC))
    listing, actor = budgets.RESOURCE.listing, cast.actor_for(merchant)
    assert listing.read(actor, 1).status == "PENDING"
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 29, 23, 0, 0, tzinfo=UTC))
    assert listing.read(actor, 1).status == "EXPIRED"


def test_a_key_works_until_the_end_of_its_last_day(noon):
    merchant = cast.make_merchant(timezone="America/Lima")
    row, _ = cast.make_key(merchant, expires_at="2026-11-28")
    found = api_keys.LISTING.read(cast.actor_for(merchant), row).expires_at
    assert found == zones.last_instant(date(2026, 11, 28), ZoneInfo("America/Lima"))


def test_a_changed_date_is_read_like_a_new_one(noon):
    merchant = cast.make_merchant(timezone="America/Lima")
    budget_until(merchant, "2026-12-24")
    actor = cast.actor_for(merchant)
    changes = inputs.changes(budgets.BudgetInput, {"valid_until": "2026-12-01"})
    with transaction() as session:
        budgets.update(actor, session.get_one(Budget, 1), changes)
    found = budgets.RESOURCE.listing.read(actor, 1).valid_until
    assert found == zones.last_instant(date(2026, 12, 1), ZoneInfo("America/Lima"))


@pytest.mark.parametrize("value", ["2026-02-30", "2026-11-29T25:00", "29/11/2026", "9999-12-31"])
def test_a_day_that_does_not_exist_is_refused(value):
    merchant = cast.make_merchant(timezone="Etc/GMT+12")
    with pytest.raises(Invalid) as refused:
        budget_until(merchant, value)
    assert refused.value.fields.keys() == {"valid_until"}

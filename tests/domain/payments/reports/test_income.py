"""What was collected and given back is added up by currency and by day, week or month of a zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from domain.payments.reports import income
from domain.payments.reports.periods import MOST, Step, spans
from models.payment import PaymentStatus
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_order
from tests.payment_rows import make_payment

BERLIN = ZoneInfo("Europe/Berlin")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def sums(actor, first, last, step, zone=BERLIN):
    """{(day, currency): (collected, refunded, payments)}"""
    periods = spans(date.fromisoformat(first), date.fromisoformat(last), step, zone)
    return {
        (periods[one.place].day.isoformat(), one.currency): (one.collected_minor, one.refunded_minor, one.count)
        for one in income.income(actor, periods)
    }


@pytest.fixture
def shop(alder):
    make_payment(alder, 1000, at("2026-10-24T21:59:59"))                         # still the 24th in Berlin
    make_payment(alder, 2000, at("2026-10-24T22:00:00"))                         # the 25th, which has 25 hours
    make_payment(alder, 4000, at("2026-10-25T22:59:59"), refunded=500)
    make_payment(alder, 8000, at("2026-10-25T23:00:00"), currency="GBP")
    make_payment(alder, 9999, at("2026-10-25T10:00:00"), status=PaymentStatus.DECLINED)
    make_payment(cast.make_merchant("Cedar"), 7777, at("2026-10-25T10:00:00"))
    return actor_for(alder)


def test_a_day_is_the_readers_day_also_when_it_has_25_hours(shop):
    assert sums(shop, "2026-10-24", "2026-10-26", Step.DAY) == {
        ("2026-10-24", "EUR"): (1000, 0, 1),
        ("2026-10-25", "EUR"): (6000, 500, 2),
        ("2026-10-26", "GBP"): (8000, 0, 1),
    }


def test_weeks_begin_on_monday_and_months_on_the_first(shop):
    assert sums(shop, "2026-10-24", "2026-10-26", Step.WEEK) == {
        ("2026-10-19", "EUR"): (7000, 500, 3), ("2026-10-26", "GBP"): (8000, 0, 1),
    }
    assert sums(shop, "2026-10-24", "2026-10-26", Step.MONTH) == {
        ("2026-10-01", "EUR"): (7000, 500, 3), ("2026-10-01", "GBP"): (8000, 0, 1),
    }


def test_the_other_world_and_other_merchants_are_not_counted(alder, shop):
    make_payment(alder, 1, at("2026-10-25T10:00:00"), order_id=None)
    assert sums(shop.in_world(test=True), "2026-10-01", "2026-10-31", Step.MONTH) == {}
    assert sums(shop, "2026-10-25", "2026-10-25", Step.DAY)["2026-10-25", "EUR"] == (6001, 500, 3)


def test_restricted_users_see_the_payments_of_their_own_orders(alder):
    ed = cast.make_user("ed@alder.example", "restricted_user", [alder])
    make_payment(alder, 1000, at("2026-10-25T10:00:00"))
    make_payment(alder, 300, at("2026-10-25T10:00:00"), order_id=make_order(alder, created_by_user_id=ed))
    own = actor_for(alder, user_id=ed, own_only=True)
    assert sums(own, "2026-10-25", "2026-10-25", Step.DAY) == {("2026-10-25", "EUR"): (300, 0, 1)}


def test_more_spans_than_one_statement_takes_are_read_in_parts(shop):
    found = sums(shop, "2026-01-01", "2026-12-31", Step.DAY)
    assert found["2026-10-25", "EUR"] == (6000, 500, 2)
    assert len(found) == 3


def test_a_long_time_is_cut_to_its_last_400_days():
    found = spans(date(2020, 1, 1), date(2026, 1, 1), Step.DAY, BERLIN)
    assert (len(found), found[-1].day) == (MOST, date(2026, 1, 1))

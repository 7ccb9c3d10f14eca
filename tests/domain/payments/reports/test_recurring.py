"""Recurring revenue is brought to a month, by currency, with what was added and what ended."""

from datetime import timedelta

from domain import clock
from domain.payments.reports.recurring import recurring
from models.order import OrderStatus
from models.product import Billing, IntervalUnit
from tests.cast import actor_for
from tests.ordered import make_order


def test_revenue_of_all_intervals_is_brought_to_a_month(alder):
    now = clock.now()
    old, new = now - timedelta(days=90), now - timedelta(days=2)
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=old)                                          # 10.00
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=new, later_minor=12000,
               interval_unit=IntervalUnit.YEAR)                                                             # 10.00
    make_order(alder, status=OrderStatus.FAILED, activated_at=old, later_minor=3000, interval_count=3)      # 10.00
    make_order(alder, status=OrderStatus.PAUSED, activated_at=old, paused_at=new, later_minor=500)
    make_order(alder, status=OrderStatus.COMPLETE, activated_at=old, ended_at=new, later_minor=700)
    make_order(alder, status=OrderStatus.COMPLETE, activated_at=old, ended_at=old, later_minor=9000)
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=old, billing=Billing.INSTALMENT)
    make_order(alder)
    [found] = recurring(actor_for(alder), now - timedelta(days=30))
    assert (found.currency, found.minor, found.orders) == ("EUR", 3000, 3)
    assert (found.added_minor, found.ended_minor, found.at_risk_minor) == (1000, 1200, 1000)


def test_currencies_are_never_added_up(alder):
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=clock.now())
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=clock.now(), currency="GBP")
    found = recurring(actor_for(alder), clock.now())
    assert [(one.currency, one.minor) for one in found] == [("EUR", 1000), ("GBP", 1000)]


def test_a_subscription_of_days_or_weeks_counts_as_a_twelfth_of_a_year(alder):
    make_order(alder, status=OrderStatus.ACTIVE, activated_at=clock.now(), later_minor=1200,
               interval_unit=IntervalUnit.WEEK)
    [found] = recurring(actor_for(alder), clock.now())
    assert found.minor == 5214                  # 12.00 * 365 / 7 / 12

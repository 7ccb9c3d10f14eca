"""What is owed is added up by age; what becomes due includes periods whose rows are not made yet."""

from datetime import timedelta

import pytest

from domain import clock
from domain.payments.reports import receivables
from models.order import OrderStatus, ScheduledStatus
from models.product import IntervalUnit
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_order, make_row


def overdue(merchant_id, days, minor, status=ScheduledStatus.SOFT_DECLINED, **more):
    order_id = make_order(merchant_id, status=OrderStatus.FAILED, currency=more.get("currency", "EUR"))
    return make_row(
        merchant_id, order_id, status=status, amount_minor=minor, due_at=clock.now() - timedelta(days=days), **more
    )


def owed(actor):
    return [(one.age, one.currency, one.minor, one.count) for one in receivables.debts(actor, clock.now())]


def test_debts_are_grouped_by_days_since_they_were_due(alder):
    overdue(alder, 1, 100)
    overdue(alder, 29, 200, paid_minor=50)
    overdue(alder, 31, 400)
    overdue(alder, 61, 800, currency="GBP")
    overdue(alder, 5, 5000, status=ScheduledStatus.COMPLETE)
    overdue(cast.make_merchant("Cedar"), 5, 7000)
    make_row(alder, make_order(alder), due_at=clock.now() - timedelta(days=3))              # nobody has paid it yet
    assert owed(actor_for(alder)) == [
        ("1–30", "EUR", 250, 2), ("31–60", "EUR", 400, 1), ("Over 60", "GBP", 800, 1),
    ]


@pytest.fixture
def weekly(alder):
    """A subscription of 10.00 a week, whose period 1 is a row and due in three days."""
    anchor = clock.now() - timedelta(days=4)
    order_id = make_order(
        alder, status=OrderStatus.ACTIVE, anchor_at=anchor, interval_unit=IntervalUnit.WEEK, next_sequence=2,
    )
    make_row(alder, order_id, due_at=anchor + timedelta(days=7))
    return order_id


def test_the_forecast_has_every_period_of_90_days_once(alder, weekly):
    found = receivables.forecast(actor_for(alder), clock.now())
    days = [(one.at - clock.now()).days + 1 for one in found]
    assert days == list(range(3, 90, 7))
    assert [one.is_row for one in found] == [True] + [False] * (len(days) - 1)
    assert {one.minor for one in found} == {1000}


def test_a_subscription_that_ends_with_its_period_has_no_later_payments(alder):
    make_order(
        alder, status=OrderStatus.ACTIVE, anchor_at=clock.now(), next_sequence=1, cancels_at_period_end=True,
    )
    make_order(alder, status=OrderStatus.PAUSED, anchor_at=clock.now(), next_sequence=1)
    assert receivables.forecast(actor_for(alder), clock.now()) == []

"""What was collected today, what is due and what was declined, by currency and of the actor's rows alone."""

from datetime import UTC, datetime, timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.payments.reports import standing
from domain.payments.reports.standing import Declined, Sum
from domain.sales.orders import order_counts
from models.order import OrderStatus, ScheduledStatus
from models.payment import GatewayAccount, PaymentStatus
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_order, make_row, make_test_clock
from tests.payment_rows import make_payment
from tests.sql_statements import plans_of

NOW = datetime(2026, 11, 20, 15, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
TOMORROW, WEEK = MIDNIGHT + timedelta(days=1), MIDNIGHT + timedelta(days=7)
HOUR = timedelta(hours=1)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def birch():
    return cast.make_merchant("Birch")


def paid(merchant_id, at, minor=1000, currency="EUR", **more):
    order_id = make_order(merchant_id, status=OrderStatus.ACTIVE)
    make_payment(merchant_id, minor, at, currency=currency, created_at=at, **({"order_id": order_id} | more))


def test_today_is_compared_with_the_same_time_a_week_before(alder, birch):
    paid(alder, NOW - HOUR)
    paid(alder, MIDNIGHT)
    paid(alder, NOW - HOUR, 700, "USD")
    paid(alder, MIDNIGHT - HOUR)                                        # yesterday
    paid(alder, NOW - HOUR, 900, status=PaymentStatus.DECLINED)
    paid(alder, NOW - timedelta(days=7), 500)
    paid(alder, NOW - timedelta(days=7) + HOUR, 400)                    # later that day
    paid(birch, NOW - HOUR, 300)
    assert standing.collected(actor_for(alder), MIDNIGHT, NOW) == (
        [Sum("EUR", 2000, 2), Sum("USD", 700, 1)], {"EUR": 500})
    assert standing.collected(Actor.operator(), MIDNIGHT, NOW)[0][0] == Sum("EUR", 2300, 3)
    assert standing.collected(actor_for(alder).in_world(test=True), MIDNIGHT, NOW) == ([], {})


def test_due_is_what_is_collected_by_itself(alder, birch):
    make_row(alder, collect_at=NOW + HOUR)
    make_row(alder, collect_at=NOW - HOUR, amount_minor=300, paid_minor=100)            # late, and paid in part
    make_row(alder, collect_at=TOMORROW, currency="USD")
    make_row(alder, collect_at=WEEK)                                                    # a day after
    make_row(alder)                                                                     # by hand
    make_row(alder, status=ScheduledStatus.SOFT_DECLINED, collect_at=NOW + HOUR)
    make_row(birch, collect_at=NOW + HOUR)
    who = actor_for(alder)
    days = standing.due(who, [TOMORROW, WEEK])
    assert days == [[Sum("EUR", 1200, 2)], [Sum("USD", 1000, 1)]]
    assert standing.added([*days, days[0]]) == [Sum("EUR", 2400, 4), Sum("USD", 1000, 1)]


def test_what_is_due_is_told_by_day(alder):
    ends = [TOMORROW + timedelta(days=place) for place in range(7)]
    for day in (0, 2, 2, 6):
        make_row(alder, collect_at=ends[day] - HOUR)
    found = standing.due(actor_for(alder), ends)
    assert [sum(one.minor for one in sums) for sums in found] == [1000, 0, 2000, 0, 0, 0, 1000]


def test_the_end_of_a_subscription_is_not_due(alder):
    ending = make_order(alder, status=OrderStatus.ACTIVE, cancels_at_period_end=True, next_sequence=3)
    make_row(alder, ending, sequence=2, collect_at=NOW + HOUR)
    assert standing.due(actor_for(alder), [TOMORROW, WEEK]) == [[], []]
    make_row(alder, ending, sequence=1, collect_at=NOW + HOUR, amount_minor=50)          # of a period before
    assert standing.due(actor_for(alder), [TOMORROW, WEEK])[0] == [Sum("EUR", 50, 1)]


def test_what_follows_a_test_clock_is_not_due(alder):
    clock_id = make_test_clock(alder, NOW)
    order_id = make_order(alder, status=OrderStatus.ACTIVE, test_clock_id=clock_id)
    make_row(alder, order_id, test=True, collect_at=NOW + HOUR, test_clock_id=clock_id)
    assert standing.due(actor_for(alder).in_world(test=True), [TOMORROW, WEEK]) == [[], []]


def test_declined_is_added_up_with_what_needs_another_card(alder, birch):
    make_row(alder, status=ScheduledStatus.HARD_DECLINED, amount_minor=800, paid_minor=300)
    make_row(alder, status=ScheduledStatus.SOFT_DECLINED)
    make_row(alder, status=ScheduledStatus.SOFT_DECLINED, currency="USD")
    make_row(birch, status=ScheduledStatus.HARD_DECLINED)
    assert standing.declined(actor_for(alder)) == [Declined("EUR", 1500, 2, 1, 500), Declined("USD", 1000, 1, 0, 0)]


def test_declined_rows_begin_with_what_needs_another_card_and_give_the_last_reason(alder, birch):
    soft = make_row(alder, status=ScheduledStatus.SOFT_DECLINED, declined_at=NOW, collect_at=TOMORROW)
    hard = make_row(alder, status=ScheduledStatus.HARD_DECLINED, declined_at=NOW - HOUR)
    older = make_row(alder, status=ScheduledStatus.HARD_DECLINED, declined_at=NOW - 2 * HOUR)
    make_row(birch, status=ScheduledStatus.HARD_DECLINED, declined_at=NOW)
    for place, why in enumerate(("Not enough money", "Limit reached")):
        paid(alder, NOW + place * HOUR, status=PaymentStatus.DECLINED, scheduled_payment_id=soft, message=why)
    rows = standing.declined_rows(actor_for(alder), 6)
    assert [(one.id, one.is_hard, one.retry_at, one.reason) for one in rows] == [
        (hard, True, None, None), (older, True, None, None), (soft, False, TOMORROW, "Limit reached")]
    assert [one.id for one in standing.declined_rows(actor_for(alder), 1)] == [hard]


def test_unknown_outcomes_are_counted_since_the_first(alder, birch):
    assert standing.undecided(actor_for(alder)) == (0, None)
    for place in range(2):
        paid(alder, NOW + place * HOUR, status=PaymentStatus.UNKNOWN)
    paid(birch, NOW - HOUR, status=PaymentStatus.UNKNOWN)
    assert standing.undecided(actor_for(alder)) == (2, NOW)


def test_gateways_that_are_left_alone_are_those_of_the_merchant_and_world(alder, birch):
    with transaction():
        for merchant_id, test in ((alder, False), (alder, True), (birch, False)):
            db.session.add(GatewayAccount(
                merchant_id=merchant_id, test=test, gateway="stripe", created_at=NOW, updated_at=NOW, version=1,
                enabled=True, per_minute=600, retry_days="1", failures_in_row=3, parked_until=NOW + HOUR))
    assert [one.merchant_id for one in standing.parked(actor_for(alder), NOW)] == [alder]
    assert len(standing.parked(Actor.operator(), NOW)) == 2
    assert standing.parked(actor_for(alder), NOW + HOUR) == []


def test_orders_are_counted_and_added_up_by_status(alder, birch):
    make_order(alder, status=OrderStatus.ACTIVE, total_minor=250)
    make_order(alder, status=OrderStatus.ACTIVE, total_minor=250, currency="USD")
    make_order(alder, status=OrderStatus.DRAFT)
    make_order(birch)
    assert order_counts.counts(actor_for(alder)) == {OrderStatus.DRAFT: 1, OrderStatus.ACTIVE: 2}
    totals = order_counts.totals(actor_for(alder))
    assert list(totals) == list(OrderStatus)
    assert (totals[OrderStatus.ACTIVE].count, totals[OrderStatus.ACTIVE].sums) == (2, {"EUR": 250, "USD": 250})
    assert totals[OrderStatus.PENDING].count == 0


@pytest.mark.parametrize("who", [actor_for, lambda _: Actor.operator()], ids=["own", "all"])
def test_sums_and_counts_read_indexes_alone(on_postgresql, alder, who):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor, now = who(alder), clock.now()
    asks = {
        "COVERING INDEX ix_payments_status_test_executed_at": lambda: standing.collected(actor, now, now),
        "COVERING INDEX ix_scheduled_payments_due": lambda: standing.due(actor, [now, now]),
        "COVERING INDEX ix_scheduled_payments_declined": lambda: standing.declined(actor),
        "COVERING INDEX ix_payments_status_test_merchant_id": lambda: standing.undecided(actor),
        "COVERING INDEX ix_orders_status_test_merchant_id": lambda: order_counts.totals(actor),
    }
    for index, ask in asks.items():
        steps = plans_of(ask)
        assert any(index in step for step in steps), steps

"""Scheduled payments are changed, skipped and merged, and the order's total follows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from database import transaction
from domain import clock, inputs
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.pages import Query
from domain.payments.orders import ordering
from domain.payments.schedule import scheduled, scheduled_status, schedules
from domain.payments.schedule.scheduled_listing import LISTING
from domain.sales.orders import order_listing, orders
from domain.sales.orders.order_amounts import monthly_minor
from models.order import OrderStatus, ScheduledStatus
from models.product import Billing, IntervalUnit
from tests import cast
from tests.cast import actor_for
from tests.domain.payments.orders.test_ordering import order, paid, product, rows, rule
from tests.ordered import reload_order, reload_row

S = ScheduledStatus


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def who(alder):
    return actor_for(alder)


@pytest.fixture
def instalments(alder, who):
    """100.00 in four instalments of 25.00 after an initial payment of nothing, approved today; with 25 % of tax."""
    key = order(who, cast.make_customer(alder), product(alder, "instalment", 100, tax_id=rule(who, "tax", 25)),
                instalments=4, interval_unit="MONTH")
    paid(who, key)
    return key


@pytest.fixture
def subscription(alder, who):
    """10.00 a month, approved today."""
    key = order(who, cast.make_customer(alder), product(alder, "subscription", 10), interval_unit="MONTH")
    paid(who, key)
    return key


def change(who, key, **given):
    with transaction():
        own, row = LISTING.lock(who, key)
        scheduled.update(own, row, inputs.changes(scheduled.ScheduledInput, given))


def act(who, key, verb):
    with transaction():
        own, row = LISTING.lock(who, key)
        scheduled.RESOURCE.actions[verb].run(own, row)


def move(who, key, *statuses):
    for status in statuses:
        with transaction():
            scheduled_status.move(who, LISTING.lock(who, key)[1], status)


def test_a_changed_instalment_changes_the_total_and_its_tax(who, instalments):
    change(who, rows(instalments)[2].id, amount=Decimal("30.50"))
    found = reload_order(instalments)
    assert [row.amount_minor for row in rows(instalments)] == [0, 2500, 3050, 2500, 2500]
    assert (rows(instalments)[2].tax_minor, found.total_minor, found.tax_minor) == (610, 10550, 2110)


@pytest.mark.parametrize("verb", ["skip", "cancel"])
def test_an_instalment_that_is_left_out_lowers_the_total(who, instalments, verb):
    key = rows(instalments)[1].id
    if verb == "skip":
        act(who, key, "skip")
    else:
        change(who, key, status="cancelled")
    assert (reload_order(instalments).total_minor, reload_order(instalments).tax_minor) == (7500, 1500)
    assert (reload_row(key).status, reload_row(key).collect_at) == ("skipped" if verb == "skip" else "cancelled", None)


def test_without_open_instalments_the_order_is_complete(who, instalments):
    for row in rows(instalments)[1:]:
        act(who, row.id, "skip")
    assert reload_order(instalments).status is OrderStatus.COMPLETE
    assert reload_order(instalments).total_minor == 0


def test_a_merged_instalment_is_collected_with_the_next_and_the_total_stays(who, instalments):
    first, second = rows(instalments)[1].id, rows(instalments)[2].id
    act(who, first, "merge")
    assert (reload_row(first).status, reload_row(first).merged_into_id) == (S.MERGED, second)
    assert (reload_row(second).amount_minor, reload_row(second).tax_minor) == (5000, 1000)
    assert reload_order(instalments).total_minor == 10_000
    with pytest.raises(Conflict) as refusal:
        act(who, rows(instalments)[4].id, "merge")
    assert refusal.value.fields["status"].text == "has no later payment to be merged into"
    assert rows(instalments)[4].status is S.SCHEDULED


def test_a_subscriptions_changed_amount_is_that_of_all_later_payments(who, subscription):
    change(who, rows(subscription)[1].id, amount=Decimal("12.50"))
    assert reload_order(subscription).later_minor == 1250
    paid(who, subscription, 1)
    assert [row.amount_minor for row in rows(subscription)] == [1000, 1250, 1250]
    assert reload_order(subscription).total_minor == 1000


def test_a_subscriptions_changed_interval_counts_for_what_follows_and_is_not_shown_in_the_order(who, subscription):
    before = rows(subscription)[1].due_at
    change(who, rows(subscription)[1].id, interval_unit="WEEK", interval_count=2)
    for sequence in (1, 2):
        paid(who, subscription, sequence)
    assert [row.due_at for row in rows(subscription)][1:] == [before + timedelta(weeks=2 * n) for n in range(3)]
    assert (reload_order(subscription).interval_unit, reload_order(subscription).interval_count) == ("MONTH", 1)
    assert [(row.interval_unit, row.interval_count) for row in rows(subscription)] == [(None, None), *[("WEEK", 2)] * 3]
    shown = LISTING.page(who, Query(filters={"order_id": subscription}, sort="sequence", descending=False)).records
    assert [one.shown_interval_count for one in shown] == [1, 2, 2, 2]
    assert order_listing.LISTING.read(who, subscription).row.monthly_minor == monthly_minor(1000, IntervalUnit.WEEK, 2)


def test_another_day_moves_one_payment_and_no_other(who, subscription):
    anchor, other = reload_order(subscription).anchor_at, clock.now() + timedelta(days=3)
    change(who, rows(subscription)[1].id, due_at=other.isoformat())
    assert rows(subscription)[1].due_at == rows(subscription)[1].collect_at == other
    paid(who, subscription, 1)
    assert reload_order(subscription).anchor_at == anchor
    assert timedelta(days=58) < rows(subscription)[2].due_at - anchor < timedelta(days=63)


def test_a_subscriptions_skipped_and_merged_periods_are_followed_by_the_next(who, subscription):
    act(who, rows(subscription)[1].id, "skip")
    act(who, rows(subscription)[2].id, "merge")
    assert [(row.status, row.amount_minor) for row in rows(subscription)][1:] == [
        (S.SKIPPED, 1000), (S.MERGED, 1000), (S.SCHEDULED, 2000)]
    paid(who, subscription, 3)
    assert rows(subscription)[4].amount_minor == 1000


def test_a_declined_payment_is_merged_into_the_one_that_waits(who, subscription):
    key = rows(subscription)[1].id
    move(who, key, S.PROCESSING, S.SOFT_DECLINED)
    with transaction():
        found = orders.locked(subscription)
        schedules.decline(who, found, is_hard=False)
        schedules.follow(who, found)
    act(who, key, "merge")
    assert [(row.status, row.amount_minor) for row in rows(subscription)][1:] == [(S.MERGED, 1000), (S.SCHEDULED, 2000)]
    assert reload_order(subscription).status is OrderStatus.ACTIVE


def test_a_declined_payment_may_be_scheduled_again(who, instalments):
    key = rows(instalments)[1].id
    move(who, key, S.PROCESSING, S.HARD_DECLINED)
    change(who, key, status="scheduled")
    assert reload_row(key).status is S.SCHEDULED
    assert reload_row(key).collect_at == reload_row(key).due_at


@pytest.mark.parametrize("status", [S.PROCESSING, S.COMPLETE, S.SKIPPED, S.CANCELLED])
@pytest.mark.parametrize("verb", ["skip", "merge", "change"])
def test_what_is_collected_or_has_ended_cannot_be_changed(who, instalments, status, verb):
    key = rows(instalments)[1].id
    move(who, key, status)
    with pytest.raises(Conflict) as refusal:
        change(who, key, amount=1) if verb == "change" else act(who, key, verb)
    words = "is being collected" if status is S.PROCESSING else f"is already {status}"
    assert refusal.value.fields["status"].text == words
    assert reload_order(instalments).total_minor == 10_000


def test_the_initial_payment_is_what_was_agreed(alder, who):
    key = order(who, cast.make_customer(alder), product(alder))
    for run in (lambda: change(who, rows(key)[0].id, amount=1), lambda: act(who, rows(key)[0].id, "skip")):
        with pytest.raises(Conflict) as refusal:
            run()
        assert refusal.value.fields["status"].text == "is the initial payment and cannot be changed"


@pytest.mark.parametrize(("given", "field", "words"), [
    ({"amount": 0}, "amount", "must be greater than 0"),
    ({"amount": Decimal("1.001")}, "amount", "has more than 2 decimals"),
    ({"due_at": "2020-01-01T00:00:00Z"}, "due_at", "must be in the future"),
    ({"due_at": "2999-01-01T00:00:00Z"}, "due_at", "must be at most 10 years from now"),
    ({"status": "complete"}, "status", "must be one of cancelled, skipped, scheduled"),
    ({"interval_unit": "WEEK"}, "interval_unit", "can only be changed in a subscription"),
])
def test_a_wrong_change_is_refused_and_changes_nothing(who, instalments, given, field, words):
    row = rows(instalments)[1]
    key, version = row.id, row.version
    with pytest.raises(Invalid) as refusal:
        change(who, key, **given)
    assert {name: problem.text for name, problem in refusal.value.fields.items()} == {field: words}
    assert reload_row(key).version == version


def test_a_part_that_was_paid_stays_in_the_total_of_what_is_skipped(who, instalments):
    key = rows(instalments)[1].id
    with transaction():
        LISTING.lock(who, key)[1].paid_minor = 1000
    with pytest.raises(Invalid, match="attention"):
        change(who, key, amount=10)
    act(who, key, "skip")
    assert (reload_order(instalments).total_minor, reload_order(instalments).tax_minor) == (8500, 1700)


def test_lists_are_filtered_by_order_status_and_day(alder, who, instalments, subscription):
    def found(**filters):
        return LISTING.page(who, Query(filters=filters, sort="due_at")).total

    assert (found(), found(order_id=instalments), found(status=S.COMPLETE)) == (7, 5, 2)
    assert found(due_before=clock.now() + timedelta(days=1)) == 2
    assert found(due_after=clock.now() + timedelta(days=1), order_ids=[subscription]) == 1
    assert found(customer_id=reload_order(subscription).customer_id) == 2
    assert LISTING.page(who, Query(sort="due_at")).records[0].billing in (Billing.INSTALMENT, Billing.SUBSCRIPTION)


def test_other_merchants_other_worlds_and_restricted_users_do_not_reach_a_payment(alder, who, instalments):
    key = rows(instalments)[1].id
    ada, eve = cast.make_user(merchant_ids=[alder]), cast.make_user("eve@alder.example", merchant_ids=[alder])
    with transaction():
        orders.locked(instalments).created_by_user_id = ada
    for actor, reaches in (
        (actor_for(cast.make_merchant("Birch")), False), (who.in_world(test=True), False),
        (actor_for(alder, own_only=True, user_id=eve), False), (actor_for(alder, own_only=True, user_id=ada), True),
    ):
        assert (LISTING.count(actor) > 0) is reaches
        if reaches:
            assert LISTING.read(actor, key).id == key
        else:
            with pytest.raises(NotFound):
                LISTING.get(actor, key, lock=True)
    with pytest.raises(Forbidden):
        actor_for(alder, scopes=frozenset()).require(scheduled.RESOURCE.write_scope)
    assert ordering.RESOURCE.read_scope == scheduled.RESOURCE.read_scope


def test_the_day_of_a_period_is_in_utc_at_the_time_of_the_approval(alder, who, subscription):
    found = reload_order(subscription)
    assert rows(subscription)[1].due_at.timetz() == found.anchor_at.timetz()
    assert found.anchor_at.tzinfo is UTC
    assert found.activated_at <= datetime.now(UTC)

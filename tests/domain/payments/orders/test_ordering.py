"""Orders of every type: what they cost, what is made at creation and at approval, how they end, pause and resume."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from database import db, transaction
from domain import inputs
from domain.catalog import pricing, products
from domain.errors import Conflict, Invalid
from domain.payments.orders import order_verbs, ordering
from domain.payments.schedule import scheduled_status, schedules
from domain.people import customers
from domain.sales.orders import orders, payment_links
from domain.sales.orders.order_clock import now_of
from domain.usage import InUse
from models.customer import Customer
from models.order import Order, OrderSource, OrderStatus, ScheduledPayment, ScheduledStatus
from models.product import Product
from models.test_clock import TestClock
from tests import cast
from tests.cast import actor_for
from tests.ordered import make_test_clock, reload_order

S = ScheduledStatus
JAN_31 = datetime(2027, 1, 31, 9, 30, tzinfo=UTC)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada", email="ada@example.org", billing_address={"city": "Bath", "country": "GB"})


@pytest.fixture
def test_world(alder):
    """The actor of the test world, a customer of it, and a clock that stands at 31 January 2027."""
    actor = actor_for(alder).in_world(test=True)
    return actor, cast.make_customer(alder, "Ada", actor=actor), make_test_clock(alder, JAN_31)


def product(alder, billing="single_payment", price=10, actor=None, **more):
    return cast.make_product(alder, price=price, billing=billing, actor=actor, **more)


def order(actor, customer_id, product_id, *, item=None, **more):
    item = {"product_id": product_id} | (item or {})
    new = inputs.parse(orders.OrderInput, {"customer_id": customer_id, "items": [item], **more})
    with transaction():
        return ordering.create(actor, new).id


def refusals(actor, customer_id, product_id, **more):
    with pytest.raises(Invalid) as refusal:
        order(actor, customer_id, product_id, **more)
    assert db.session.query(Order).count() == db.session.query(ScheduledPayment).count() == 0
    return {name: problem.text for name, problem in refusal.value.fields.items()}


def rule(actor, kind, percentage):
    with transaction():
        new = inputs.parse(pricing.PriceRuleInput, {"name": kind, "kind": kind, "percentage": percentage})
        return pricing.create_rule(actor, new).id


def rows(key):
    db.session.expire_all()
    return db.session.query(ScheduledPayment).filter_by(order_id=key).order_by(ScheduledPayment.sequence).all()


def amounts(key):
    return [row.amount_minor for row in rows(key)]


def days(key):
    return [row.due_at.date().isoformat() for row in rows(key)]


def paid(actor, key, sequence=0):
    """Book the row as paid, as the engine does."""
    with transaction():
        found = orders.locked(key)
        row = next(one for one in schedules.rows_of(found) if one.sequence == sequence)
        row.paid_minor, row.executed_at = row.amount_minor, now_of(found)
        scheduled_status.move(actor, row, S.RECOVERED if row.declined_at else S.COMPLETE)
        schedules.activate(actor, found, now_of(found))
        schedules.settle(actor, found)


def declined(actor, key, sequence, *, is_hard=False):
    with transaction():
        found = orders.locked(key)
        row = next(one for one in schedules.rows_of(found) if one.sequence == sequence)
        scheduled_status.move(actor, row, S.PROCESSING)
        scheduled_status.move(actor, row, S.HARD_DECLINED if is_hard else S.SOFT_DECLINED)
        row.declined_at = now_of(found)
        schedules.decline(actor, found, is_hard=is_hard)
        schedules.follow(actor, found)


def act(actor, key, verb):
    with transaction():
        own, found = ordering.RESOURCE.listing.lock(actor, key)
        ordering.RESOURCE.actions[verb].run(own, found)


def move_clock(clock_id, now):
    with transaction():
        db.session.get(TestClock, clock_id).now_at = now


def test_a_single_order_has_its_link_its_customer_and_one_payment(alder, ada):
    key = order(actor_for(alder), ada, product(alder), item={"quantity": 3}, invoice_ref="W58XGHF")
    found = reload_order(key)
    assert (found.status, found.total_minor, found.invoice_ref) == (OrderStatus.PENDING, 3000, "W58XGHF")
    assert (found.customer_name, found.customer_email) == ("Ada", "ada@example.org")
    assert found.billing_address["city"] == "Bath"
    assert found.source is OrderSource.UI
    assert [(row.sequence, row.amount_minor, row.status, row.collect_at) for row in rows(key)] == [
        (0, 3000, S.SCHEDULED, None)]
    paid(actor_for(alder), key)
    assert reload_order(key).status is OrderStatus.COMPLETE
    assert reload_order(key).ended_at is not None


def test_the_rules_of_the_product_are_defaults_and_what_is_sent_replaces_them(alder, ada):
    who = actor_for(alder)
    key = product(alder, price=Decimal("44.99"), tax_id=rule(who, "tax", 21), discount_id=rule(who, "discount", 5),
                  fee_id=rule(who, "fee", 10))
    found = reload_order(order(who, ada, key))
    assert (found.discount_minor, found.fee_minor, found.tax_minor, found.total_minor) == (225, 450, 742, 4724)
    other = reload_order(order(who, ada, key, item={"unit_price": 20, "discount": 10, "fee": 0, "quantity": 2}))
    assert (other.discount_minor, other.fee_minor, other.tax_minor, other.total_minor) == (1000, 0, 521, 3000)


def test_a_locked_product_takes_its_own_amounts_and_refuses_others(alder, ada):
    who = actor_for(alder)
    key = product(alder, price=20, lock_price=True, discount_id=rule(who, "discount", 5))
    assert reload_order(order(who, ada, key, item={"unit_price": 20, "discount": 1})).total_minor == 1900
    with pytest.raises(Invalid) as refusal:
        order(who, ada, key, item={"unit_price": 19, "discount": 2, "fee": 1})
    assert {name: problem.text for name, problem in refusal.value.fields.items()} == {
        f"items.0.{name}": "pricing is locked" for name in ("unit_price", "discount", "fee")}


def test_a_locked_payment_configuration_takes_the_products_own_and_refuses_others(alder, ada):
    key = product(alder, "subscription", lock_payment_config=True, scheduled_unit="MONTH", scheduled_interval=3)
    who = actor_for(alder)
    assert refusals(who, ada, key, interval_unit="YEAR", interval_count=1) == {
        "interval_unit": "payment configuration is locked", "interval_count": "payment configuration is locked"}
    found = reload_order(order(who, ada, key, interval_unit="MONTH", interval_count=3))
    assert (found.interval_unit, found.interval_count) == ("MONTH", 3)


def test_instalments_are_all_made_at_creation_and_dated_from_the_approval(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "instalment", 100, actor=who, tax_id=rule(who, "tax", 25)),
                initial=10, instalments=4, interval_unit="MONTH", test_clock_id=clock)
    assert amounts(key) == [1000, 2250, 2250, 2250, 2250]
    assert [row.tax_minor for row in rows(key)] == [200, 450, 450, 450, 450]
    assert days(key) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert all(row.collect_at is None for row in rows(key))
    move_clock(clock, datetime(2027, 2, 10, 12, tzinfo=UTC))
    paid(who, key)
    assert days(key) == ["2027-01-31", "2027-03-10", "2027-04-10", "2027-05-10", "2027-06-10"]
    assert [row.collect_at for row in rows(key)][1:] == [row.due_at for row in rows(key)][1:]
    assert reload_order(key).status is OrderStatus.ACTIVE
    for sequence in (1, 2, 3, 4):
        paid(who, key, sequence)
    assert reload_order(key).status is OrderStatus.COMPLETE


def test_a_start_day_is_that_of_the_first_payment_after_the_initial_one(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "instalment", 90, actor=who), instalments=3, interval_unit="MONTH",
                start_on="28/02/2027", test_clock_id=clock)
    move_clock(clock, datetime(2027, 2, 10, 12, tzinfo=UTC))
    paid(who, key)
    assert [row.due_at for row in rows(key)][1:] == [
        datetime(2027, month, day, tzinfo=UTC) for month, day in ((2, 28), (3, 31), (4, 30))]
    assert rows(key)[0].status is S.COMPLETE


def test_a_subscription_makes_one_period_at_a_time_counted_from_the_approval(alder, test_world):
    who, customer, clock = test_world
    discount, fee = rule(who, "discount", 50), rule(who, "fee", 10)
    key = order(
        who, customer,
        product(alder, "subscription", 10, actor=who, discount_id=discount, discount_for_initial_payment_only=True,
                fee_id=fee, fee_for_initial_payment_only=True, scheduled_unit="MONTH", scheduled_interval=1),
        test_clock_id=clock)
    assert amounts(key) == [600]
    paid(who, key)
    assert (amounts(key), days(key)) == ([600, 1000], ["2027-01-31", "2027-02-28"])
    for sequence in (1, 2, 3):
        move_clock(clock, rows(key)[sequence].due_at + timedelta(hours=30))          # late, and no day shifts
        paid(who, key, sequence)
    assert days(key) == ["2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31"]
    assert reload_order(key).next_sequence == 5
    with transaction():
        assert schedules.follow(who, orders.locked(key)) is None


def test_a_trial_collects_nothing_first_and_the_initial_amount_at_its_end(alder, test_world):
    who, customer, clock = test_world
    key = order(
        who, customer, product(alder, "subscription", 10, actor=who, discount_id=rule(who, "discount", 50),
                               discount_for_initial_payment_only=True),
        interval_unit="MONTH", trial_days=14, test_clock_id=clock)
    assert amounts(key) == [0]
    with transaction():
        schedules.activate(who, orders.locked(key), JAN_31)
    assert rows(key)[0].status is S.COMPLETE
    paid(who, key, 1)
    assert (amounts(key), days(key)) == ([0, 500, 1000], ["2027-01-31", "2027-02-14", "2027-03-14"])


def test_a_metered_order_asks_its_deposit_first_and_later_what_was_used(alder, ada):
    who = actor_for(alder)
    key = order(who, ada, product(alder, "metered", Decimal("0.002"), deposit=5, tax_id=rule(who, "tax", 25)),
                interval_unit="MONTH")
    assert amounts(key) == [500]
    assert reload_order(key).tax_minor == 100
    paid(who, key)
    assert (amounts(key), reload_order(key).status) == ([500, 0], OrderStatus.ACTIVE)


@pytest.mark.parametrize(("billing", "more", "expected"), [
    ("subscription", {}, {"interval_unit": "is required"}),
    ("instalment", {"interval_unit": "MONTH"}, {"instalments": "is required"}),
    ("instalment", {"interval_unit": "MONTH", "instalments": 60, "initial": Decimal("9.50")},
     {"instalments": "leaves nothing to pay in an instalment"}),
    ("instalment", {"interval_unit": "MONTH", "instalments": 2, "initial": 11},
     {"initial": "must not be more than the order's total"}),
    ("single_payment", {"instalments": 2, "start_on": "2090-01-01"},
     {"instalments": "does not apply to a single_payment order",
      "start_on": "does not apply to a single_payment order"}),
    ("subscription", {"interval_unit": "DAY", "start_on": "2020-01-01"}, {"start_on": "must not be in the past"}),
    ("subscription", {"interval_unit": "YEAR", "interval_count": 11}, {"interval_count": "must be at most 10 years"}),
    ("subscription", {"interval_unit": "DAY", "start_on": "2999-01-01"},
     {"start_on": "must be at most 10 years from now"}),
    ("single_payment", {"redirect_url": "http://example.org/", "failed_redirect_url": "http://localhost/"},
     dict.fromkeys(("redirect_url", "failed_redirect_url"), "must be a web address beginning with https://")),
    ("single_payment", {"currency": "USD"}, {
        "currency": "is not the currency of what is ordered",
        "items.0.product_id": "is priced in EUR, the order is in USD"}),
    ("single_payment", {"billing": "subscription"}, {"items.0.product_id": "does not match the order type"}),
    ("single_payment", {"test_clock_id": 1}, {"test_clock_id": "must exist"}),
])
def test_a_wrong_order_is_refused_and_nothing_is_written(alder, ada, billing, more, expected):
    assert refusals(actor_for(alder), ada, product(alder, billing), **more) == expected


def test_products_and_customers_that_cannot_be_sold_to_are_refused_together(alder, ada):
    who, birch = actor_for(alder), cast.make_merchant("Birch")
    foreign, idle = product(birch), product(alder, status="inactive")
    assert refusals(who, cast.make_customer(birch, "Grace"), foreign) == {
        "customer_id": "must exist", "items.0.product_id": "must exist"}
    assert refusals(who, ada, idle) == {"items.0.product_id": "is inactive"}
    two = [{"product_id": product(alder, "subscription")}] * 2
    assert refusals(who, ada, 1, items=two) == {"items": "must have exactly one product"}


def test_a_draft_changes_as_a_whole_and_a_published_order_only_in_its_texts(alder, ada):
    who = actor_for(alder)
    lamp, plan = product(alder, price=10), product(alder, "instalment", 90)
    key = order(who, ada, plan, draft=True, instalments=3, interval_unit="MONTH")
    assert (reload_order(key).status, rows(key)) == (OrderStatus.DRAFT, [])

    def change(**changes):
        with transaction():
            own, found = ordering.RESOURCE.listing.lock(who, key)
            ordering.update(own, found, inputs.changes(orders.OrderInput, changes))

    change(initial=30, instalments=2)
    assert (reload_order(key).initial_minor, reload_order(key).instalments) == (3000, 2)
    with pytest.raises(Invalid, match="attention"):
        change(items=[{"product_id": lamp}])                                # of another type
    act(who, key, "publish")
    assert amounts(key) == [3000, 3000, 3000]
    change(note="At the door")
    with pytest.raises(Conflict) as refusal:
        change(instalments=5)
    assert refusal.value.fields["instalments"].text == "is pending: only texts can still be changed"
    assert reload_order(key).note == "At the door"


def test_the_lines_of_a_draft_are_replaced_by_fewer_and_by_more(alder, ada):
    who = actor_for(alder)
    lamp, desk = product(alder, price=10), product(alder, price=70)
    key = order(who, ada, lamp, draft=True)

    def lines(*wanted):
        with transaction():
            own, found = ordering.RESOURCE.listing.lock(who, key)
            ordering.update(own, found, inputs.changes(orders.OrderInput, {
                "items": [{"product_id": one, "quantity": count} for one, count in wanted]}))
            assert [one.product.id for one in found.items] == [one for one, _ in wanted]
        kept = reload_order(key)
        return kept.total_minor, [(one.position, one.product_id, one.total_minor) for one in kept.items]

    assert lines((desk, 2)) == (14000, [(0, desk, 14000)])
    assert lines((lamp, 1), (desk, 1), (lamp, 3)) == (11000, [(0, lamp, 1000), (1, desk, 7000), (2, lamp, 3000)])
    assert lines((lamp, 2)) == (2000, [(0, lamp, 2000)])


def test_the_link_finds_its_order_and_stays_when_a_checkout_is_renewed(alder, ada):
    who = actor_for(alder)
    key = order(who, ada, product(alder), create_checkout=True)
    found = reload_order(key)
    path = payment_links.path_of(found.link_token)
    token = path.removeprefix("/pay/")
    assert len(token) == 43
    assert token not in found.link_token + found.link_digest
    assert payment_links.order_of(token).id == key
    assert payment_links.order_of(token[:-1]) is payment_links.order_of("") is None
    first = found.checkout_number
    act(who, key, "renew_checkout")
    again = reload_order(key)
    assert (payment_links.path_of(again.link_token), again.checkout_number != first) == (path, True)
    assert timedelta(minutes=24) < again.checkout_until - now_of(again) <= timedelta(minutes=25)
    act(who, key, "cancel")
    with pytest.raises(Conflict, match="is already cancelled"):
        act(who, key, "renew_checkout")


def test_cancelling_ends_a_pending_order_as_cancelled_and_a_live_one_as_complete(alder, ada):
    who = actor_for(alder)
    plan = product(alder, "instalment", 90, scheduled_unit="MONTH")
    pending, live = (order(who, ada, plan, instalments=2, initial=10) for _ in range(2))
    paid(who, live)
    for key, status in ((pending, OrderStatus.CANCELLED), (live, OrderStatus.COMPLETE)):
        act(who, key, "cancel")
        assert reload_order(key).status is status
        assert {row.status for row in rows(key)[1:]} == {S.CANCELLED}
        with pytest.raises(Conflict) as refusal:
            act(who, key, "cancel")
        assert refusal.value.fields["status"].text == f"is already {status}"
    assert rows(live)[0].status is S.COMPLETE


def test_only_an_active_subscription_pauses_and_only_a_paused_order_resumes(alder, ada):
    who = actor_for(alder)
    single, plan = order(who, ada, product(alder)), order(who, ada, product(alder, "subscription"),
                                                          interval_unit="MONTH")
    for key in (single, plan):
        with pytest.raises(Conflict) as refusal:
            act(who, key, "pause")
        assert refusal.value.fields["status"].text == "must be an active subscription"
        with pytest.raises(Conflict) as refusal:
            act(who, key, "resume")
        assert refusal.value.fields["status"].text == "must be paused"


def test_periods_of_a_pause_are_not_collected_later_and_no_day_shifts(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "subscription", actor=who), interval_unit="MONTH", test_clock_id=clock)
    paid(who, key)
    act(who, key, "pause")
    assert [(row.status, row.collect_at) for row in rows(key)][1:] == [(S.PAUSED, None)]
    move_clock(clock, datetime(2027, 5, 10, tzinfo=UTC))
    act(who, key, "resume")
    assert reload_order(key).status is OrderStatus.ACTIVE
    assert [(row.sequence, row.status, row.due_at.date()) for row in rows(key)][1:] == [
        (1, S.SKIPPED, date(2027, 2, 28)), (4, S.SCHEDULED, date(2027, 5, 31))]
    assert rows(key)[-1].collect_at == rows(key)[-1].due_at


def test_a_short_pause_leaves_the_next_payment_on_its_day(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "subscription", actor=who), interval_unit="MONTH", test_clock_id=clock)
    paid(who, key)
    act(who, key, "pause")
    move_clock(clock, datetime(2027, 2, 10, tzinfo=UTC))
    act(who, key, "resume")
    assert [(row.status, row.collect_at == row.due_at) for row in rows(key)][1:] == [(S.SCHEDULED, True)]


def test_what_was_owed_before_a_pause_is_owed_after_it(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "subscription", actor=who), interval_unit="MONTH", test_clock_id=clock)
    paid(who, key)
    move_clock(clock, datetime(2027, 2, 28, 9, 30, tzinfo=UTC))
    declined(who, key, 1)
    assert reload_order(key).status is OrderStatus.FAILED
    act(who, key, "pause")
    move_clock(clock, datetime(2027, 3, 5, tzinfo=UTC))
    act(who, key, "resume")
    assert reload_order(key).status is OrderStatus.FAILED
    assert [(row.status, row.collect_at) for row in rows(key)][1:] == [
        (S.SOFT_DECLINED, datetime(2027, 2, 28, 9, 30, tzinfo=UTC)),         # its own day is over: it is asked for now
        (S.SCHEDULED, datetime(2027, 3, 31, 9, 30, tzinfo=UTC))]
    paid(who, key, 1)
    assert reload_order(key).status is OrderStatus.ACTIVE


def test_a_hard_decline_suspends_and_nothing_is_collected_until_it_is_recovered(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "subscription", actor=who), interval_unit="MONTH", test_clock_id=clock)
    paid(who, key)
    move_clock(clock, datetime(2027, 2, 28, 9, 30, tzinfo=UTC))
    declined(who, key, 1, is_hard=True)
    assert reload_order(key).status is OrderStatus.SUSPENDED
    assert [row.collect_at for row in rows(key)] == [None] * 3
    paid(who, key, 1)
    assert reload_order(key).status is OrderStatus.ACTIVE
    assert rows(key)[2].collect_at == rows(key)[2].due_at


def test_who_has_open_orders_is_not_deleted_and_a_product_in_orders_becomes_inactive(alder, ada):
    who, key = actor_for(alder), product(alder)
    made = order(who, ada, key)
    with transaction():
        kept = products.delete(who, db.session.get(Product, key))
    assert "is in 1 order" in kept.notice
    with pytest.raises(InUse, match="1 open order"), transaction():
        customers.delete(who, db.session.get(Customer, ada))
    act(who, made, "cancel")
    with transaction():
        customers.delete(who, db.session.get(Customer, ada))


def test_an_order_on_a_test_clock_lives_at_its_time(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, actor=who), test_clock_id=clock, create_checkout=True)
    found = reload_order(key)
    assert found.created_at == JAN_31
    assert found.checkout_until == JAN_31 + timedelta(minutes=25)
    assert rows(key)[0].due_at == rows(key)[0].created_at == JAN_31


def test_days_of_many_periods_never_repeat(alder, test_world):
    who, customer, clock = test_world
    key = order(who, customer, product(alder, "subscription", actor=who), interval_unit="DAY", test_clock_id=clock)
    paid(who, key)
    for sequence in range(1, 20):
        paid(who, key, sequence)
    found = [row.due_at for row in rows(key)]
    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(days=1)}


def test_the_verbs_that_pages_offer_are_those_that_would_succeed(alder, ada):
    who = actor_for(alder)
    key = order(who, ada, product(alder, "subscription"), interval_unit="MONTH")
    found = ordering.RESOURCE.listing.read(who, key)
    assert {verb for verb, action in ordering.RESOURCE.actions.items() if action.title and action.offered(who, found)
            } == {"cancel"}
    assert {OrderStatus.ACTIVE, OrderStatus.FAILED} == order_verbs.PAUSABLE

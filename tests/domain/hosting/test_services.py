"""Services: subscription orders as their customer sees them, and what is told about them."""

import json
from datetime import date, timedelta

import pytest

from database import db, transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid
from domain.hosting import services
from domain.hosting.billing_cycles import read
from domain.hosting.hostnames import hostname
from domain.integrations import events, webhooks
from domain.payments.bank import manual_payments
from domain.payments.schedule import schedules
from models.merchant import Merchant
from models.order import Order, OrderStatus
from models.product import IntervalUnit
from models.webhook import Delivery, Endpoint
from tests import cast


@pytest.fixture
def actor(alder, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    who = cast.actor_for(alder)
    with transaction():
        webhooks.create(who, inputs.parse(webhooks.EndpointInput, {"url": "https://hooks.example.com/x"}))
    return who


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


@pytest.fixture
def hosting(alder):
    return cast.make_product(
        alder, "Business Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)


def make(actor, ada, hosting, **more):
    with transaction():
        new = inputs.parse(services.ServiceInput, {"customer_id": ada, "product_id": hosting, **more})
        return services.create(actor, new).id


def act(actor, key, verb):
    with transaction():
        own, row = services.LISTING.lock(actor, key)
        services.RESOURCE.actions[verb].run(own, row)


def told():
    names = [row.event for row in db.session.query(Delivery).order_by(Delivery.id)]
    return [name for name in names if name.startswith("service.")]


def shown(actor, key):
    return services.LISTING.read(actor, key)


def test_a_pending_service_waits_for_its_payment(actor, ada, hosting):
    key = make(actor, ada, hosting, domain="MySite.com")
    row = shown(actor, key)
    assert (row.status, row.domain, row.product_name, row.billing_cycle) == (
        "pending", "mysite.com", "Business Hosting", "monthly")
    assert row.registered_on == clock.now().date()
    assert told() == []


def test_an_active_service_is_taken_over_and_collects_nothing_before_its_day(actor, ada, hosting):
    due = clock.now().date() + timedelta(days=20)
    begun = clock.now().date() - timedelta(days=400)
    key = make(actor, ada, hosting, status="active", next_due_on=due, registered_on=begun, billing_cycle="annually",
               quantity=2)
    row = shown(actor, key)
    assert (row.status, row.next_due_on, row.registered_on, row.billing_cycle) == ("active", due, begun, "annually")
    assert row.later_minor == 4000
    order = db.session.get(Order, key)
    assert [(one.amount_minor, one.due_at.date()) for one in schedules.open_rows(order)] == [(4000, due)]
    assert told() == ["service.created"]


def test_every_move_of_a_service_is_told_once(actor, ada, hosting):
    key = make(actor, ada, hosting, status="active")
    act(actor, key, "suspend")
    assert shown(actor, key).status == "suspended"
    act(actor, key, "unsuspend")
    assert shown(actor, key).status == "active"
    act(actor, key, "terminate")
    assert shown(actor, key).status == "terminated"
    assert told() == ["service.created", "service.suspended", "service.unsuspended", "service.terminated"]


def test_a_service_that_was_never_paid_is_cancelled_at_once(actor, ada, hosting):
    key = make(actor, ada, hosting)
    act(actor, key, "cancel")
    assert (shown(actor, key).status, told()) == ("cancelled", ["service.cancelled"])


def test_a_service_that_runs_ends_with_its_period(actor, ada, hosting):
    key = make(actor, ada, hosting, status="active")
    act(actor, key, "cancel")
    row = shown(actor, key)
    assert (row.status, row.cancels_at_period_end) == ("active", True)


def test_a_payment_does_not_end_a_suspension_by_the_merchant(actor, ada, hosting):
    key = make(actor, ada, hosting, status="active")
    act(actor, key, "suspend")
    with transaction():
        order = db.session.get(Order, key)
        schedules.settle(actor, order)
    assert db.session.get(Order, key).status is OrderStatus.SUSPENDED
    assert [row.collect_at for row in schedules.open_rows(db.session.get(Order, key))] == [None]
    act(actor, key, "unsuspend")
    assert all(row.collect_at for row in schedules.open_rows(db.session.get(Order, key)))


@pytest.mark.parametrize(("verb", "before"), [
    ("suspend", ()), ("unsuspend", ()), ("unsuspend", ("terminate",)), ("suspend", ("cancel",)),
    ("terminate", ("terminate",)), ("cancel", ("cancel",)),
])
def test_a_verb_that_the_status_does_not_allow_is_a_conflict(actor, ada, hosting, verb, before):
    key = make(actor, ada, hosting)
    for one in before:
        act(actor, key, one)
    with pytest.raises(Conflict):
        act(actor, key, verb)


@pytest.mark.parametrize(("sent", "field"), [
    ({"status": "suspended"}, "status"), ({"billing_cycle": "sometimes"}, "billing_cycle"),
    ({"billing_cycle": "every_0_days"}, "billing_cycle"), ({"domain": "no name"}, "domain"),
    ({"registered_on": "2020-01-01"}, "registered_on"), ({"next_due_on": "2020-01-01"}, "next_due_on"),
    ({"quantity": 0}, "quantity"),
])
def test_what_is_wrong_is_named_and_nothing_is_written(actor, ada, hosting, sent, field):
    with pytest.raises(Invalid) as caught:
        make(actor, ada, hosting, **sent)
    assert field in caught.value.fields
    assert cast.count(Order) == 0


def payload(event):
    return json.loads(db.session.query(Delivery).filter_by(event=event).one().body)["data"]


def test_events_show_the_days_that_the_service_has_after_the_change(actor, ada, hosting):
    due, begun = clock.now().date() + timedelta(days=20), clock.now().date() - timedelta(days=400)
    key = make(actor, ada, hosting, status="active", next_due_on=due, registered_on=begun)
    told = payload("service.created")
    assert (told["next_due_date"], told["registration_date"]) == (due.isoformat(), begun.isoformat())
    with transaction():
        order, row = manual_payments.locked(schedules.seen_rows(db.session.get(Order, key))[0].id)
        manual_payments.record(actor, order, row, 2000, reference="cash")
    after = shown(actor, key).next_due_on
    assert after > due
    assert payload("service.renewed")["next_due_date"] == after.isoformat()


def test_what_is_taken_back_is_not_told(actor, ada, hosting):
    key = make(actor, ada, hosting, status="active")
    with transaction():
        own, row = services.LISTING.lock(actor, key)
        taken_back = db.session.begin_nested()
        services.RESOURCE.actions["suspend"].run(own, row)
        taken_back.rollback()
        with db.session.begin_nested():
            own, row = services.LISTING.lock(actor, key)
            services.RESOURCE.actions["terminate"].run(own, row)
    assert told() == ["service.created", "service.terminated"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Pacific/Auckland"])
def test_the_day_of_registration_is_the_one_that_was_given(actor, ada, hosting, alder, zone):
    with transaction():
        db.session.get(Merchant, alder).timezone = zone
    with transaction():
        new = inputs.parse(services.ServiceInput, {
            "customer_id": ada, "product_id": hosting, "status": "active", "registered_on": "2025-01-15"})
        key = services.create(actor, new).id
        assert shown(actor, key).registered_on == date(2025, 1, 15)       # also in the answer, within the transaction
    assert shown(actor, key).registered_on == date(2025, 1, 15)


def test_names_of_intervals():
    assert read("quarterly") == (IntervalUnit.MONTH, 3)
    assert read("every_2_weeks") == (IntervalUnit.WEEK, 2)


@pytest.mark.parametrize(("sent", "name"), [
    ("Example.COM", "example.com"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("a-b.c-d.example", "a-b.c-d.example"),
])
def test_names_of_hosts_are_read(sent, name):
    assert hostname(sent) == name


@pytest.mark.parametrize("sent", [
    "", "localhost", "-a.example", "a..b", "1.2.3.4", "a b.example", "x" * 64 + ".example", "a_b.example",
    ".".join(["abcdefgh"] * 30), "bücher.example", "example.com.",
])
def test_what_is_no_name_of_a_host_is_refused(sent):
    with pytest.raises(Exception, match="domain name"):
        hostname(sent)


def test_the_endpoint_is_shown_the_service(actor, ada, hosting):
    key = make(actor, ada, hosting, status="active", domain="mysite.com")
    delivery = db.session.query(Delivery).filter_by(event="service.created").one()
    assert '"domain":"mysite.com"' in delivery.body
    assert delivery.resource == f"service_{key}"
    assert cast.count(Endpoint) == 1
    assert "service.renewed" in events.NAMES

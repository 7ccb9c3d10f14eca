"""Services of customers who do not pay: suspended by the merchant's rule, active again with the last payment."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from database import db, transaction
from domain import inputs
from domain.errors import Conflict
from domain.hosting import services, suspending, unpaid_services
from domain.integrations import webhooks
from domain.invoicing.paying import recording, unpaid
from domain.payments import payment_methods
from domain.payments.schedule import schedules
from domain.people import merchants
from domain.sales.orders import orders
from models.audit import AuditEntry
from models.merchant import Merchant
from models.order import Order, OrderStatus, SuspendedFor
from models.webhook import Delivery
from tests import cast
from tests.client.reached import make_card, make_service
from tests.domain.invoicing.paying.money import give_back, pay, use
from tests.invoicing import credit, make_issued, of


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


@pytest.fixture
def service(actor, ada, hosting):
    return make_service(actor, ada, hosting)


def rule(merchant, days):
    with transaction():
        merchants.update(cast.actor_for(merchant), db.session.get(Merchant, merchant), {"unpaid_suspend_days": days})


def work():
    """What the worker does in a round; how many services it suspended and went on with."""
    counts = []
    for step in (unpaid_services.suspend_next, unpaid_services.restore_next):
        counts.append(0)
        while True:
            with transaction():
                done = step()
            if not done:
                break
            counts[-1] += done
    return tuple(counts)


def late(key, days):
    return time_machine.travel(of(key).overdue_at + timedelta(days=days, minutes=1), tick=False)


def state(key):
    db.session.rollback()
    db.session.expire_all()
    row = db.session.get(Order, key)
    return row.status, row.suspended_for


def told():
    db.session.expire_all()
    names = [row.event for row in db.session.query(Delivery).order_by(Delivery.id)]
    return [name for name in names if name.startswith("service.") and name != "service.created"]


def act(actor, key, verb):
    with transaction():
        own, row = services.LISTING.lock(actor, key)
        services.RESOURCE.actions[verb].run(own, row)


UNPAID = (OrderStatus.SUSPENDED, SuspendedFor.UNPAID)
ACTIVE = (OrderStatus.ACTIVE, None)


def test_it_is_suspended_after_the_days_and_active_at_once_with_the_payment(alder, ada, service):
    rule(alder, 10)
    invoice = make_issued(alder, ada)
    with late(invoice, 9):
        assert (work(), state(service)) == ((0, 0), ACTIVE)
    with late(invoice, 10):
        assert (work(), state(service)) == ((1, 0), UNPAID)
        assert services.LISTING.read(cast.actor_for(alder), service).suspended_for == "unpaid"
        assert [row.collect_at for row in schedules.seen_rows(db.session.get(Order, service))] == [None]
        assert (work(), told()) == ((0, 0), ["service.suspended"])
        pay(alder, 119, invoice)
        assert state(service) == UNPAID                             # one cent is still something
        pay(alder, 1, invoice)
        assert state(service) == ACTIVE
        assert all(row.collect_at for row in schedules.seen_rows(db.session.get(Order, service)))
        assert (work(), told()) == ((0, 0), ["service.suspended", "service.unsuspended"])
        assert services.LISTING.read(cast.actor_for(alder), service).suspended_for is None


def test_without_a_rule_nothing_is_suspended(alder, ada, service):
    invoice = make_issued(alder, ada)
    with late(invoice, 300):
        assert (work(), state(service)) == ((0, 0), ACTIVE)


def test_the_last_overdue_invoice_counts_not_the_one_that_is_due_later(alder, ada, service):
    rule(alder, 0)
    first, second = make_issued(alder, ada), make_issued(alder, ada)
    day = of(first).due_on
    with late(first, 1):
        later = make_issued(alder, ada, due_on=day + timedelta(days=30))
        work()
        pay(alder, 120, second)
        assert state(service) == UNPAID
        pay(alder, 120, first)
        assert (state(service), of(later).balance_minor) == (ACTIVE, 12000)


@pytest.mark.parametrize("door", ["together", "credit", "credit note"])
def test_whatever_settles_the_invoice_ends_it(alder, ada, service, door):
    rule(alder, 0)
    keys = [make_issued(alder, ada), make_issued(alder, ada)]
    with late(keys[0], 1):
        work()
        assert state(service) == UNPAID
        if door == "together":
            pay(alder, 240, *keys)
        elif door == "credit":
            with transaction():
                recording.record(cast.actor_for(alder), inputs.parse(
                    recording.ReceiptInput, {"customer_id": ada, "amount": Decimal(240), "currency": "EUR"}))
            for key in keys:
                use(key)
        else:
            for key in keys:
                credit(key)
        assert state(service) == ACTIVE


def test_what_was_suspended_or_paused_for_another_reason_stays_so(actor, alder, ada, hosting, service):
    stopped, paused, active = service, *(make_service(actor, ada, hosting) for _ in range(2))
    act(actor, stopped, "suspend")
    with transaction():
        from_here = orders.locked(paused)
        services.order_verbs.pause(actor, from_here)
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        assert work() == (1, 0)
        assert [state(key)[0] for key in (stopped, paused, active)] == [
            OrderStatus.SUSPENDED, OrderStatus.PAUSED, OrderStatus.SUSPENDED]
        assert state(stopped) == (OrderStatus.SUSPENDED, SuspendedFor.MERCHANT)
        pay(alder, 120, invoice)
        assert [state(key)[0] for key in (stopped, paused, active)] == [
            OrderStatus.SUSPENDED, OrderStatus.PAUSED, OrderStatus.ACTIVE]


def test_other_customers_worlds_and_merchants_are_left_alone(actor, alder, ada, hosting, service):
    birch = cast.make_merchant("Birch", "USD")
    rule(alder, 0)
    grace = cast.make_customer(alder, "Grace Hopper")
    others = make_service(actor, grace, hosting)
    with transaction():
        tess = cast.actor_for(alder).in_world(test=True)
    tests_own = cast.make_customer(alder, "Tess", actor=tess)
    tests_service = make_service(tess, tests_own, cast.make_product(
        alder, "Test Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1, actor=tess))
    invoice = make_issued(alder, ada)
    abroad = make_issued(birch, cast.make_customer(birch, "Cleo"))
    with late(invoice, 1):
        assert of(abroad).overdue_at
        assert work() == (1, 0)
        assert [state(key) for key in (service, others, tests_service)] == [UNPAID, ACTIVE, ACTIVE]


def test_a_suspension_that_staff_ended_does_not_come_back_before_the_payment(actor, alder, ada, service):
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        work()
        act(actor, service, "unsuspend")
        assert (work(), state(service)) == ((0, 0), ACTIVE)
        act(actor, service, "suspend")
        pay(alder, 120, invoice)
        assert state(service) == (OrderStatus.SUSPENDED, SuspendedFor.MERCHANT)
        act(actor, service, "unsuspend")
        assert db.session.get(Order, service).spared_at is None
        second = make_issued(alder, ada)
    with late(second, 1):
        assert (work(), state(service)) == ((1, 0), UNPAID)


def test_another_card_does_not_end_it(actor, alder, ada, service):
    rule(alder, 0)
    invoice, card = make_issued(alder, ada), make_card(actor, ada)
    with late(invoice, 1):
        work()
        with transaction():
            order = orders.locked(service)
            payment_methods.change(actor, order, db.session.get(payment_methods.PaymentMethod, card))
        assert state(service) == UNPAID


def test_a_rule_that_is_switched_off_lets_services_go_on(alder, ada, service):
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        work()
        rule(alder, None)
        assert (work(), state(service)) == ((0, 1), ACTIVE)


def test_what_was_locked_when_the_customer_paid_goes_on_in_the_next_round(alder, ada, service, monkeypatch):
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        work()
        monkeypatch.setattr(unpaid_services, "_unlocked", lambda *clauses: orders.select(Order).where(Order.id < 0))
        pay(alder, 120, invoice)
        assert state(service) == UNPAID
        monkeypatch.undo()
        assert (work(), state(service)) == ((0, 1), ACTIVE)


def test_what_was_paid_back_wholly_is_not_held_against_the_customer(alder, ada, service):
    rule(alder, 0)
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"unpaid_stop_days": 0})
    invoice = make_issued(alder, ada)
    payment = pay(alder, 120, invoice)
    with late(invoice, 1):
        give_back(payment, 20)
        assert (work(), bool(unpaid.of(ada, False))) == ((1, 0), True)
        give_back(payment)
        assert (work(), state(service), unpaid.of(ada, False)) == ((0, 1), ACTIVE, None)


def test_only_what_runs_is_suspended_and_what_ended_does_not_come_back(actor, alder, ada, hosting, service):
    pending = make_service(actor, ada, hosting, status="pending")
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        assert work() == (1, 0)
        assert state(pending)[0] is OrderStatus.PENDING
        with pytest.raises(Conflict), transaction():
            suspending.suspend(actor, orders.locked(service))
        act(actor, service, "terminate")
        pay(alder, 120, invoice)
        assert (work(), state(service)[0]) == ((0, 0), OrderStatus.COMPLETE)


def test_the_trail_says_that_the_rule_did_it(alder, ada, service):
    rule(alder, 0)
    invoice = make_issued(alder, ada)
    with late(invoice, 1):
        work()
        pay(alder, 120, invoice)
    entries = db.session.query(AuditEntry).filter(AuditEntry.action.in_(["order.suspended", "order.activated"]))
    found = [(one.action, one.user_id) for one in entries.order_by(AuditEntry.id)][-2:]
    assert found == [("order.suspended", None), ("order.activated", None)]

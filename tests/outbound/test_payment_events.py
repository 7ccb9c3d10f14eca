"""Webhooks are told how each payment ended, once, and nothing else about payments."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.integrations import webhooks
from domain.payments import booking, paying, payments, refunds
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import DisputeNotice
from domain.payments.locking import lock_payment
from domain.sales.orders import orders
from models.payment import DisputeStatus
from models.webhook import Delivery
from outbound.payments import gateway_calls, refunding
from tests import cast
from tests.outbound.conftest import make_endpoint
from tests.paying import START, SYSTEM, active, actor_of, make_order, pay, rows, rows_of
from tests.paying import payments as attempts_of


@pytest.fixture
def merchant(alder, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    with transaction():
        new = webhooks.EndpointInput(url="https://hooks.example.com/")
        webhooks.create(actor_of(alder), new)
    return alder


def heard():
    """The events of payments so far: name, resource, data."""
    db.session.rollback()
    found = db.session.scalars(select(Delivery).order_by(Delivery.id))
    return [(one.event, one.resource, json.loads(one.body)["data"])
            for one in found if one.event.startswith("payment.")]


def test_an_approved_payment_is_told_as_the_merchant_api_shows_it(merchant):
    order_id = make_order(merchant, price="12.50")
    pay(order_id)
    payment = attempts_of(order_id)[0]
    [(name, resource, data)] = heard()
    assert (name, resource) == ("payment.approved", f"payment_{payment.id}")
    assert data["order_id"] == order_id
    assert (data["amount"], data["currency"], data["status"], data["test"]) == ("12.50", "EUR", "approved", True)


@pytest.mark.parametrize(("method", "decline"), [("test_soft_decline", "soft"), ("test_hard_decline", "hard")])
def test_a_decline_says_whether_it_may_succeed_later(merchant, method, decline):
    order_id = active(merchant, method)
    with transaction():
        orders.locked(order_id)
        attempt = paying.execute(actor_of(merchant), rows_of(order_id)[1])
    gateway_calls.finish(attempt)
    assert [(name, data["decline"]) for name, _, data in heard()] == [
        ("payment.approved", None), ("payment.declined", decline)]


def test_an_unknown_outcome_is_told_and_then_what_became_of_it(merchant):
    order_id = active(merchant)
    with transaction():
        orders.locked(order_id)
        attempt = paying.execute(actor_of(merchant), rows_of(order_id)[1])
    with transaction():
        booking.unknown(SYSTEM, attempt.payment_id, "no answer in time")
    gateway_calls.finish(attempt)
    assert [name for name, _, _ in heard()] == ["payment.approved", "payment.unknown", "payment.approved"]


def test_each_refund_is_told_with_the_sum_so_far(merchant):
    order_id = make_order(merchant, price="10.00")
    pay(order_id)
    payment = attempts_of(order_id)[0]
    for amount in (4, 6):
        with transaction():
            begun = refunds.begin(actor_of(merchant), lock_payment(payment.id)[2], Decimal(amount))
        refunding.finish(begun)
    assert [data["refunded_amount"] for name, _, data in heard() if name == "payment.refunded"] == ["4.00", "10.00"]


def test_a_dispute_is_told_when_it_is_opened_and_its_refund_when_it_is_lost(merchant):
    order_id = make_order(merchant)
    pay(order_id)
    payment = attempts_of(order_id)[0]
    for status in (DisputeStatus.OPEN, DisputeStatus.OPEN, DisputeStatus.LOST):
        notice = DisputeNotice(reference="dp_1", amount_minor=1000, currency="EUR", status=status, reason="unknown")
        with transaction():
            locked = lock_payment(payment.id)[2]
            gateway_notifications.dispute(SYSTEM, locked, notice, opened_at=START)
    assert [(name, data["disputed"]) for name, _, data in heard()] == [
        ("payment.approved", False), ("payment.disputed", True), ("payment.refunded", False)]


def test_a_payment_recorded_by_hand_is_told(merchant):
    order_id = make_order(merchant)
    with transaction():
        payments.record(actor_of(merchant), payments.PaymentInput(order_id=order_id, amount=10, reference="cash"))
    assert rows(order_id)[0].status == "complete"
    assert [(name, data["gateway"], data["reference"]) for name, _, data in heard()] == [
        ("payment.approved", "manual", "cash")]


def test_the_other_world_hears_nothing(alder, monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))
    make_endpoint(alder, "https://hooks.example.com/")
    pay(make_order(alder))
    assert cast.count(Delivery) == 0

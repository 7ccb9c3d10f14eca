"""Refunds and disputes that begin at Stripe: booked once, whatever is told of them, how often and in which order."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from database import db, transaction
from domain import clock
from domain.invoicing.books import verifying
from domain.invoicing.paying import credit_balances
from domain.payments import refunds
from domain.payments.payment_listing import LISTING
from models.payment import Dispute, GatewayNotification, Payment, Refund
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.payments import refunding
from tests import cast, paying
from tests.domain.invoicing.paying.test_paid_orders import bill
from tests.invoicing import of
from tests.outbound.payments.stripe.test_stripe_notify import order_id, send
from tests.paying import payments
from tests.stripe_paying import active

assert order_id                         # fixtures
assert send


@pytest.fixture
def paid(merchant, stand_in):
    """An order of 10.00 whose first payment was made, and the payment at Stripe."""
    key, _ = active(stand_in, merchant, billing="single_payment")
    return key, stand_in.all("payment_intent")[0]


def booked():
    """Each refund as it is booked, and what is refunded of the payment in all."""
    db.session.rollback()
    db.session.expire_all()
    rows = db.session.query(Refund).order_by(Refund.id)
    return [(str(one.status), one.amount_minor) for one in rows], db.session.query(Payment).one().refunded_minor


def again(event, number=1):
    """The same, told by another notification."""
    return event | {"id": f"{event['id']}_{number}"}


def test_a_refund_in_the_dashboard_is_booked_once_however_often_it_is_told(paid, stand_in, send):
    refund = stand_in.refund_by_hand(paid[1], 400)
    told = stand_in.events[-1]
    stand_in.end_refund(refund["id"], "succeeded")
    for event in (told, told, again(told), stand_in.events[-1]):
        assert send(event) == 204
    assert booked() == ([("approved", 400)], 400)
    row = db.session.query(Refund).one()
    assert (row.reference, row.reason, row.look_up_at) == (refund["id"], "Begun at the gateway", None)
    assert verifying.verify().misfit is None


def test_several_are_booked_each_and_no_more_than_was_paid(paid, stand_in, send):
    for amount in (400, 250, 350):
        stand_in.refund_by_hand(paid[1], amount)
        assert send(stand_in.events[-1]) == 204
    assert booked() == ([("approved", 400), ("approved", 250), ("approved", 350)], 1000)
    stand_in.refund_by_hand(paid[1], 1)
    assert send(stand_in.events[-1]) == 204
    assert booked()[0][-1] == ("declined", 1)
    assert booked()[1] == 1000
    assert "more than is left" in db.session.query(Refund).order_by(Refund.id).all()[-1].message


def refund_here(amount, *, finish=True):
    with transaction():
        own, payment = LISTING.lock(paying.actor_of(db.session.query(Payment).one().merchant_id),
                                    db.session.query(Payment).one().id)
        attempt = refunds.begin(own, payment, Decimal(amount) / 100)
    if finish:
        refunding.finish(attempt)
    return attempt


def test_a_refund_that_was_made_here_and_is_told_of_by_stripe_is_booked_once(paid, stand_in, send):
    refund_here(400)
    one = stand_in.all("refund")[0]
    for kind in ("refund.created", "refund.updated"):
        stand_in.tell(kind, one)
        assert send(stand_in.events[-1]) == 204
    assert booked() == ([("approved", 400)], 400)
    stand_in.refund_by_hand(paid[1], 400)                # another one of the same amount
    assert send(stand_in.events[-1]) == 204
    assert booked() == ([("approved", 400), ("approved", 400)], 800)


def test_what_stripe_tells_before_our_own_answer_is_read_is_booked_once(paid, stand_in, send):
    attempt = refund_here(400, finish=False)
    stripe_gateway.refund(attempt.account, attempt.request)          # its answer is lost
    stand_in.tell("refund.created", stand_in.all("refund")[0])
    assert send(stand_in.events[-1]) == 204
    assert booked() == ([("approved", 400)], 400)
    refunding.finish(attempt)
    assert booked() == ([("approved", 400)], 400)
    assert len(stand_in.all("refund")) == 1


@pytest.mark.parametrize("order", ["as it was", "the reverse"])
def test_one_that_the_bank_sends_back_counts_no_more_in_any_order(paid, stand_in, send, order):
    refund = stand_in.refund_by_hand(paid[1], 400)
    if order == "as it was":
        assert send(stand_in.events[-1]) == 204
        assert booked()[1] == 400
    stand_in.end_refund(refund["id"], "failed", failure_reason="lost_or_stolen_card")
    told = stand_in.events[-2:]
    for event in (*told[::-1], *told):
        assert send(event) == 204
    assert booked()[1] == 0
    assert {status for status, _ in booked()[0]} <= {"declined"}
    assert verifying.verify().misfit is None


def test_an_old_message_of_success_does_not_undo_the_failure_of_our_own_refund(paid, stand_in, send):
    refund_here(400)
    one = stand_in.all("refund")[0]
    stand_in.tell("refund.updated", one)
    old = stand_in.events[-1]
    stand_in.end_refund(one["id"], "failed")
    for event in (stand_in.events[-1], old):
        assert send(event) == 204
    assert booked() == ([("declined", 400)], 0)


def test_one_that_stripe_has_not_decided_is_asked_for_until_it_is(paid, stand_in, send):
    refund = stand_in.refund_by_hand(paid[1], 400, "pending")
    assert send(stand_in.events[-1]) == 204
    assert booked() == ([("pending", 400)], 0)
    with transaction():
        assert refunds.left(db.session.query(Payment).one()) == 600
    stand_in.objects[refund["id"]]["status"] = "succeeded"
    with time_machine.travel(clock.now() + timedelta(minutes=6), tick=False):
        while refunding.look_up_due():
            pass
    assert booked() == ([("approved", 400)], 400)
    assert len(stand_in.all("refund")) == 1              # none was made for it


def test_a_refund_and_a_dispute_that_are_told_of_before_the_payment_are_booked(order_id, stand_in, send):
    intent = stand_in.all("payment_intent")[0]
    stand_in.refund_by_hand(intent, 400)
    assert send(stand_in.events[-1]) == 204
    assert (str(payments(order_id)[0].status), booked()) == ("approved", ([("approved", 400)], 400))
    for event in stand_in.events:
        assert send(event) == 204
    assert booked() == ([("approved", 400)], 400)


def test_a_dispute_that_is_told_of_before_the_payment_is_kept(order_id, stand_in, send):
    stand_in.dispute(stand_in.all("payment_intent")[0])
    assert send(stand_in.events[-1]) == 204
    assert str(payments(order_id)[0].status) == "approved"
    assert db.session.query(Dispute).one().payment_id == payments(order_id)[0].id


def test_refunds_of_payments_that_are_none_of_ours_and_of_other_merchants_change_nothing(paid, stand_in, send):
    foreign = stand_in.add("pi", "payment_intent", account=paid[1]["account"], currency="eur", metadata={},
                           status="succeeded", amount=500, amount_received=500, customer=None, payment_method=None)
    stand_in.refund_by_hand(foreign, 100)
    assert send(stand_in.events[-1]) == 204
    stand_in.refund_by_hand(paid[1] | {"id": "pi_unknown"}, 100)
    assert send(stand_in.events[-1]) == 204
    assert (booked(), db.session.query(GatewayNotification).count()) == (([], 0), 0)


def test_the_invoice_of_the_order_follows_a_refund_at_stripe(merchant, stand_in, send):
    key, _ = active(stand_in, merchant, billing="single_payment")
    invoice = bill(key)
    assert of(invoice).balance_minor == 0
    refund = stand_in.refund_by_hand(stand_in.all("payment_intent")[0], 400)
    assert send(stand_in.events[-1]) == 204
    row = of(invoice)
    assert (row.paid_minor, row.refunded_minor, row.balance_minor) == (600, 400, 400)
    assert str(paying.of(key).status) == "complete"
    assert credit_balances.of(row.customer_id, "EUR", test=True) == 0
    stand_in.end_refund(refund["id"], "failed")
    assert send(stand_in.events[-1]) == 204
    row = of(invoice)
    assert (row.paid_minor, row.refunded_minor, row.balance_minor) == (1000, 0, 0)
    assert cast.count(Refund) == 1
    assert verifying.verify().misfit is None


@pytest.mark.parametrize(("status", "refunded"), [("won", ([], 0)), ("lost", ([("approved", 1000)], 1000))])
def test_what_a_lost_dispute_took_is_off_payment_and_invoice_and_the_order_stays(
        merchant, stand_in, send, status, refunded):
    key, _ = active(stand_in, merchant, billing="single_payment")
    invoice = bill(key)
    dispute = stand_in.dispute(stand_in.all("payment_intent")[0])
    stand_in.dispute(None, status, known=dispute)
    opened, closed = stand_in.events[-2:]
    for event in (opened, closed, again(closed)):
        assert send(event) == 204
    assert str(db.session.query(Dispute).one().status) == status
    assert (booked(), of(invoice).balance_minor, str(paying.of(key).status)) == (refunded, refunded[1], "complete")
    assert verifying.verify().misfit is None

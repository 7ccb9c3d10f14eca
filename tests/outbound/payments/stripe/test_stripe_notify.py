"""Notifications of Stripe from the network: signed ones are obeyed once, others change nothing."""

import json
import time

import pytest

from database import db
from domain.payments import gateway_accounts
from models.payment import Dispute, GatewayNotification, PaymentStatus
from tests import cast
from tests.paying import make_order, of, payments
from tests.stripe_paying import active, enter_keys, start
from tests.stripe_stand_in import OTHER_KEY, SECRET

OTHER_SECRET = "whsec_of_somebody_else"


@pytest.fixture
def order_id(merchant, stand_in):
    """An order that was paid on the hosted page, of which nothing has been heard yet."""
    key = make_order(merchant)
    stand_in.pay_page(start(key), "pay")
    return key


@pytest.fixture
def send(app, merchant, stand_in):
    """A function that sends an event, and returns the status of the answer."""

    def post(event, secret=SECRET, at=None, to=None, **more):
        headers, body = stand_in.signed(event, secret, at, **more)
        return app.test_client().post(f"/pay/stripe/{to or merchant}", headers=headers, data=body).status_code

    return post


def test_a_signed_notification_is_obeyed_once_in_any_order(order_id, stand_in, send):
    for event in [*stand_in.events, *stand_in.events[::-1]]:
        assert send(event) == 204
    assert [one.status for one in payments(order_id)] == [PaymentStatus.APPROVED]
    assert db.session.query(GatewayNotification).count() == 2
    assert of(order_id).status == "active"


@pytest.mark.parametrize("spoiled", [
    {"secret": OTHER_SECRET}, {"at": 0}, {"version": "v0"}, {"at": "an hour ago"},
])
def test_a_wrong_or_old_signature_is_400_and_changes_nothing(order_id, stand_in, send, spoiled):
    if spoiled.get("at") == "an hour ago":
        spoiled = {"at": time.time() - 3600}
    assert send(stand_in.events[0], **spoiled) == 400
    assert payments(order_id)[0].status is PaymentStatus.PENDING
    assert db.session.query(GatewayNotification).count() == 0


@pytest.mark.parametrize("spoil", [
    lambda headers, body: ({}, body),
    lambda headers, body: ({"Stripe-Signature": ""}, body),
    lambda headers, body: ({"Stripe-Signature": "t=x,v1=y"}, body),
    lambda headers, body: (headers, body.replace(b'"complete"', b'"expired"')),
    lambda headers, body: (headers, b""),
    lambda headers, body: (headers, b"\xff\xfe"),
    lambda headers, body: (headers, b"x" * 300_000),
])
def test_what_stripe_did_not_sign_changes_nothing(app, merchant, order_id, stand_in, spoil):
    headers, body = spoil(*stand_in.signed(stand_in.events[-1]))
    reply = app.test_client().post(f"/pay/stripe/{merchant}", headers=headers, data=body)
    assert reply.status_code in (400, 413)
    assert payments(order_id)[0].status is PaymentStatus.PENDING


@pytest.mark.parametrize("event", [
    {"type": "customer.created", "data": {"object": {"id": "cus_1", "object": "customer"}}},
    {"type": "payment_intent.succeeded", "data": {"object": {
        "id": "pi_by_hand", "object": "payment_intent", "status": "succeeded", "amount_received": 1, "currency": "eur",
        "metadata": {}}}},
    {"type": "payment_intent.succeeded", "data": {"object": {
        "id": "pi_x", "object": "payment_intent", "status": "succeeded", "amount_received": 1, "currency": "eur",
        "customer": "cus_1", "payment_method": "pm_1", "metadata": {"countinghouse_key": "of nobody"}}}},
    {"type": "refund.updated", "data": {"object": {
        "id": "re_1", "object": "refund", "status": "succeeded", "amount": 5, "currency": "eur", "metadata": {}}}},
    {"type": "charge.dispute.created", "data": {"object": {
        "id": "du_1", "object": "dispute", "status": "needs_response", "amount": 5, "currency": "eur",
        "payment_intent": "pi_by_hand"}}},
    {"type": "something.of.next.year", "data": {"object": {"id": "x"}}},
])
def test_what_is_about_nothing_of_ours_is_acknowledged(send, event):
    assert send({"id": "evt_1", "object": "event", "livemode": False, **event}) == 204
    assert db.session.query(GatewayNotification).count() == 0


@pytest.mark.parametrize("event", [
    {"object": "event", "livemode": True}, {"object": "thing"}, {"object": "event", "livemode": False}, {},
    None, 1, "event", ["event"],
])
def test_what_is_signed_and_cannot_be_read_is_400(send, event):
    assert send(event) == 400


@pytest.mark.parametrize("body", [b"[" * 100_000, b'{"a":' * 10_000, b"\xff", b"1" * 5000, b"{'a': 1}", b""],
                         ids=["deep list", "deep object", "no UTF-8", "long number", "quotes", "nothing"])
def test_a_signed_body_that_is_no_json_is_400(send, body):
    assert send(body) == 400


ODD = (None, True, -1, 1.5, 10**40, "", "\x00", "\ud800", "x" * 3000, [], {}, [1], {"id": None})


def events_of(intent):
    """An event of each kind about a payment, as Stripe sends them."""
    dispute = {
        "id": "du_1", "object": "dispute", "status": "needs_response", "amount": 5, "currency": "eur",
        "payment_intent": intent["id"], "reason": "fraudulent", "evidence_details": {"due_by": 1_900_000_000},
    }
    refund = {"id": "re_1", "object": "refund", "status": "failed", "amount": 5, "currency": "eur",
              "failure_reason": "lost", "metadata": {"countinghouse_key": "x"}}
    plain = intent | {"metadata": {"countinghouse_key": intent["metadata"]["countinghouse_key"]}}
    failed = plain | {"status": "requires_payment_method", "last_payment_error": {"code": "card_declined"}}
    session = {"id": "cs_1", "object": "checkout.session", "status": "expired", "metadata": plain["metadata"]}
    return {
        "charge.dispute.created": dispute, "refund.failed": refund, "payment_intent.succeeded": plain,
        "payment_intent.payment_failed": failed, "checkout.session.expired": session,
    }


def spoiled_in_each_place(node):
    """Copies of an object with one value replaced, in any depth."""
    for name, value in node.items():
        yield from ({**node, name: odd} for odd in ODD)
        if isinstance(value, dict):
            yield from ({**node, name: inner} for inner in spoiled_in_each_place(value))


@pytest.mark.slow
def test_no_value_of_a_signed_event_is_a_fault_of_ours(order_id, stand_in, send):
    intent = next(one["data"]["object"] for one in stand_in.events if one["type"] == "payment_intent.succeeded")
    for kind, body in events_of(intent).items():
        event = {"id": "evt_1", "object": "event", "livemode": False, "type": kind, "data": {"object": body}}
        for spoiled in spoiled_in_each_place(event):
            assert send(spoiled) < 500, spoiled


def test_a_merchant_signs_nothing_about_another_merchant(order_id, stand_in, send):
    other = cast.make_merchant("Birch")
    enter_keys(other, OTHER_KEY, OTHER_SECRET)
    event = json.loads(json.dumps(stand_in.events[0]))
    event["data"]["object"]["metadata"].pop("countinghouse_page", None)
    assert send(event, OTHER_SECRET, to=other) == 204
    assert send(stand_in.events[0], to=other) == 400
    assert payments(order_id)[0].status is PaymentStatus.PENDING


@pytest.mark.parametrize(("to", "status"), [(999_999, 400), (2**31 - 1, 400), (2**63, 404), (10**30, 404)])
def test_a_merchant_that_does_not_exist_or_has_no_keys_is_refused(stand_in, order_id, send, to, status):
    assert send(stand_in.events[0], to=to) == status


def test_while_stripe_cannot_be_asked_it_is_to_send_again(order_id, stand_in, send, monkeypatch):
    known = stand_in.answer
    monkeypatch.setattr(stand_in, "answer", lambda *_: (500, False, {"error": {"type": "api_error", "message": "x"}}))
    assert send(stand_in.events[-1]) == 503
    assert payments(order_id)[0].status is PaymentStatus.PENDING
    monkeypatch.setattr(stand_in, "answer", known)
    assert send(stand_in.events[-1]) == 204
    assert payments(order_id)[0].status is PaymentStatus.APPROVED


def test_the_live_world_has_its_own_secret_at_the_same_address(merchant, stand_in, send):
    enter_keys(merchant, "sk_live_of_the_merchant", "whsec_of_the_live_world", test=False)
    event = {"id": "evt_1", "object": "event", "type": "customer.created", "data": {"object": {"id": "cus_1"}}}
    assert send(event | {"livemode": True}, "whsec_of_the_live_world") == 204
    assert send(event | {"livemode": False}, "whsec_of_the_live_world") == 400
    assert send(event | {"livemode": False}) == 204
    assert gateway_accounts.secrets_of(gateway_accounts.find(merchant, "stripe", test=True))["webhook_secret"] == SECRET


def test_disputes_are_kept_once_and_what_is_decided_stays_so_in_any_order(merchant, stand_in, send):
    order_id, _ = active(stand_in, merchant)
    intent = stand_in.all("payment_intent")[0]
    dispute = stand_in.dispute(intent)
    stand_in.dispute(intent, "lost", known=dispute)
    opened, closed = stand_in.events[-2:]
    for event in (closed, opened, opened, closed):
        assert send(event) == 204
    row = db.session.query(Dispute).one()
    assert (row.status, row.reason, row.amount_minor, row.reference) == ("lost", "fraudulent", 1000, dispute["id"])
    assert row.closed_at is not None
    assert row.payment_id == payments(order_id)[0].id


@pytest.mark.parametrize(("status", "kept"), [("won", "won"), ("warning_closed", "won"), ("lost", "lost")])
def test_a_dispute_is_opened_and_decided(merchant, stand_in, send, status, kept):
    active(stand_in, merchant)
    dispute = stand_in.dispute(stand_in.all("payment_intent")[0])
    assert send(stand_in.events[-1]) == 204
    assert db.session.query(Dispute).one().status == "open"
    stand_in.dispute(None, status, known=dispute)
    assert send(stand_in.events[-1]) == 204
    db.session.expire_all()
    assert db.session.query(Dispute).one().status == kept

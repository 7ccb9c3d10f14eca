"""Notifications from the network: signed ones are obeyed once, others change nothing."""

import pytest

from models.payment import PaymentStatus
from outbound.gateways.test_bank import SIGNATURE, test_bank
from tests import cast
from tests.paying import make_order, pay, payments, rows

ADDRESS = "/pay/test/notify"


@pytest.fixture
def order_id(monkeypatch):
    """An order whose first payment is unknown: the bank booked it, and its answer was lost."""
    key = make_order(cast.make_merchant(), billing="single_payment")
    pay(key, "test_answer_lost")
    assert payments(key)[0].status is PaymentStatus.UNKNOWN
    return key


@pytest.fixture
def told(monkeypatch, order_id):
    """The notification that the bank sends about it, as headers and body."""
    sent = []
    monkeypatch.setattr(test_bank, "_send", lambda *given: sent.append(given))
    test_bank.notify(1)
    return sent[0]


def test_a_signed_notification_is_obeyed_once(app, order_id, told):
    headers, body = told
    for _ in range(3):
        assert app.test_client().post(ADDRESS, headers=headers, data=body).status_code == 204
    assert payments(order_id)[0].status is PaymentStatus.APPROVED
    assert rows(order_id)[0].paid_minor == 1000


@pytest.mark.parametrize("spoil", [
    lambda headers, body: ({}, body),
    lambda headers, body: ({SIGNATURE: "0" * 64}, body),
    lambda headers, body: (headers, body.replace(b"approved", b"declined")),
    lambda headers, body: (headers, b""),
    lambda headers, body: (headers, b"\xff\xfe"),
    lambda headers, body: (headers, b"x" * 70_000),
])
def test_what_the_bank_did_not_sign_changes_nothing(app, order_id, told, spoil):
    headers, body = spoil(*told)
    assert app.test_client().post(ADDRESS, headers=headers, data=body).status_code in (400, 413)
    assert payments(order_id)[0].status is PaymentStatus.UNKNOWN

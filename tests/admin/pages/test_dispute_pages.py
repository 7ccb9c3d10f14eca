"""A dispute by the test bank: shown as an exception, decided on its page, and what that leaves."""

import pytest

from database import db
from models.order import OrderStatus
from models.payment import Dispute, Refund
from tests import paying
from tests.admin.page_text import text_of
from tests.outbound.payments.test_advancing import DAY, advance
from tests.paying import START


@pytest.fixture
def disputed(admin, alder):
    """The id of an order whose payment the customer disputed five days later."""
    admin.post("/admin/mode", {"test": "on"})
    clock_id = paying.make_clock(alder)
    order_id = paying.make_order(alder, price="10.60", clock_id=clock_id, email="ada@example.org")
    paying.pay(order_id, "test_by_amount")
    advance(clock_id, START + 6 * DAY)
    return order_id


def test_a_dispute_waits_among_the_exceptions_until_it_is_decided(admin, disputed):
    page = admin.get("/admin/exceptions/disputes").text
    assert "Ada Lovelace" in page
    assert "10.60" in page
    dispute = db.session.query(Dispute).one()
    page = admin.get(f"/admin/disputes/{dispute.id}").text
    assert f'href="/admin/orders/{disputed}"' in page
    question = text_of(admin.get(f"/admin/disputes/{dispute.id}/lose").text)
    assert "The bank gave 10.60 EUR back to the customer." in question
    assert "Cancel it where nothing more is to be collected." in question
    admin.post(f"/admin/disputes/{dispute.id}/lose")
    assert db.session.query(Refund).one().amount_minor == 1060
    assert "Ada Lovelace" not in text_of(admin.get("/admin/exceptions/disputes").text)


def test_a_lost_one_is_on_the_payment_and_the_order_which_goes_on(admin, disputed):
    dispute = db.session.query(Dispute).one()
    payment_id = dispute.payment_id
    admin.post(f"/admin/disputes/{dispute.id}/lose")
    payment = text_of(admin.get(f"/admin/payments/{payment_id}").text)
    assert "Approved Dispute lost 10.60 EUR" in payment
    assert "Refunded 10.60 EUR" in payment
    page = admin.get(f"/admin/orders/{disputed}").text
    assert "Collected" not in text_of(page).partition("Amounts")[2].partition("Schedule")[0]
    assert paying.of(disputed).status == OrderStatus.ACTIVE
    assert "10.60 EUR refunded" in text_of(page)
    admin.post(f"/admin/disputes/{dispute.id}/reopen")
    payment = text_of(admin.get(f"/admin/payments/{payment_id}").text)
    assert "Refunded 0.00 EUR" in payment

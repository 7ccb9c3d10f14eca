"""A dispute by the test bank: shown as an exception, decided on its page, and what that leaves."""

import pytest

from database import db
from models.order import OrderStatus
from models.payment import Dispute, Refund
from tests import cast, excepted, ordered, paying
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
    assert "10.60 EUR disputed by the customer" in text_of(page)
    assert "Lost: the bank gave the money back" in text_of(page)
    assert "Collected" not in text_of(page).partition("Amounts")[2].partition("Schedule")[0]
    assert paying.of(disputed).status == OrderStatus.ACTIVE
    assert "10.60 EUR refunded" in text_of(page)
    admin.post(f"/admin/disputes/{dispute.id}/reopen")
    payment = text_of(admin.get(f"/admin/payments/{payment_id}").text)
    assert "Refunded 0.00 EUR" in payment


def test_an_open_one_is_the_next_step_of_its_order(admin, disputed):
    page = admin.get(f"/admin/orders/{disputed}").text
    step = text_of(page[page.index('class="callout next-step'):page.index('<div id="record"')])
    assert "10.60 EUR is disputed by the customer. The customer does not recognise the payment." in step
    assert "Send evidence where the payment was made until 19 Feb 2026, 12:00 . Open dispute" in step
    key = db.session.query(Dispute).one().id
    assert f'href="/admin/disputes/{key}"' in page
    admin.post(f"/admin/disputes/{key}/win")
    page = text_of(admin.get(f"/admin/orders/{disputed}").text)
    assert "is collected on" in page
    assert "Decided for you" in page
    assert "Decided 6 Feb 2026" in text_of(admin.get(f"/admin/disputes/{key}").text)


def test_an_order_that_has_ended_is_not_said_to_go_on(admin, alder):
    order_id = ordered.make_order(alder, status=OrderStatus.COMPLETE)
    payment_id = excepted.make_payment(cast.actor_for(alder), order_id=order_id)
    key = excepted.make_dispute(cast.actor_for(alder), payment_id=payment_id)
    assert "The order goes on" not in admin.get(f"/admin/disputes/{key}/lose").text
    admin.post(f"/admin/disputes/{key}/lose")
    page = admin.get(f"/admin/disputes/{key}").text
    assert "It is booked as refunded" in page
    assert "The order goes on" not in page

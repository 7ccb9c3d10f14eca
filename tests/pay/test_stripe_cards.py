"""The pages on which a card is kept at Stripe: a trial's payment page, and the change of card of an order."""

import pytest

from domain.sales.orders import orders, payment_links
from models.order import OrderStatus
from tests import paying, stripe_paying


@pytest.fixture
def stand_in(stand_in, alder):
    stripe_paying.enter_keys(alder)
    return stand_in


def path_of(order_id):
    return payment_links.path_of(orders.locked(order_id).link_token)


def pressed(reply, stand_in):
    """The checkout to which a form leads: the policy of the answer lets the browser go there."""
    assert reply.status_code == 303
    address = reply.headers["Location"]
    assert address.startswith(stand_in.url)
    assert stand_in.url in reply.headers["Content-Security-Policy"].partition("form-action")[2].partition(";")[0]
    return address.rpartition("/")[2]


def test_a_trial_is_ordered_with_a_card_of_which_nothing_is_taken(browser, alder, stand_in):
    order = paying.make_order(alder, trial_days=14)
    path = path_of(order)
    page = browser.get(path)
    assert "You type your card there" in page.text
    assert stand_in.url in page.headers["Content-Security-Policy"]
    session = pressed(browser.post(path, data={"method": "stripe"}), stand_in)
    assert stand_in.objects[session]["mode"] == "setup"
    back = stand_in.pay_page(session, "pay")
    assert back.endswith(f"{path}/back")
    assert browser.get(f"{path}/back").status_code == 303
    assert paying.of(order).status is OrderStatus.ACTIVE
    assert paying.of(order).payment_method.label == "Visa ending in 4444"
    assert stand_in.taken() == {}


def test_a_new_card_is_entered_on_the_order_page(browser, alder, stand_in):
    order, _ = stripe_paying.active(stand_in, alder)
    path = path_of(order).replace("/pay/", "/order/")
    assert f"{path}/card" in browser.get(path).text
    page = browser.get(f"{path}/card").text
    assert 'value="new stripe"' in page
    assert "On the next page, which belongs to our card service" in page
    session = pressed(browser.post(f"{path}/card", data={"method": "new stripe"}), stand_in)
    assert pressed(browser.post(f"{path}/card", data={"method": "new stripe"}), stand_in) == session
    stand_in.pay_page(session, "pay")
    reply = browser.get(f"{path}/card/back")
    assert (reply.status_code, reply.headers["Location"]) == (303, path)
    assert "Visa ending in 4444" in browser.get(path).text
    assert list(stand_in.taken().values()) == [[1000]]


def test_who_comes_back_without_a_card_keeps_the_old_one(browser, alder, stand_in):
    order, card = stripe_paying.active(stand_in, alder)
    path = path_of(order).replace("/pay/", "/order/")
    pressed(browser.post(f"{path}/card", data={"method": "new stripe"}), stand_in)
    assert browser.get(f"{path}/card/back").status_code == 303
    assert paying.of(order).payment_method.token.endswith(card)


def test_where_stripe_does_not_answer_the_page_says_so(browser, alder, stand_in):
    order, card = stripe_paying.active(stand_in, alder)
    path = path_of(order).replace("/pay/", "/order/")
    stand_in.page_faults.append("never arrived")
    reply = browser.post(f"{path}/card", data={"method": "new stripe"})
    assert reply.status_code == 503
    assert "The card service does not answer" in reply.text
    assert paying.of(order).payment_method.token.endswith(card)
    pressed(browser.post(f"{path}/card", data={"method": "new stripe"}), stand_in)


@pytest.mark.parametrize("method", ["new manual", "new test", "new nothing", "new ", ""])
def test_other_ways_are_refused(browser, alder, stand_in, method):
    order, _ = stripe_paying.active(stand_in, alder)
    path = path_of(order).replace("/pay/", "/order/")
    assert browser.post(f"{path}/card", data={"method": method}).status_code == 409
    assert paying.of(order).setup_key is None

"""The discount code on the payment page: entered without a script, refused in clear words, given back."""

import pytest

from blueprints.pay.guess_limits import CODES
from database import transaction
from domain import inputs
from domain.sales.discounts import discount_codes
from domain.sales.discounts.discount_codes import DiscountCodeInput
from domain.sales.orders import payment_links
from tests.paying import actor_of, make_order, of, pay, rows


def make_code(merchant, code="SUMMER", **more):
    with transaction():
        new = inputs.parse(DiscountCodeInput, {"code": code, "percentage": 10} | more)
        return discount_codes.create(actor_of(merchant), new).id


@pytest.fixture
def order_id(alder):
    return make_order(alder)


def path(order_id):
    return payment_links.path_of(of(order_id).link_token)


def enter(browser, order_id, code):
    return browser.post(path(order_id) + "/code", data={"code": code}, follow_redirects=True)


def test_a_code_is_taken_off_what_is_paid_now_and_later(browser, alder, order_id):
    key = make_code(alder)
    assert "Discount code" in browser.get(path(order_id)).text
    page = enter(browser, order_id, " summer ")
    assert page.status_code == 200
    assert "less €1.00 by code" in page.text
    assert "SUMMER" in page.text
    assert rows(order_id)[0].amount_minor == 900
    page = enter(browser, order_id, "")
    assert rows(order_id)[0].amount_minor == 1000
    assert discount_codes.LISTING.read(actor_of(alder), key).row.uses == 0
    assert "by code" not in page.text


def test_a_code_is_refused_in_clear_words(browser, alder, order_id):
    make_code(alder, "USED", max_uses=1)
    enter(browser, make_order(alder, customer_name="Bo"), "USED")
    for code, said in (("nonsense", "This code is not known."), ("used", "This code has been used up.")):
        page = enter(browser, order_id, code)
        assert (page.status_code, said in page.text) == (422, True)
    assert of(order_id).discount_code is None


def test_there_is_no_field_without_codes_or_after_the_payment(browser, alder, order_id):
    assert "Discount code" not in browser.get(path(order_id)).text
    make_code(alder)
    pay(order_id)
    page = enter(browser, order_id, "SUMMER")
    assert page.status_code == 409
    assert "by code" not in page.text
    assert rows(order_id)[0].amount_minor == 1000


def test_codes_cannot_be_guessed_without_end(browser, alder, order_id):
    for _ in range(CODES.amount):
        assert enter(browser, order_id, "nonsense").status_code == 422
    assert enter(browser, order_id, "nonsense").status_code == 429


def test_a_metered_order_says_that_it_depends_on_use(browser, alder):
    page = browser.get(path(make_order(alder, "metered"))).text
    assert "then what you use, every month" in page
    assert "by use" in page

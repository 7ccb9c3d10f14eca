"""What customers do with their orders: cancel and go on, skip, pay the rest, keep a card in a trial."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain.payments.plans import plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.sales.orders import orders
from models.merchant import CustomerCancels, Merchant
from models.order import OrderStatus, ScheduledPayment, ScheduledStatus
from outbound.gateways.test_bank import test_bank
from tests import cast, paying
from tests.domain.payments.metered.test_metered import log_calls, metered
from tests.outbound.payments.test_advancing import advance
from tests.pay.test_payments import address_of, pay, status, text


@pytest.fixture
def order(alder):
    return paying.active(alder)


@pytest.fixture
def address(order):
    return address_of(order).replace("/pay/", "/order/")


def allow(merchant_id, **settings):
    with transaction():
        row = db.session.get(Merchant, merchant_id)
        for name, value in settings.items():
            setattr(row, name, value)


def test_the_end_of_the_period_is_chosen_and_taken_back(browser, order, address):
    page = text(browser.get(f"{address}/cancel"))
    assert "At the end of the period, on " in page
    assert "It ends at once." in page
    page = text(browser.post(f"{address}/cancel", data={"when": "period_end"}, follow_redirects=True))
    assert "This ends on " in page
    assert "Ends" in page
    assert "Next payment" not in page
    assert "Cancel the subscription" not in page
    assert (status(order), paying.of(order).cancels_at_period_end) == (OrderStatus.ACTIVE, True)
    page = text(browser.post(f"{address}/keep", follow_redirects=True))
    assert "Next payment" in page
    assert not paying.of(order).cancels_at_period_end
    assert browser.post(f"{address}/keep").status_code == 409


def test_cancelling_now_ends_the_order_at_once(browser, order, address):
    browser.post(f"{address}/cancel", data={"when": "now"})
    assert status(order) is OrderStatus.COMPLETE


@pytest.mark.parametrize(("setting", "offered", "refused"), [
    (CustomerCancels.NOW, "It ends at once.", "period_end"),
    (CustomerCancels.PERIOD_END, "you can change your mind", "now"),
])
def test_the_merchant_says_when_customers_may_cancel(browser, alder, order, address, setting, offered, refused):
    allow(alder, customer_cancels=setting)
    page = browser.get(f"{address}/cancel").text
    assert offered in page
    assert "radio" not in page
    assert browser.post(f"{address}/cancel", data={"when": refused}).status_code == 409
    assert browser.post(f"{address}/cancel").status_code == 303
    assert paying.of(order).cancels_at_period_end is (setting is CustomerCancels.PERIOD_END)


def test_a_customer_who_may_not_cancel_is_offered_nothing(browser, alder, order, address):
    allow(alder, customer_cancels=CustomerCancels.NEVER)
    assert "Cancel the subscription" not in text(browser.get(address))
    assert browser.get(f"{address}/cancel").status_code == 303
    assert browser.post(f"{address}/cancel", data={"when": "now"}).status_code == 409
    assert status(order) is OrderStatus.ACTIVE


def test_a_payment_is_skipped_where_the_merchant_allows_and_one_in_a_row(browser, alder, order, address):
    key = paying.rows(order)[1].id
    assert "Skip this payment" not in text(browser.get(address))
    assert browser.post(f"{address}/skip", data={"row": key}).status_code == 409
    allow(alder, customer_skips=True)
    assert "Skip this payment" in text(browser.get(address))
    assert "is not taken" in text(browser.get(f"{address}/skip"))
    assert browser.post(f"{address}/skip", data={"row": key + 7}).status_code == 409
    assert browser.post(f"{address}/skip", data={"row": key}).status_code == 303
    assert paying.statuses(order) == ["complete", "skipped", "scheduled"]
    assert "Skip this payment" not in text(browser.get(address))
    assert browser.post(f"{address}/skip", data={"row": paying.rows(order)[2].id}).status_code == 409


def test_the_rest_of_instalments_is_paid_at_once(browser, alder):
    order = paying.active(alder, billing="instalment", price="90.00")
    address = address_of(order).replace("/pay/", "/order/")
    assert "Pay the rest now" in text(browser.get(address))
    assert "€90.00" in text(browser.get(f"{address}/rest"))
    page = text(browser.post(f"{address}/rest", follow_redirects=True))
    assert "Pay the rest now" not in page
    assert status(order) is OrderStatus.COMPLETE
    assert [one for taken in paying.charged(order).values() for one in taken] == [9000]
    assert "Receipt" in page


def test_a_rest_that_is_declined_leaves_the_instalments_on_their_dates(browser, alder):
    order = paying.active(alder, "test_soft_decline", billing="instalment", price="90.00")
    address = address_of(order).replace("/pay/", "/order/")
    page = text(browser.post(f"{address}/rest", follow_redirects=True))
    assert "Your bank declined it. Nothing was charged." in page
    assert "Pay €90.00 now" in page
    assert (paying.statuses(order), status(order)) == (["complete", *["scheduled"] * 3], OrderStatus.ACTIVE)
    assert "Next payment" in text(browser.get(address))
    other = paying.active(alder, billing="instalment", price="90.00")
    tried = paying.payments(order)[-1].id
    for query in (tried, "x", "9" * 30, -1):
        page = text(browser.get(f"{address_of(other).replace('/pay/', '/order/')}/rest?tried={query}"))
        assert "declined it. Nothing" not in page


def test_a_rest_of_unknown_outcome_is_shown_as_under_way(browser, alder):
    order = paying.active(alder, "test_answer_lost", billing="instalment", price="90.00")
    address = address_of(order).replace("/pay/", "/order/")
    page = text(browser.post(f"{address}/rest", follow_redirects=True))
    assert "A payment is under way." in page
    assert "Pay the rest now" not in page
    assert browser.post(f"{address}/rest").status_code == 303
    assert len(paying.payments(order)) == 1


def test_a_trial_keeps_a_card_without_a_payment_and_collects_from_it_later(browser, alder):
    order = paying.make_order(alder, trial_days=14)
    address = address_of(order)
    page = text(browser.get(address))
    assert "Nothing is taken today." in page
    assert browser.post(address, data={}).status_code == 409
    assert status(order) is OrderStatus.PENDING
    pages = {browser.post(address, data={"method": "test"}).headers["Location"] for _ in range(2)}
    assert len(pages) == 1
    assert "Your order is taken" in text(pay(browser, address, "test_soft_then_ok"))
    found = paying.of(order)
    assert (found.status, found.payment_method.token) == (OrderStatus.ACTIVE, "test_soft_then_ok")
    assert test_bank.book.charges([order]) == []
    assert paying.statuses(order) == ["complete", "scheduled"]
    assert browser.post(address, data={"method": "test"}).status_code == 409


@pytest.mark.parametrize("more", [
    {"billing": "metered"}, {"billing": "instalment", "price": "90.00", "initial": 0},
])
def test_a_card_is_kept_whenever_nothing_is_due_today_and_something_later(browser, alder, more):
    order = paying.make_order(alder, **more)
    address = address_of(order)
    page = text(browser.get(address))
    assert "Nothing to pay today" in page
    assert "Nothing is taken today." in page
    assert browser.post(address, data={}).status_code == 409
    assert "Your order is taken" in text(pay(browser, address, "test_ok"))
    found = paying.of(order)
    assert (found.status, found.payment_method.token) == (OrderStatus.ACTIVE, "test_ok")
    assert set(paying.statuses(order)) == {"complete", "scheduled"}
    assert test_bank.book.charges([order]) == []


def test_no_card_is_asked_for_where_nothing_follows(browser, alder):
    address = address_of(paying.make_order(alder, billing="single_payment", price="0"))
    assert "Nothing is taken today." not in text(browser.get(address))
    assert "Your order is taken" in text(browser.post(address, follow_redirects=True))


def test_a_card_that_was_kept_counts_though_its_customer_never_came_back(browser, alder):
    order = paying.make_order(alder, trial_days=14)
    address = address_of(order)
    page = browser.post(address, data={"method": "test"}).headers["Location"]
    browser.post(page, data={"method": "test_ok"})
    assert status(order) is OrderStatus.PENDING
    browser.get(f"{address}/back")
    assert status(order) is OrderStatus.ACTIVE
    assert "This page was used" in text(browser.get(page))


def test_changes_of_the_plan_stand_on_the_page(browser, order, address):
    with transaction():
        found = orders.locked(order)
        made = plan_changes.change(paying.actor_of(found.merchant_id), found, ChangeInput(quantity=2))
    assert made[1] is not None
    with transaction():
        new = ChangeInput(quantity=3, when=When.PERIOD_END)
        with pytest.raises(Exception, match="being collected"):
            plan_changes.change(paying.actor_of(found.merchant_id), orders.locked(order), ChangeInput(quantity=3))
        plan_changes.change(paying.actor_of(found.merchant_id), orders.locked(order), new)
    page = text(browser.get(address))
    for words in ("Change of plan", "Waiting", "Your plan changes with the next payment.", "€30.00"):
        assert words in page, words
    assert re.search(r"First payment.*Change of plan.*Payment 2", page, re.S)


def test_what_was_declined_before_a_new_card_is_tried_at_once_not_on_a_day_that_has_passed(browser, alder):
    clock = paying.make_clock(alder)
    order_id = paying.active(alder, "test_hard_decline", clock_id=clock)
    key = paying.rows(order_id)[1].id
    with transaction():
        row = db.session.get(ScheduledPayment, key)
        row.status, row.due_at = ScheduledStatus.SOFT_DECLINED, paying.START - timedelta(days=9)
        row.collect_at, row.order.status = row.due_at, OrderStatus.FAILED
    page = text(browser.get(address_of(order_id).replace("/pay/", "/order/")))
    assert "We try again on 31 January 2026." in re.sub(r"<[^>]+>", "", page)


def test_a_metered_order_is_cancelled_and_its_last_bill_is_made(browser, alder):
    clock, key_id = paying.make_clock(alder), cast.make_key(alder, mode="test")[0]
    order_id = metered(alder, [key_id], clock)
    log_calls(alder, (paying.START + timedelta(days=1), 4), key_id=key_id)
    advance(clock, paying.START + timedelta(days=2))
    address = address_of(order_id).replace("/pay/", "/order/")
    page = text(browser.get(f"{address}/cancel"))
    assert "What you used until it ends is taken once: €2.00 so far." in page
    assert "It ends within a quarter of an hour" in page
    assert "At the end of the period, on " in page
    page = text(browser.post(f"{address}/cancel", data={"when": "now"}, follow_redirects=True))
    assert "What you used until then is taken once." in page
    assert "Do not cancel" in page
    advance(clock, paying.START + timedelta(days=3))
    assert (status(order_id), paying.rows(order_id)[1].paid_minor) == (OrderStatus.COMPLETE, 200)
    assert "This ends on" not in text(browser.get(address))

"""The dialog that changes a plan, the preview of a new order, and what ends an order with its period."""

import pytest

from database import db
from models.order import Order
from tests import cast, paying
from tests.domain.payments.metered.test_metered import DAY, log_calls, metered
from tests.outbound.payments.test_advancing import advance


@pytest.fixture
def tester(admin):
    """An administrator of Alder in test mode."""
    admin.post("/admin/mode", {"test": "on"})
    return admin


@pytest.fixture
def order(alder):
    return paying.active(alder)


def test_the_dialog_shows_the_present_plan_and_what_a_change_costs(tester, order):
    assert f"/admin/orders/{order}/plan" in tester.get(f"/admin/orders/{order}").text
    assert "<dialog" in tester.part(f"/admin/orders/{order}/plan").text
    page = tester.get(f"/admin/orders/{order}/plan").text
    assert 'value="MONTH" selected' in page
    path, present = f"/admin/orders/{order}/plan/preview", {
        "product_id": paying.of(order).items[0].product_id, "quantity": "1", "interval_count": "1",
        "interval_unit": "MONTH", "when": "now"}
    assert "plan already" in tester.post(path, present).text
    shown = tester.post(path, present | {"quantity": "3"}).text
    for words in ("Due now", "20.00 EUR", "30.00 EUR charged, 10.00 EUR credited", "Payments to come"):
        assert words in shown, words
    assert "<dialog" not in shown
    assert "Change the plan of" in tester.post(path, present | {"quantity": "3", "page": "1"}).text
    assert "Quantity must be greater than 0" in tester.post(path, present | {"quantity": "0"}).text
    assert paying.statuses(order) == ["complete", "scheduled"]


def test_a_change_collects_what_is_due_now_and_one_at_the_end_is_shown_and_taken_back(tester, order):
    path, version = f"/admin/orders/{order}/plan", paying.of(order).version
    given = {"product_id": paying.of(order).items[0].product_id, "quantity": "3", "interval_count": "1",
             "interval_unit": "MONTH"}
    assert tester.post(path, given | {"when": "now", "version": version - 1}).status_code == 422
    assert tester.post(path, given | {"when": "now", "version": version}).status_code == 303
    assert paying.statuses(order) == ["complete", "complete", "scheduled"]
    again = tester.post(path, given | {"when": "now", "version": paying.of(order).version})
    assert (again.status_code, "plan already" in again.text) == (422, True)
    tester.post(path, given | {"when": "period_end", "quantity": "4", "version": paying.of(order).version})
    page = tester.get(f"/admin/orders/{order}").text
    assert "The plan changes " in page
    assert "40.00 EUR every month" in page
    back = {"version": paying.of(order).version}
    assert tester.post(f"/admin/orders/{order}/withdraw_change", back).status_code == 303
    assert paying.of(order).planned_change is None


def test_only_an_active_subscription_has_the_dialog(tester, alder):
    pending = paying.make_order(alder)
    assert f"/admin/orders/{pending}/plan" not in tester.get(f"/admin/orders/{pending}").text
    assert tester.get(f"/admin/orders/{pending}/plan").status_code == 303


def test_an_order_that_ends_with_its_period_says_when_and_goes_on_again(tester, order):
    asked = tester.get(f"/admin/orders/{order}/cancel_at_period_end").text
    assert "Nothing is refunded." in asked
    assert "It ends on " in asked
    tester.post(f"/admin/orders/{order}/cancel_at_period_end", {"version": paying.of(order).version})
    page = tester.get(f"/admin/orders/{order}").text
    assert "The order ends " in page
    assert "Change plan" not in page
    tester.post(f"/admin/orders/{order}/withdraw_cancellation", {"version": paying.of(order).version})
    assert not paying.of(order).cancels_at_period_end


@pytest.fixture
def used(alder):
    """A metered order on its third day, with 4 calls at 0.50."""
    clock, key_id = paying.make_clock(alder), cast.make_key(alder, mode="test")[0]
    order_id = metered(alder, [key_id], clock)
    log_calls(alder, (paying.START + DAY, 4), key_id=key_id)
    advance(clock, paying.START + 2 * DAY)
    return order_id


def test_the_plan_of_a_metered_order_changes_after_its_calls_are_billed(tester, used):
    path = f"/admin/orders/{used}/plan"
    assert path in tester.get(f"/admin/orders/{used}").text
    assert "Quantity" not in tester.part(path).text
    given = {"product_id": paying.of(used).items[0].product_id, "interval_count": "1", "interval_unit": "WEEK",
             "when": "now"}
    shown = tester.post(f"{path}/preview", given).text
    for words in ("So far 4 calls, 2.00 EUR", "by use"):
        assert words in shown, words
    tester.post(path, given | {"version": paying.of(used).version})
    page = tester.get(f"/admin/orders/{used}").text
    for words in ("changes its plan on 2 Feb 2026", "The plan changes ", "by use every week"):
        assert words in page, words


def test_a_metered_order_that_is_cancelled_says_what_its_last_bill_is_and_goes_on_again(tester, used):
    for verb in ("cancel", "cancel_at_period_end"):
        asked = tester.get(f"/admin/orders/{used}/{verb}").text
        assert "So far 4 calls, 2.00 EUR." in asked
    tester.post(f"/admin/orders/{used}/cancel", {"version": paying.of(used).version})
    page = tester.get(f"/admin/orders/{used}").text
    assert "the order is complete when they are paid" in page
    assert "The calls of this period are billed on" in page
    tester.post(f"/admin/orders/{used}/withdraw_cancellation", {"version": paying.of(used).version})
    assert not paying.of(used).cancels_at_period_end


def test_the_rest_of_instalments_is_collected_after_a_question(tester, alder):
    order_id = paying.active(alder, billing="instalment", price="90.00")
    path = f"/admin/orders/{order_id}/pay_rest"
    assert path in tester.get(f"/admin/orders/{order_id}").text
    assert "3 payments are collected now as one of 90.00 EUR" in tester.get(path).text
    tester.post(path, {"version": paying.of(order_id).version})
    assert paying.statuses(order_id) == ["complete", "complete", "merged", "merged"]
    page = tester.get(f"/admin/orders/{order_id}").text
    assert path not in page
    assert "All that was left, at once" in page


def test_a_new_order_is_previewed_while_it_is_typed_and_created_the_same(tester, alder):
    who = paying.actor_of(alder)
    customer = cast.make_customer(alder, actor=who)
    product = cast.make_product(alder, actor=who, price=30, billing="subscription", scheduled_unit="MONTH",
                                scheduled_interval=1)
    path = "/admin/orders/preview"
    assert 'hx-post="/admin/orders/preview"' in tester.get("/admin/orders/new").text
    assert "Choose a customer." in tester.post(path).text
    assert "Choose a product." in tester.post(path, {"customer_id": customer}).text
    typed = {"customer_id": customer, "items.0.product_id": product, "items.0.quantity": "", "trial_days": "7"}
    shown = tester.post(path, typed).text
    assert "First payment" in shown
    assert "0.00 EUR" in shown
    assert shown.count("30.00") >= 12
    assert "Nothing was created." in tester.post(path, typed | {"page": "1"}).text
    assert "Trial days" in tester.post(path, typed | {"trial_days": "x"}).text
    assert db.session.query(Order).count() == 0
    assert tester.post("/admin/orders", typed).status_code == 303
    assert db.session.query(Order).one().later_minor == 3000

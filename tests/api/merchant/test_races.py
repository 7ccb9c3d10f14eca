"""Programs at once: one order for a key, one end of an order, one charge for a payment, and no lost change."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from database import db, transaction
from domain.sales.orders import order_listing, orders
from models.order import Order, ScheduledPayment
from outbound.gateways.test_bank import test_bank
from tests import cast, paying
from tests.api.core.conftest import Program
from tests.api.merchant.conftest import Shop, token_of

pytestmark = pytest.mark.files


@pytest.fixture
def crew(workshop):
    """A function that lets many programs of one user of the test world begin at the same moment; their answers."""
    with workshop.app_context():
        merchant = cast.make_merchant()
        user = cast.make_user("shop@example.org", "admin_user", merchant_ids=[merchant], api_access=True)
        token = token_of(user, test=True)
        db.session.remove()

    def run(count, work, kind=Shop):
        start = threading.Barrier(count)

        def one(number):
            program = kind(workshop, token)
            start.wait()
            return work(program, number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    run.merchant, run.shop = merchant, Shop(workshop, token)
    return run


@pytest.fixture
def body(workshop, crew):
    """What creates a single order."""
    with workshop.app_context():
        actor = paying.actor_of(crew.merchant)
        customer = cast.make_customer(crew.merchant, actor=actor)
        product = cast.make_product(crew.merchant, actor=actor, currency="EUR", billing="single_payment")
        db.session.remove()
    return {"order": {"currency": "EUR", "customer_id": customer, "order_products": [{"product_id": product}]}}


def made(workshop, make):
    with workshop.app_context():
        found = make()
        db.session.remove()
    return found


def count(workshop, model):
    return made(workshop, lambda: db.session.scalar(select(func.count()).select_from(model)))


def test_of_16_equal_posts_at_once_one_makes_an_order_and_all_get_its_answer(workshop, crew, body):
    keyed = {"Idempotency-Key": "one"}
    replies = crew(16, lambda shop, _: shop.post("/orders/create_single_order", body, headers=keyed))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.data for reply in replies}) == 1
    assert sum("Idempotent-Replayed" not in reply.headers for reply in replies) == 1
    assert (count(workshop, Order), count(workshop, ScheduledPayment)) == (1, 1)


def test_of_many_that_end_an_order_at_once_one_does(workshop, crew):
    order = made(workshop, lambda: paying.make_order(crew.merchant))
    replies = crew(8, lambda shop, _: shop.put(f"/orders/{order}/cancel_order"))
    assert Counter(reply.status_code for reply in replies) == {200: 1, 422: 7}
    assert {str(reply.json) for reply in replies if reply.status_code == 422} == {
        "{'status': ['is already cancelled']}"}


def test_pausing_and_ending_at_once_leave_no_payment_to_come(workshop, crew):
    order = made(workshop, lambda: paying.active(crew.merchant))
    crew(8, lambda shop, number: shop.put(f"/orders/{order}/{('pause', 'cancel')[number % 2]}_order"))
    assert made(workshop, lambda: (str(paying.of(order).status), paying.statuses(order))) == (
        "complete", ["complete", "cancelled"])


def test_six_times_forty_changes_of_one_payment_raise_its_version_by_240(workshop, crew):
    row = made(workshop, lambda: paying.rows(paying.active(crew.merchant))[1].id)

    def change(shop, number):
        return {shop.put(f"/scheduled_payments/{row}", {"scheduled_payment": {"amount": f"{number + 1}.{turn:02}"}})
                .status_code for turn in range(40)}

    assert crew(6, change) == [{200}] * 6
    assert made(workshop, lambda: db.session.get(ScheduledPayment, row).version) == 241


def test_six_times_forty_increments_in_transactions_give_240(workshop, crew):
    order, actor = made(workshop, lambda: paying.make_order(crew.merchant)), paying.actor_of(crew.merchant)

    def increment(_shop, _number):
        with workshop.app_context():
            for _ in range(40):
                with transaction():
                    own, row = order_listing.LISTING.lock(actor, order)
                    orders.change(own, row, {"details": {"count": str(int(row.details.get("count", "0")) + 1)}})
            db.session.remove()

    crew(6, increment)
    assert made(workshop, lambda: paying.of(order).details) == {"count": "240"}


def test_changes_by_callers_who_send_if_match_lose_nothing(workshop, crew):
    row = made(workshop, lambda: paying.rows(paying.active(crew.merchant))[1].id)
    path = f"/scheduled_payments/{row}"
    order = made(workshop, lambda: db.session.get(ScheduledPayment, row).order_id)

    def increment(shop, _number):
        done = 0
        while done < 5:
            seen = shop.get(f"/orders/{order}{path}")
            amount = float(seen.json["amount"]) + 1
            reply = shop.put(path, {"scheduled_payment": {"amount": f"{amount:.2f}"}},
                             headers={"If-Match": seen.headers["ETag"]})
            assert reply.status_code in (200, 412)
            done += reply.status_code == 200

    crew(4, increment)
    assert crew.shop.get(f"/orders/{order}{path}").json["amount"] == "30.00"


def charges(workshop, order):
    return made(workshop, lambda: len(test_bank.book.charges([order])))


def test_of_many_who_pay_an_order_at_once_one_charges(workshop, crew):
    order = made(workshop, lambda: paying.make_order(crew.merchant))
    replies = crew(8, lambda core, _: core("POST", f"/orders/{order}/pay", json={"payment_method": "test_ok"}), Program)
    assert Counter(reply.status_code for reply in replies) == {200: 1, 422: 7}
    assert charges(workshop, order) == 1


def test_of_many_who_collect_a_payment_at_once_one_charges(workshop, crew):
    order = made(workshop, lambda: paying.active(crew.merchant))
    row = made(workshop, lambda: paying.rows(order)[1].id)
    replies = crew(8, lambda core, _: core("POST", f"/scheduled-payments/{row}/execute"), Program)
    assert Counter(reply.status_code for reply in replies) == {200: 1, 422: 7}
    assert charges(workshop, order) == 2


def test_of_many_who_give_a_payment_back_at_once_no_more_is_given_than_was_paid(workshop, crew):
    order = made(workshop, lambda: paying.active(crew.merchant))
    payment = made(workshop, lambda: paying.payments(order)[0].id)
    replies = crew(8, lambda core, _: core("POST", f"/payments/{payment}/refund", json={"amount": 3}), Program)
    assert sum(reply.status_code == 200 for reply in replies) == 3
    assert made(workshop, lambda: (paying.payments(order)[0].refunded_minor, test_bank.ledger([order])[0][
        "refunded_minor"])) == (900, 900)

"""Customers who pay at a gateway that is silent: only few of them hold a thread, the others are told so soon."""

import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest

from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.errors import Unavailable
from domain.payments import paying as collecting_by_hand
from domain.sales.orders import orders, payment_links
from models.payment import Payment, PaymentStatus
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.payments import collecting, from_requests
from tests import cast, paying, stripe_paying
from tests.outbound.silence import silence

CUSTOMERS = 12


@pytest.fixture
def silent(monkeypatch):
    """Stripe, which accepts connections and never answers."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    known = stripe_gateway._url
    with silence() as made:
        stripe_gateway.configure("https://pay.example", f"http://127.0.0.1:{made.port}")
        yield made
    stripe_gateway.configure(known)


@pytest.fixture
def taken():
    """All places are taken, since long."""
    from_requests.places._taken += [time.monotonic() - 60] * from_requests.AT_ONCE
    yield
    from_requests.places._taken.clear()


@pytest.mark.files
def test_a_silent_gateway_holds_three_threads(workshop, silent):
    app = workshop
    with app.app_context():
        counters.forget()
        alder = cast.make_merchant("Alder")
        stripe_paying.enter_keys(alder)
        made = [paying.make_order(alder, customer_name=f"Customer {number}") for number in range(CUSTOMERS)]
        pages = [payment_links.path_of(orders.locked(one).link_token) for one in made]
        db.session.remove()

    def pay(path):
        return app.test_client().post(path, data={"method": "stripe"})

    with ThreadPoolExecutor(CUSTOMERS) as threads:
        asked = [threads.submit(pay, path) for path in pages]
        silent.wait_for(from_requests.AT_ONCE)
        answers = [one.result() for one in islice(as_completed(asked, timeout=15), CUSTOMERS - from_requests.AT_ONCE)]
        assert {one.status_code for one in answers} == {503}
        assert all("The card service does not answer" in one.text for one in answers)
        began = time.perf_counter()
        assert app.test_client().get(pages[0]).status_code == 200
        assert time.perf_counter() - began < 5
        assert len(silent.waiting) == from_requests.AT_ONCE
        silent.end()
        assert {one.result(timeout=20).status_code for one in asked} == {503}


def test_without_a_place_a_charge_is_left_to_the_worker(alder, taken):
    order = paying.active(alder)
    with transaction():
        attempt = collecting_by_hand.execute(paying.actor_of(alder), paying.rows_of(order)[1])
    from_requests.ask(attempt)
    payment = db.session.get(Payment, attempt.payment_id)
    assert payment.status is PaymentStatus.PENDING
    assert payment.look_up_at > clock.now()
    with transaction():
        payment.look_up_at = clock.now()
    assert collecting.look_up_due() is False
    assert db.session.get(Payment, attempt.payment_id).status is PaymentStatus.APPROVED


def test_without_a_place_a_notification_is_sent_again(taken):
    with pytest.raises(Unavailable):
        from_requests.take_notification("test", None, {}, b"")


def test_a_place_is_free_again_after_a_call(alder):
    for _ in range(from_requests.AT_ONCE + 1):
        from_requests.come_back(404)
        with pytest.raises(AttributeError):
            from_requests.ask(None)
    assert from_requests.places._taken == []

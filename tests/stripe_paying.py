"""Orders that are paid at the stand-in of Stripe, for tests of what follows."""

from contextlib import contextmanager

import pytest

from database import transaction
from domain.payments import gateway_accounts
from domain.payments.bank import gateway_settings
from domain.payments.checkout import checkouts
from domain.sales.orders import orders
from outbound.gateways import stripe_client
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.payments import gateway_checkouts, notifications
from tests import paying
from tests.stripe_server import standing_in
from tests.stripe_stand_in import KEY, SECRET

BACK = "https://pay.example/pay/token/back"


@contextmanager
def in_place_of_stripe(monkeypatch):
    """A stand-in that the gateway asks until the end of the block."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    stripe_client.transport.cache_clear()
    known = stripe_gateway._url
    with standing_in() as made:
        stripe_gateway.configure("https://pay.example", made.url)
        try:
            yield made
        finally:
            stripe_gateway.configure(known)
            stripe_client.transport.cache_clear()


@pytest.fixture
def stand_in(monkeypatch):
    """The stand-in of Stripe that the gateway asks during a test; conftest.py of a folder imports it."""
    with in_place_of_stripe(monkeypatch) as made:
        yield made


@contextmanager
def impatient(stand_in):
    """The gateway does not wait for answers that the stand-in holds back: at the end the stand-in has done its part."""
    if "slow" not in stand_in.faults:
        yield
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripe_client, "ANSWER_WITHIN", 0.3)
        stripe_client.transport.cache_clear()
        yield
    stripe_client.transport.cache_clear()
    assert stand_in.held.wait(60)
    stand_in.released.set()


def enter_keys(merchant_id, key=KEY, secret=SECRET, *, test=True):
    with transaction():
        gateway_settings.update(
            paying.actor_of(merchant_id, test=test), "stripe", {"secret_key": key, "webhook_secret": secret})


def account(merchant_id, *, test=True):
    return gateway_accounts.for_gateway(merchant_id, "stripe", test=test)


def start(order_id):
    """Press the button of the payment page: the id of the checkout at the stand-in."""
    with transaction():
        order = orders.locked(order_id)
        begun = checkouts.begin(checkouts.customer_of(order), order, "stripe", BACK)
    address = gateway_checkouts.start(begun)
    return address.rpartition("/")[2] if address else None


def come_back(order_id):
    gateway_checkouts.come_back(paying.payments(order_id)[-1].id)


def pay(stand_in, order_id):
    """Pay on the hosted page, and come back."""
    stand_in.pay_page(start(order_id), "pay")
    come_back(order_id)


def active(stand_in, merchant_id, **more):
    """The id of an order whose first payment was made on the hosted page, and the card that was kept."""
    order_id = paying.make_order(merchant_id, **more)
    pay(stand_in, order_id)
    return order_id, paying.of(order_id).payment_method.token.partition(":")[2]


def deliver(stand_in, merchant_id, events=None):
    """Take the stand-in's events as they come from the network; what was said to each."""
    given = list(stand_in.events) if events is None else events
    return [notifications.received("stripe", merchant_id, *stand_in.signed(one)) for one in given]


"""Stored cards of the test bank, for tests of what they pay."""

from database import db, transaction
from domain import clock
from models.payment_method import PaymentMethod
from outbound.gateways.test_bank import TITLES
from tests import cast
from tests.invoicing import actor_of, make_issued


def make_chargeable(merchant_id):
    """The id of an issued invoice of the test world whose customer has a stored card."""
    customer_id = cast.make_customer(merchant_id, actor=actor_of(merchant_id, test=True))
    make_card(merchant_id, customer_id)
    return make_issued(merchant_id, customer_id, test=True)


def make_card(merchant_id, customer_id, token="test_ok", *, gateway="test", test=True, label=None):
    """The id of a stored card of a customer, by default one of the test bank that pays."""
    with transaction():
        now = clock.now()
        method = PaymentMethod(
            **actor_of(merchant_id, test=test).ownership(), customer_id=customer_id, gateway=gateway, token=token,
            label=label or TITLES[token], created_at=now, updated_at=now, version=1)
        db.session.add(method)
        db.session.flush()
        return method.id


def make_kept(actor, label=""):
    """The id of a stored card of a new customer, in the actor's world."""
    customer_id = cast.make_customer(actor.merchant_id, actor=actor)
    return make_card(actor.merchant_id, customer_id, test=actor.test, label=label or None)

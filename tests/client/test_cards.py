"""Cards in the client area."""

import pytest

from database import db, transaction
from domain.payments.plans import cancelling
from domain.payments.plans.plan_terms import When
from domain.people import customers
from domain.sales.orders import orders
from models.audit import AuditEntry
from models.customer import Customer, CustomerStatus
from models.payment_method import PaymentMethod
from tests import cast
from tests.client.reached import make_card, make_service


@pytest.fixture
def service(alder, ada):
    product = cast.make_product(
        alder, "Business Hosting", price=20, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1)
    return make_service(cast.actor_for(alder), ada, product)


def is_removed(key):
    db.session.expire_all()
    return db.session.get(PaymentMethod, key).removed_at is not None


def test_cards_are_listed_with_what_they_pay(signed_in, alder, ada, service):
    assert "No card is kept" in signed_in.get("/client/cards").text
    who = cast.actor_for(alder)
    make_card(who, ada, order_id=service)
    make_card(who, ada, "Visa <1881>")
    make_card(who, cast.make_customer(alder, "Bea"), "Mastercard of Bea")
    page = signed_in.get("/client/cards").text
    for words in ("Visa ending in 4242", "Business Hosting", "Visa &lt;1881&gt;", "Pays nothing at the moment"):
        assert words in page, words
    assert "Bea" not in page
    assert page.count(">Remove<") == 1


def test_a_card_that_pays_for_nothing_is_removed(signed_in, alder, ada):
    key = make_card(cast.actor_for(alder), ada)
    signed_in.get("/client/cards")
    reply = signed_in.post(f"/client/cards/{key}/remove")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/cards?said=removed")
    assert is_removed(key)
    page = signed_in.get("/client/cards?said=removed").text
    assert "The card was removed" in page
    assert "4242" not in page
    assert signed_in.post(f"/client/cards/{key}/remove").status_code == 404
    assert [one.actor for one in db.session.query(AuditEntry).filter_by(action="payment_method.removed")] == [
        "Ada Lovelace <ada@example.org>"]


def test_a_card_in_use_is_kept_until_what_it_pays_has_ended(signed_in, alder, ada, service):
    key = make_card(cast.actor_for(alder), ada, order_id=service)
    signed_in.get("/client/cards")
    assert signed_in.post(f"/client/cards/{key}/remove").status_code == 409
    assert not is_removed(key)
    with transaction():
        cancelling.cancel(cast.actor_for(alder), orders.locked(service), When.NOW)
    signed_in.get("/client/cards")
    assert signed_in.post(f"/client/cards/{key}/remove").status_code == 303


def test_a_stopped_customer_removes_nothing(signed_in, alder, ada):
    key = make_card(cast.actor_for(alder), ada)
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    assert ">Remove<" not in signed_in.get("/client/cards").text
    assert signed_in.post(f"/client/cards/{key}/remove").status_code == 403
    assert not is_removed(key)

"""Domain names: one row a name, dates in order, the price of a renewal."""

from decimal import Decimal

import pytest

from database import db, transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.hosting import domain_names
from domain.people import customers
from domain.usage import InUse
from models.customer import Customer
from models.domain_name import DomainName
from tests import cast


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder)


def make(merchant, customer, name="mysite.com", actor=None, **more):
    with transaction():
        new = inputs.parse(domain_names.DomainNameInput, {"customer_id": customer, "name": name, **more})
        return domain_names.create(actor or cast.actor_for(merchant), new).id


def change(merchant, key, **changes):
    with transaction():
        own, row = domain_names.LISTING.lock(cast.actor_for(merchant), key)
        domain_names.update(own, row, inputs.changes(domain_names.DomainNameInput, changes))


def test_a_name_is_kept_in_lower_case_in_the_merchants_currency(alder, ada):
    row = db.session.get(DomainName, make(alder, ada, "MySite.Com", amount=Decimal("12.5")))
    assert (row.name, row.currency, row.amount_minor, row.auto_renew) == ("mysite.com", "EUR", 1250, True)


def test_a_name_is_there_once_in_each_world_and_free_again_when_deleted(alder, birch, ada):
    key = make(alder, ada)
    with pytest.raises(Conflict):
        make(alder, ada, "MYSITE.com")
    make(birch, cast.make_customer(birch, "Bea"))
    test = cast.actor_for(alder).in_world(test=True)
    make(alder, cast.make_customer(alder, "Tess", actor=test), actor=test)
    with transaction():
        own, row = domain_names.LISTING.lock(cast.actor_for(alder), key)
        domain_names.delete(own, row)
    again = make(alder, ada)
    own, row = domain_names.LISTING.lock(cast.actor_for(alder), key, removed=True)
    with pytest.raises(Conflict):
        domain_names.restore(own, row)
    assert again != key


@pytest.mark.parametrize(("sent", "field"), [
    ({"registered_on": "2025-01-02", "expires_on": "2025-01-01"}, "expires_on"),
    ({"amount": Decimal("1.234")}, "amount"), ({"amount": -1}, "amount"),
    ({"status": "gone"}, "status"), ({"currency": "euro"}, "currency"),
])
def test_what_is_wrong_is_named(alder, ada, sent, field):
    with pytest.raises(Invalid) as caught:
        make(alder, ada, **sent)
    assert list(caught.value.fields) == [field]
    assert cast.count(DomainName) == 0


def test_another_merchants_customer_is_refused(alder, birch):
    with pytest.raises(Invalid):
        make(alder, cast.make_customer(birch, "Bea"))


def test_a_change_of_currency_sends_the_price_again(alder, ada):
    key = make(alder, ada, amount=12)
    with pytest.raises(Invalid):
        change(alder, key, currency="JPY")
    change(alder, key, currency="JPY", amount=1200)
    assert db.session.get(DomainName, key).amount_minor == 1200


def test_a_customer_with_a_domain_name_is_not_deleted(alder, ada):
    make(alder, ada)
    with pytest.raises(InUse, match="1 domain name"), transaction():
        customers.delete(cast.actor_for(alder), db.session.get(Customer, ada))

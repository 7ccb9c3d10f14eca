"""Rules of merchant profiles."""

import pytest

from database import db, transaction
from domain.actor import Actor
from domain.errors import Conflict
from domain.people import merchants
from models.merchant import Merchant
from tests import cast


def change(merchant_id, **changes):
    with transaction():
        merchants.update(Actor.operator(), db.session.get(Merchant, merchant_id), changes)


def test_the_currency_changes_while_nothing_is_kept_in_it():
    alder = cast.make_merchant("Alder", "EUR")
    change(alder, currency="JPY")
    assert db.session.get(Merchant, alder).currency == "JPY"


def test_the_currency_stays_once_amounts_are_kept_in_it():
    alder = cast.make_merchant("Alder", "EUR")
    cast.make_customer(alder, credit_limit=10)
    with pytest.raises(Conflict) as caught:
        change(alder, currency="JPY")
    assert set(caught.value.fields) == {"currency"}
    change(alder, currency="EUR", name="Alder & Sons")
    assert db.session.get(Merchant, alder).name == "Alder & Sons"

"""What a movement may pay is found by its amount, and by a reference, a number or a name that a person types."""

import pytest

from database import db
from domain.actor import Actor
from domain.invoicing.bank import bank_candidates
from domain.payments.bank.creditor_references import Reference
from models.order import OrderStatus, ScheduledStatus
from models.statement_row import StatementRow
from tests import cast, excepted, ordered


@pytest.fixture
def who():
    return cast.actor_for(cast.make_merchant("Alder"))


@pytest.fixture
def movement(who):
    """10.00 EUR, of which nobody knows what it pays; one open payment has this amount."""
    return db.session.get(StatementRow, excepted.make_movement(who, "Ann Payer"))


def open_row(who, name, amount=2500, status=ScheduledStatus.SCHEDULED, **more):
    order_id = ordered.make_order(who.merchant_id, status=OrderStatus.ACTIVE, customer_name=name, **more)
    row = ordered.make_row(who.merchant_id, order_id, amount_minor=amount, status=status,
                           currency=more.get("currency", "EUR"))
    return order_id, row


def names(who, movement, words=""):
    return [one.customer_name for one in bank_candidates.find(who, movement, words)]


def test_the_same_amount_comes_first_then_the_earliest(who, movement):
    open_row(who, "Bert")
    open_row(who, "Cleo")
    assert names(who, movement) == ["Ann Payer", "Bert", "Cleo"]
    assert [one.fits for one in bank_candidates.find(who, movement)] == [True, False, False]


def test_a_reference_an_amount_a_number_or_a_name_find_what_is_meant(who, movement):
    order_id, _ = open_row(who, "Zoë Quill", amount=123450)
    for words in (Reference(order_id).printed, "1,234.50", "1234.5 EUR", "zoe qu"):
        assert names(who, movement, words) == ["Zoë Quill"], words
    assert "Zoë Quill" in names(who, movement, str(order_id))
    for words in ("9,999.99", "nobody", "%", "RF00 0000 0000 0000"):
        assert names(who, movement, words) == [], words


def test_only_what_is_open_in_its_currency_and_of_its_merchant_is_offered(who, movement):
    open_row(who, "Other currency", currency="GBP")
    open_row(who, "Being collected", status=ScheduledStatus.PROCESSING)
    open_row(who, "Paid", status=ScheduledStatus.COMPLETE)
    ended = ordered.make_order(who.merchant_id, status=OrderStatus.CANCELLED, customer_name="Ended")
    ordered.make_row(who.merchant_id, ended)
    open_row(cast.actor_for(cast.make_merchant("Birch")), "Foreign")
    assert names(Actor.operator(), movement) == ["Ann Payer"]


def test_the_list_ends_somewhere(who, movement):
    for number in range(bank_candidates.MOST + 2):
        open_row(who, f"Customer {number}")
    assert len(names(who, movement)) == bank_candidates.MOST

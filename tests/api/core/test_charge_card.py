"""invoices.charge_card: what is open of an invoice, from a stored card, once."""

from dataclasses import replace

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from domain.errors import NotFound
from domain.payments import customer_cards
from models.payment_method import PaymentMethod
from models.user import User
from outbound.gateways.test_bank import test_bank
from tests import cast
from tests.api.core.conftest import Program
from tests.invoicing import actor_of, make_draft, make_issued, of
from tests.stored_cards import make_card


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def program(app, alder):
    key = cast.make_user(merchant_ids=[alder])
    with transaction():
        return Program(app, tokens.reveal(Actor.system(), db.session.get(User, key), test=True))


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")


def charged():
    return [one.amount_minor for one in test_bank.book.charges() if one.status == "approved"]


def test_the_newest_card_or_the_one_named_is_charged(program, alder, ada):
    card = make_card(alder, ada)
    make_card(alder, ada, "test_soft_decline")
    bill = make_issued(alder, ada, test=True)
    assert program.result("invoices.charge_card", {"id": bill})["status"] == "declined"
    told = program.result("invoices.charge_card", {"id": bill, "payment_methods_id": card})
    assert (told["status"], told["amount"], told["orders_id"]) == ("approved", 120, None)
    assert (charged(), of(bill).balance_minor) == ([12000], 0)
    assert "nothing-is-open" in str(program.rpc("invoices.charge_card", {"id": bill})["error"])


def test_what_cannot_be_charged_is_refused(program, alder, ada):
    bill, draft = make_issued(alder, ada, test=True), make_draft(alder, ada, test=True)
    assert "no-card" in str(program.rpc("invoices.charge_card", {"id": bill})["error"])
    others = make_card(alder, cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True)))
    make_card(alder, ada)
    for wrong in (others, 999, "x"):
        refused = program.rpc("invoices.charge_card", {"id": bill, "payment_methods_id": wrong})["error"]
        assert set(refused["data"]) == {"payment_methods_id"}, wrong
    assert "error" in program.rpc("invoices.charge_card", {"id": draft})
    assert charged() == []


def test_a_program_finds_the_ids_of_a_clients_cards(program, alder, ada, app):
    bea = cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True))
    card, hers = make_card(alder, ada), make_card(alder, bea, "test_soft_decline")
    cast_live = cast.make_customer(alder, "Live")
    live = make_card(alder, cast_live, gateway="stripe", test=False)
    birch = cast.make_merchant("Birch")
    others = make_card(birch, cast.make_customer(birch, "Cy", actor=actor_of(birch, test=True)))
    assert [one["id"] for one in program.result("payment_methods.search")] == [card, hers]
    (found,) = program.result("payment_methods.search", {"clients_id": [ada]})
    assert {name: found[name] for name in ("id", "companies_id", "clients_id", "gateway")} == {
        "id": card, "companies_id": alder, "clients_id": ada, "gateway": "test"}
    assert "test_ok" not in str(found.values())          # the gateway's token
    assert program.result("payment_methods.get", {"id": card}) == found
    assert [one["id"] for one in program.result("payment_methods.search", {"gateway": "stripe"})] == []
    for absent in (live, others, 999):
        assert program.rpc("payment_methods.get", {"id": absent})["error"]["code"] == -32001
    with transaction():
        customer_cards.remove(actor_of(alder, test=True), db.session.get(PaymentMethod, card))
    assert program.result("payment_methods.search", {"clients_id": [ada]}) == []
    bill = make_issued(alder, bea, test=True)
    assert program.result("invoices.charge_card", {"id": bill, "payment_methods_id": hers})["status"] == "declined"


def test_staff_need_the_right_to_read_payments_and_see_their_own_customers_cards_only(app, alder):
    mine, theirs = (
        cast.make_user(f"{name}@alder.example", "restricted_user", merchant_ids=[alder]) for name in ("ivy", "joe"))
    with transaction():
        own = Actor.of_user(db.session.get(User, mine), source="admin").in_world(test=True)
    customer = cast.make_customer(alder, "Dan", actor=own)
    card = make_card(alder, customer)
    shown = replace(own, scopes=own.scopes | {"READ_PAYMENTS"})
    assert customer_cards.LISTING.read(shown, card).id == card
    with pytest.raises(NotFound):
        customer_cards.LISTING.read(replace(shown, user_id=theirs), card)

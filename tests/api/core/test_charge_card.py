"""invoices.charge_card: what is open of an invoice, from a stored card, once."""

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
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

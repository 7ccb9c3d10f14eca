"""Staff charges a stored card for an invoice: after a dialog, once, and is told what became of it."""

import re

import pytest

from database import db
from models.payment import Payment, PaymentStatus
from outbound.gateways.test_bank import test_bank
from tests import cast
from tests.invoicing import actor_of, make_issued
from tests.stored_cards import make_card


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")


@pytest.fixture
def tester(admin):
    """An admin who looks at the test world."""
    admin.get("/admin/")
    admin.post("/admin/mode", {"test": "on"})
    return admin


def once_of(page):
    return {name: re.search(rf'name="{name}" value="([^"]*)"', page)[1] for name in ("once", "version")}


def charged():
    return [one.amount_minor for one in test_bank.book.charges() if one.status == "approved"]


def test_the_button_is_there_with_a_card_and_charges_once(tester, alder, ada):
    bill = make_issued(alder, ada, test=True)
    path = f"/admin/invoices/{bill}"
    assert "Charge stored card" not in tester.get(path).text
    assert "has no stored card" in tester.get(f"{path}/card", follow_redirects=True).text
    first, second = make_card(alder, ada), make_card(alder, ada, "test_soft_decline")
    assert f'href="{path}/card"' in tester.get(path).text
    dialog = tester.get(f"{path}/card").text
    assert "120.00 EUR" in dialog
    assert dialog.index(f'<option value="{second}"') < dialog.index(f'<option value="{first}"')
    sent = once_of(dialog) | {"payment_method_id": str(first)}
    replies = [tester.post(f"{path}/card", sent) for _ in range(2)]
    assert [one.headers["Location"] for one in replies] == [path] * 2
    assert charged() == [12000]
    page = tester.get(path).text
    assert "120.00 EUR was charged." in page
    assert "Charge stored card" not in page
    assert "Nothing is open" in tester.get(f"{path}/card", follow_redirects=True).text


@pytest.mark.parametrize(("token", "said"), [
    ("test_soft_decline", "was declined: Not enough money."), ("test_requires_action", "asks for one more step"),
    ("test_answer_lost", "has not said yet"),
])
def test_what_became_of_it_is_said(tester, alder, ada, token, said):
    bill, card = make_issued(alder, ada, test=True), make_card(alder, ada, token)
    path = f"/admin/invoices/{bill}"
    tester.post(f"{path}/card", once_of(tester.get(f"{path}/card").text) | {"payment_method_id": str(card)})
    assert said in tester.get(path).text
    assert db.session.query(Payment).one().created_by_user_id is not None
    if token != "test_soft_decline":
        again = tester.post(f"{path}/card", once_of(tester.get(f"{path}/card").text))
        assert again.status_code == 422
        assert "A payment is under way" in again.text


def test_cards_and_invoices_of_others_are_out_of_reach(tester, signed_in, alder, birch, ada):
    bill = make_issued(alder, ada, test=True)
    make_card(alder, ada)
    bea = cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True))
    others = make_card(alder, bea)
    path = f"/admin/invoices/{bill}"
    sent = once_of(tester.get(f"{path}/card").text)
    assert tester.post(f"{path}/card", sent | {"payment_method_id": str(others)}).status_code == 422
    stranger = signed_in(merchants=[birch], email="b@birch.example")
    stranger.post("/admin/mode", {"test": "on"})
    assert stranger.get(f"{path}/card").status_code == 404
    assert stranger.post(f"{path}/card", sent).status_code == 404
    assert db.session.query(Payment).filter(Payment.status == PaymentStatus.APPROVED).count() == 0

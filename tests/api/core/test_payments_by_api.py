"""Payments in the Core API: read, recorded by hand, given back; of the caller's merchants and world only."""

import pytest

from database import db, transaction
from domain import clock
from domain.payments.gateways import NoAnswer
from models.payment import Refund
from outbound.gateways.test_bank import test_bank
from outbound.payments import refunding
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.api.test_every_operation import token_for_tests
from tests.paying import make_order, of, pay, payments, statuses

KEY = {"Idempotency-Key": "once"}


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def program(app, alder):
    return Program(app, token_for_tests(cast.make_user(merchant_ids=[alder])))


@pytest.fixture
def paid(alder):
    """An order whose first payment was approved."""
    order_id = make_order(alder)
    pay(order_id)
    return order_id


def test_a_payment_shows_what_the_gateway_said(program, paid):
    (shown,) = program.result("payments.search", {"orders_id": [paid]})
    wanted = {"orders_id": paid, "amount": 10, "currency": "EUR", "status": "approved", "decline": None,
              "gateway": "test", "refunded_amount": 0, "refunds": []}
    assert {name: shown[name] for name in wanted} == wanted
    assert program.result("payments.get", {"id": shown["id"]}) == shown
    (charge,) = program.result("test_charges.search", {"orders_id": [paid]})
    assert (charge["idempotency_key"], charge["amount_minor"]) == (payments(paid)[0].key, 1000)


def test_a_payment_is_given_back_in_parts_and_never_more_than_it_was(program, paid):
    key = payments(paid)[0].id
    told = program.result("payments.refund", {"id": key, "amount": 4})
    assert (told["refunded_amount"], [one["status"] for one in told["refunds"]]) == (4, ["approved"])
    for wrong in (6.01, 0, -1, "a", 1.001):
        assert program.rpc("payments.refund", {"id": key, "amount": wrong})["error"]["code"] == -32602
    assert program.result("payments.refund", {"id": key})["refunded_amount"] == 10
    assert "error" in program.rpc("payments.refund", {"id": key})
    assert test_bank.book.charges([paid])[0].refunded_minor == 1000


def test_a_repeated_refund_is_one_refund(program, paid):
    path = f"/payments/{payments(paid)[0].id}/refund"
    first, again = (program("POST", path, json={"amount": 4}, headers=KEY) for _ in range(2))
    assert (first.status_code, first.json) == (again.status_code, again.json)
    assert test_bank.book.charges([paid])[0].refunded_minor == 400


def test_a_refund_without_an_answer_is_unknown_and_asked_for_again_with_its_key(program, paid, monkeypatch):
    def silent(*given):
        raise NoAnswer("lost")

    with monkeypatch.context() as patched:
        patched.setattr(test_bank, "refund", silent)
        told = program.result("payments.refund", {"id": payments(paid)[0].id})
    assert (told["refunded_amount"], told["refunds"][0]["status"]) == (0, "unknown")
    with transaction():
        db.session.query(Refund).update({"look_up_at": clock.now()})
    refunding.look_up_due()
    assert program.result("payments.get", {"id": payments(paid)[0].id})["refunded_amount"] == 10
    assert test_bank.book.charges([paid])[0].refunded_minor == 1000


def test_a_payment_is_recorded_by_hand(program, alder):
    order_id = make_order(alder)
    for wrong in ({"amount": 10.01}, {"amount": 0}, {"amount": 5, "orders_id": 99}, {}):
        assert "error" in program.rpc("payments.create", {"orders_id": order_id} | wrong)
    assert "error" in program.rpc("payments.create", {"amount": 1})
    program.result("payments.create", {"orders_id": order_id, "amount": 4, "reference": "first"})
    assert statuses(order_id) == ["scheduled"]
    told = program.result("payments.create", {"orders_id": order_id, "amount": 6})
    assert (told["gateway"], told["status"]) == ("manual", "approved")
    assert (statuses(order_id)[0], str(of(order_id).status)) == ("complete", "active")


def test_payments_of_others_are_as_good_as_none(app, program, paid, alder):
    birch = cast.make_merchant("Birch")
    stranger = Program(app, token_for_tests(cast.make_user("bo@birch.example", merchant_ids=[birch])))
    live = Program(app, token_of(cast.make_user("al@alder.example", merchant_ids=[alder])))
    key = payments(paid)[0].id
    for other in (stranger, live):
        assert other.result("payments.search") == []
        assert other.result("test_charges.search") == []
        assert other.rpc("payments.get", {"id": key})["error"]["data"]["code"] == "not_found"
        assert other.rpc("payments.refund", {"id": key})["error"]["data"]["code"] == "not_found"
        assert "error" in other.rpc("payments.create", {"orders_id": paid, "amount": 1})

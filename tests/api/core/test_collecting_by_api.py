"""Calls of the Core API that collect: in the test world, once for each key, and only what may be collected."""

import pytest

from outbound.gateways.test_bank import test_bank
from tests import cast, paying
from tests.api.core.conftest import Program
from tests.api.test_every_operation import token_for_tests
from tests.paying import active, make_order, of, rows, statuses


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def program(app, alder):
    return Program(app, token_for_tests(cast.make_user(merchant_ids=[alder])))


def test_an_order_is_paid_once(program, alder):
    order_id = make_order(alder)
    assert "error" in program.rpc("orders.pay", {"id": order_id, "payment_method": "test_nothing"})
    told = program.result("orders.pay", {"id": order_id, "payment_method": "test_ok"})
    assert (told["status"], told["orders_id"], told["amount"]) == ("approved", order_id, 10)
    assert str(of(order_id).status) == "active"
    assert "error" in program.rpc("orders.pay", {"id": order_id, "payment_method": "test_ok"})
    assert len(test_bank.book.charges([order_id])) == 1


def test_a_repeated_call_answers_the_attempt_and_charges_once(program, alder):
    order_id = make_order(alder)
    for _ in range(3):
        told = program("POST", f"/orders/{order_id}/pay", json={"payment_method": "test_answer_lost"},
                       headers={"Idempotency-Key": "pay"})
        assert (told.status_code, told.json["status"]) == (200, "unknown")
    assert len(test_bank.book.charges([order_id])) == 1
    assert statuses(order_id) == ["processing"]


def test_a_declined_payment_is_retried_and_recovers_its_order(program, alder):
    row_id = paying.declined(alder)
    assert "error" in program.rpc("scheduled_payments.execute", {"id": row_id})
    assert program.result("scheduled_payments.retry", {"id": row_id})["status"] == "approved"
    assert "error" in program.rpc("scheduled_payments.retry", {"id": row_id})


def test_a_scheduled_payment_is_executed_before_its_day(program, alder):
    order_id = active(alder)
    row_id = rows(order_id)[1].id
    assert "error" in program.rpc("scheduled_payments.retry", {"id": row_id})
    assert program.result("scheduled_payments.execute", {"id": row_id})["status"] == "approved"
    assert statuses(order_id) == ["complete", "complete", "scheduled"]


def test_a_change_of_card_collects_nothing_by_itself(program, alder):
    order_id = active(alder)
    assert program.result("orders.set_payment_method", {"id": order_id, "payment_method": "test_hard_decline"}) == 1
    assert of(order_id).payment_method.token == "test_hard_decline"
    assert len(test_bank.book.charges([order_id])) == 1


def test_the_rest_of_instalments_is_paid_with_one_payment(program, alder):
    order_id = active(alder, billing="instalment", price="90.00")
    told = program.result("orders.pay_rest", {"id": order_id})
    assert (told["status"], told["amount"], told["reason"]) == ("approved", 90, "rest")
    assert statuses(order_id) == ["complete", "complete", "merged", "merged"]
    assert "error" in program.rpc("orders.pay_rest", {"id": order_id})
    assert "error" in program.rpc("orders.pay_rest", {"id": active(alder)})

"""Movements of bank accounts by the Core API: they are listed, assigned, set aside, and all of that is undone."""

import pytest

from models.order import OrderStatus
from tests import cast, excepted, ordered
from tests.api.core.conftest import Program, token_of
from tests.invoicing import line, make_issued, of


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def program(app, alder):
    return Program(app, token_of(cast.make_user(merchant_ids=[alder])))


def state(program, key):
    return program.result("statement_rows.get", {"id": key})["state"]


def test_a_movement_is_assigned_taken_back_set_aside_and_looked_at_again(program, alder):
    key = excepted.make_movement(cast.actor_for(alder), scheduled_payment_id=None, order_id=None)
    row = ordered.make_waiting(cast.actor_for(alder))
    order_id = ordered.reload_row(row).order_id
    assert [one["id"] for one in program.result("statement_rows.search", {"state": "unsure"})] == [key]
    program.result("statement_rows.assign", {"id": key, "scheduled_payments_id": row})
    told = program.result("statement_rows.get", {"id": key})
    assert (told["state"], told["scheduled_payments_id"], told["orders_id"]) == ("booked", row, order_id)
    assert program.result("payments.get", {"id": told["payments_id"]})["amount"] == 10
    for verb, after in (("unbook", "unsure"), ("ignore", "ignored"), ("reopen", "unsure")):
        program.result(f"statement_rows.{verb}", {"id": key})
        assert state(program, key) == after, verb


def test_what_cannot_be_paid_is_refused_and_the_movement_stays_unsure(program, alder):
    key = excepted.make_movement(cast.actor_for(alder))
    foreign = ordered.make_waiting(cast.actor_for(cast.make_merchant("Birch")))
    for sent in ({}, {"scheduled_payments_id": foreign}, {"scheduled_payments_id": "x"}):
        refused = program.rpc("statement_rows.assign", {"id": key, **sent})["error"]
        assert "scheduled_payments_id" in str(refused["data"]), sent
    in_pounds = ordered.make_row(
        alder, ordered.make_order(alder, status=OrderStatus.ACTIVE, currency="GBP"), currency="GBP")
    assert "is not in EUR" in str(program.rpc(
        "statement_rows.assign", {"id": key, "scheduled_payments_id": in_pounds})["error"])
    assert state(program, key) == "unsure"


def test_who_may_not_record_payments_assigns_nothing(app, alder):
    key = excepted.make_movement(cast.actor_for(alder))
    user = cast.make_user("eve@alder.example", "restricted_user", [alder])
    program = Program(app, token_of(user))
    assert "error" in program.rpc("statement_rows.book", {"id": key})
    assert Program(app, token_of(cast.make_user(
        "ops@example.org", all_merchants=True))).result("statement_rows.get", {"id": key})["state"] == "unsure"


def test_a_movement_is_assigned_to_invoices(program, alder):
    key = excepted.make_movement(cast.actor_for(alder))
    ada = cast.make_customer(alder)
    invoices = [make_issued(alder, ada, [line("5", rate=0)]), make_issued(alder, ada, [line("7", rate=0)])]
    program.result("statement_rows.assign", {"id": key, "invoices_ids": invoices})
    found = program.result("statement_rows.get", {"id": key})
    assert (found["state"], found["invoices_ids"], found["scheduled_payments_id"]) == ("booked", invoices, None)
    assert [of(one).balance_minor for one in invoices] == [0, 200]
    other = excepted.make_movement(cast.actor_for(alder))
    foreign = make_issued(cast.make_merchant("Birch"))
    for keys in ([foreign], [], "x", [invoices[0], invoices[0]]):
        refused = program.rpc("statement_rows.assign", {"id": other, "invoices_ids": keys})["error"]
        assert any(name.startswith("invoices_ids") for name in refused["data"]), refused

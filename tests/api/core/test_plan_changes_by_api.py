"""Changes of plan and cancellations by the Core API, and previews, which write nothing."""

import pytest
from sqlalchemy import text

from database import Model, db
from outbound.gateways.test_bank import test_bank
from tests import cast
from tests.api.core.conftest import Program
from tests.api.test_every_operation import token_for_tests
from tests.domain.payments.metered.test_metered import DAY, log_calls, metered
from tests.outbound.payments.test_advancing import advance
from tests.paying import START, active, actor_of, make_clock, make_order, of, rows, statuses


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def program(app, alder):
    return Program(app, token_for_tests(cast.make_user(merchant_ids=[alder])))


def everything():
    """All rows of all tables, and the numbers that the next ones would have."""
    db.session.rollback()
    found = {table.name: sorted(map(str, db.session.execute(table.select()))) for table in Model.metadata.sorted_tables}
    if db.engine.dialect.name == "sqlite":
        numbers = db.session.execute(text("SELECT name, seq FROM sqlite_sequence ORDER BY name"))
    else:
        numbers = db.session.execute(text("SELECT sequencename, last_value FROM pg_sequences ORDER BY 1"))
    found["numbers"] = list(map(str, numbers))
    db.session.rollback()
    return found


def test_a_change_collects_the_difference_and_says_so(program, alder):
    order_id = active(alder)
    dear = cast.make_product(alder, actor=actor_of(alder), price=30, billing="subscription")
    asked = {"id": order_id, "products_id": dear}
    told = program.result("orders.change", asked | {"preview": True})
    assert (told["credit"], told["charge"], told["due_now"], len(told["schedule"])) == (10, 30, 20, 12)
    assert told["schedule"][0]["amount"] == 30
    assert statuses(order_id) == ["complete", "scheduled"]
    assert program.result("orders.change", asked) == told
    assert statuses(order_id) == ["complete", "complete", "scheduled"]
    assert [one.amount_minor for one in test_bank.book.charges([order_id])] == [1000, 2000]


def test_a_change_at_the_periods_end_is_shown_and_taken_back(program, alder):
    order_id = active(alder)
    told = program("POST", f"/orders/{order_id}/change", json={"quantity": 2.5, "when": "period_end"}).json
    assert (told["due_now"], told["schedule"][0]["amount"]) == (0, 25)
    shown = program.result("orders.get", {"id": order_id})
    assert (shown["total"], shown["planned_change"]) == (10, {
        "products_id": shown["items"][0]["products_id"], "quantity": 2.5, "scheduled_unit": "MONTH",
        "scheduled_interval": 1})
    assert program.result("orders.withdraw_change", {"id": order_id}) == 1
    assert program.result("orders.get", {"id": order_id})["planned_change"] is None
    assert [one.amount_minor for one in rows(order_id)] == [1000, 1000]
    assert program.error("orders.withdraw_change", {"id": order_id})["data"]["status"]


def test_wrong_fields_of_a_change_have_the_names_that_were_sent(program, alder):
    order_id = active(alder)
    for name, value in (("products_id", 10**9), ("products_id", "x"), ("scheduled_unit", "HOUR"), ("price", 3),
                        ("scheduled_interval", 0), ("when", "later"), ("preview", "perhaps")):
        answer = program("POST", f"/orders/{order_id}/change", json={name: value})
        assert (answer.status_code, list(answer.json["error"]["data"])) == (400, [name]), answer.json
    assert program("POST", f"/orders/{order_id}/change", json={}).status_code == 422
    assert statuses(order_id) == ["complete", "scheduled"]


def test_an_order_is_cancelled_at_the_end_of_its_period_and_that_is_taken_back(program, alder):
    order_id = active(alder)
    told = program.result("orders.cancel", {"id": order_id, "when": "period_end", "preview": True})
    assert told == {"due_now": 0, "credit": 0, "charge": 0, "schedule": [], "used": None}
    assert not of(order_id).cancels_at_period_end
    assert program.result("orders.cancel", {"id": order_id, "when": "period_end"}) == 1
    assert program.result("orders.get", {"id": order_id})["cancels_at_period_end"] is True
    assert program.error("orders.cancel", {"id": order_id, "when": "period_end"})["data"]["status"]
    assert program.error("orders.change", {"id": order_id, "quantity": 2})["data"]["status"]
    assert program.error("orders.pause", {"id": order_id})["data"]["status"]
    assert program.result("orders.withdraw_cancellation", {"id": order_id}) == 1
    assert program.result("orders.cancel", {"id": order_id}) == 1
    assert statuses(order_id) == ["complete", "cancelled"]


def test_a_metered_order_says_what_was_used_and_is_billed_for_it(program, alder):
    clock = make_clock(alder)
    key_id = cast.make_key(alder, mode="test")[0]
    order_id = metered(alder, [key_id], clock)
    log_calls(alder, (START + DAY, 4), key_id=key_id)
    advance(clock, START + 2 * DAY)
    assert program("POST", f"/orders/{order_id}/change", json={"quantity": 2}).json["error"]["data"] == {
        "quantity": "Does not apply to a metered order: calls are counted"}
    asked = {"id": order_id, "scheduled_unit": "WEEK", "preview": True}
    for told in (program.result("orders.change", asked),
                 program.result("orders.cancel", {"id": order_id, "preview": True})):
        assert told["used"] == {"calls": 4, "amount": 2, "tax_amount": 0}
        assert (told["due_now"], told["schedule"][0]["depends_on_use"]) == (0, True)
    assert program.result("orders.cancel", {"id": order_id}) == 1
    assert program.result("orders.get", {"id": order_id})["cancels_at_period_end"] is True
    advance(clock, START + 3 * DAY)
    assert program.result("orders.get", {"id": order_id})["status"] == "complete"
    assert [one.amount_minor for one in test_bank.book.charges([order_id])] == [200]


def test_a_new_order_is_previewed_as_it_is_created(program, alder):
    who = actor_of(alder)
    body = {
        "companies_id": alder, "clients_id": cast.make_customer(alder, actor=who),
        "items": [{"products_id": cast.make_product(alder, actor=who, price=30, billing="subscription")}],
        "scheduled_unit": "WEEK", "trial_days": 7,
    }
    told = program.result("orders.create", body | {"preview": True})
    assert (told["due_now"], [one["amount"] for one in told["schedule"]]) == (0, [30] * 12)
    assert program.result("orders.search", {"companies_id": [alder]}) == []
    assert program.result("orders.create", body)["total"] == 30
    wrong = program("POST", "/orders", json=body | {"preview": True, "instalments": 3})
    assert (wrong.status_code, list(wrong.json["error"]["data"])) == (400, ["instalments"])


def test_a_preview_writes_no_row_and_uses_no_number(program, alder):
    order_id, new = active(alder), make_order(alder)
    shown = program.result("orders.get", {"id": new})
    body = {"companies_id": alder, "clients_id": shown["clients_id"], "scheduled_unit": "MONTH",
            "items": [{"products_id": shown["items"][0]["products_id"]}]}
    before = everything()
    for asked in ({"quantity": 3}, {"scheduled_unit": "YEAR"}, {"quantity": 3, "when": "period_end"}):
        program.result("orders.change", asked | {"id": order_id, "preview": True})
    for asked in ({}, {"when": "period_end"}):
        program.result("orders.cancel", asked | {"id": order_id, "preview": True})
    program.result("orders.create", body | {"preview": True})
    assert everything() == before

"""Budgets of the Public API: fields, refusals, changes of status."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from database import transaction
from domain import settings
from domain.actor import Actor
from domain.sales.budgets import budgets
from models import Budget
from tests import cast
from tests.api.public.test_envelope import assert_error

KEYS = [
    "id", "customerId", "status", "total", "subtotal", "tax", "discount", "currency", "validUntil", "notes",
    "metadata", "createdAt", "updatedAt", "approvedAt", "approvedBy", "items", "customer",
]
WORK = {"description": "Work", "quantity": 1, "unitPrice": 100}
SOON = timedelta(days=3)


def iso(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def customer(alder):
    return f"customer_{cast.make_customer(alder, 'Ada', email='ada@example.org')}"


@pytest.fixture
def budget(api, customer):
    """A function that makes a budget, with more or other fields."""
    def make(**more):
        reply = api.post("/budgets", {"customerId": customer, "items": [WORK], **more})
        assert reply.status_code == 201, reply.json
        return reply.json["data"]

    return make


def put(api, budget, **changes):
    return api.put(f"/budgets/{budget['id']}", changes)


def test_a_budget_shows_everything_and_nothing_more(api, budget):
    data = budget(notes="For the roof", metadata={"ref": "7"})
    assert sorted(data) == sorted(KEYS)
    assert data["items"] == [{
        "id": "item_1", "productId": None, "description": "Work", "quantity": 1, "unitPrice": 100.0, "total": 100.0,
        "tax": 0.0, "discount": 0.0}]
    assert data["customer"] == {"id": "customer_1", "name": "Ada", "email": "ada@example.org"}
    assert (data["id"], data["customerId"], data["status"], data["currency"]) == (
        "budget_1", "customer_1", "PENDING", "EUR")
    assert (data["notes"], data["metadata"]) == ("For the roof", {"ref": "7"})
    assert (data["approvedAt"], data["approvedBy"]) == (None, None)
    assert api.get("/budgets/budget_1").json["data"] == data == api.get("/budgets").json["data"][0]


def test_amounts_are_numbers(api, budget):
    budget()
    assert b'"total":100.0' in api.get("/budgets/budget_1").data


def test_left_out_the_date_is_thirty_days_off_or_as_the_setting_says(budget):
    with time_machine.travel(datetime(2026, 5, 1, tzinfo=UTC), tick=False):
        assert budget()["validUntil"] == "2026-05-31T23:59:59Z"
        with transaction():
            settings.update(Actor.operator(), {"quote_validity_days": 7})
        assert budget()["validUntil"] == "2026-05-08T23:59:59Z"


def test_what_the_caller_says_of_computed_fields_is_ignored(budget):
    data = budget(
        id="budget_77", total=1, subtotal=2, createdAt="2001-01-01T00:00:00Z", approvedBy="me",
        approvedAt="2001-01-01T00:00:00Z", updatedAt="2001-01-01T00:00:00Z",
        customer={"id": "customer_9", "name": "Eve"}, items=[{**WORK, "id": "item_99", "total": 5}],
    )
    assert (data["id"], data["total"], data["status"]) == ("budget_1", 100.0, "PENDING")
    assert (data["approvedBy"], data["approvedAt"], data["customer"]["name"]) == (None, None, "Ada")
    assert data["items"][0]["id"] == "item_1"
    assert data["createdAt"] > "2001-01-02"


def test_a_product_gives_its_name_and_price(api, alder, budget):
    cast.make_product(alder, "Lamp", 19)
    line = {"productId": "product_1", "quantity": 2}
    data = budget(items=[line, {**line, "description": "My lamp", "unitPrice": 18.5}])
    assert [(one["description"], one["unitPrice"], one["total"]) for one in data["items"]] == [
        ("Lamp", 19.0, 38.0), ("My lamp", 18.5, 37.0)]


def test_a_later_change_of_the_product_or_customer_leaves_the_amounts(api, alder, budget):
    cast.make_product(alder, "Lamp", 19)
    budget(items=[{"productId": "product_1", "quantity": 2}])
    api.put("/products/product_1", {"name": "Other", "price": 99})
    api.put("/customers/customer_1", {"name": "Ada King"})
    data = api.get("/budgets/budget_1").json["data"]
    assert (data["items"][0]["description"], data["total"], data["customer"]["name"]) == ("Lamp", 38.0, "Ada King")


@pytest.mark.parametrize("quantity", ["2.0", "2e0", "2.000", "0.2e1"])
def test_a_whole_number_may_be_written_with_a_fraction_of_nothing(api, customer, quantity):
    line = f'{{"description": "Work", "quantity": {quantity}, "unitPrice": 10}}'
    body = f'{{"customerId": "{customer}", "items": [{line}]}}'
    reply = api.post("/budgets", data=body, content_type="application/json")
    assert reply.status_code == 201, reply.json
    assert reply.json["data"]["items"][0]["quantity"] == 2


@pytest.mark.parametrize(("more", "field", "words"), [
    ({"customerId": None}, "customerId", "must be a whole number"),
    ({"customerId": "customer_99"}, "customerId", "must exist"),
    ({"customerId": "budget_1"}, "customerId", "must be an id such as customer_123"),
    ({"customerId": 1}, "customerId", "must be an id"),
    ({"customerId": "customer_1 "}, "customerId", "must be an id"),
    ({"customerId": "customer_99999999999999999999"}, "customerId", "must be an id"),
    ({"items": []}, "items", "at least 1"),
    ({"items": None}, "items", "must be a list"),
    ({"items": {}}, "items", "must be a list"),
    ({"items": [WORK] * 201}, "items", "at most 200"),
    ({"items": [None]}, "items[0]", "must be an object"),
    ({"items": [{**WORK, "quantity": 0}]}, "items[0].quantity", "greater than 0"),
    ({"items": [{**WORK, "quantity": 0.00001}]}, "items[0].quantity", "more than 4 decimals"),
    ({"items": [{**WORK, "quantity": 1000000.0001}]}, "items[0].quantity", "at most 1000000"),
    ({"items": [{**WORK, "quantity": -1}]}, "items[0].quantity", "greater than 0"),
    ({"items": [{**WORK, "quantity": 1.23456}]}, "items[0].quantity", "more than 4 decimals"),
    ({"items": [{**WORK, "quantity": 1_000_001}]}, "items[0].quantity", "at most 1000000"),
    ({"items": [{**WORK, "quantity": True}]}, "items[0].quantity", "must be a number"),
    ({"items": [{**WORK, "quantity": "1"}]}, "items[0].quantity", "must be a number"),
    ({"items": [{**WORK, "quantity": 10**4000}]}, "items[0].quantity", "too many digits"),
    ({"items": [{"description": "x", "unitPrice": 1}]}, "items[0].quantity", "is required"),
    ({"items": [{**WORK, "unitPrice": -0.01}]}, "items[0].unitPrice", "at least 0"),
    ({"items": [{**WORK, "unitPrice": 0.0000001}]}, "items[0].unitPrice", "more than 6 decimals"),
    ({"items": [{**WORK, "unitPrice": 10**9 + 1}]}, "items[0].unitPrice", "at most"),
    ({"items": [{**WORK, "unitPrice": "100"}]}, "items[0].unitPrice", "must be a number"),
    ({"items": [{"description": "x", "quantity": 1}]}, "items[0].unitPrice", "is required"),
    ({"items": [{"quantity": 1, "unitPrice": 1}]}, "items[0].description", "is required"),
    ({"items": [{**WORK, "description": "x" * 501}]}, "items[0].description", "at most 500"),
    ({"items": [{**WORK, "productId": "product_9"}]}, "items[0].productId", "must exist"),
    ({"items": [WORK, {**WORK, "discount": 100.01}]}, "items[1].discount", "not be more than the line"),
    ({"items": [{**WORK, "discount": -1}]}, "items[0].discount", "at least 0"),
    ({"items": [{**WORK, "discount": 0.001}]}, "items[0].discount", "more than 2 decimals"),
    ({"items": [{**WORK, "tax": -1}]}, "items[0].tax", "at least 0"),
    ({"items": [{**WORK, "tax": 0.005}]}, "items[0].tax", "more than 2 decimals"),
    ({"discount": 100.01}, "discount", "not be more than the budget"),
    ({"discount": 0.001}, "discount", "more than 2 decimals"),
    ({"discount": -1}, "discount", "at least 0"),
    ({"tax": -1}, "tax", "at least 0"),
    ({"tax": 10**17}, "tax", "too large"),
    ({"currency": "eur"}, "currency", "ISO 4217"),
    ({"currency": "XYZ"}, "currency", "ISO 4217"),
    ({"currency": 978}, "currency", "must be a string"),
    ({"validUntil": "2001-01-01T00:00:00Z"}, "validUntil", "must be in the future"),
    ({"validUntil": "2001-01-01"}, "validUntil", "must be in the future"),
    ({"validUntil": "soon"}, "validUntil", "ISO 8601"),
    ({"validUntil": 1900000000}, "validUntil", "ISO 8601"),
    ({"notes": "x" * 5001}, "notes", "at most 5000"),
    ({"metadata": []}, "metadata", "must be an object"),
    ({"metadata": {"a": 1}}, "metadata", "strings"),
    ({"metadata": {"a": None}}, "metadata", "strings"),
    ({"metadata": {"a": {"b": "c"}}}, "metadata", "strings"),
    ({"metadata": {str(one): "x" for one in range(51)}}, "metadata", "at most 50"),
    ({"metadata": {"": "x"}}, "metadata", "1 to 40"),
    ({"metadata": {"a": "x" * 501}}, "metadata", "500"),
    ({"status": "DRAFT"}, "status", "changed afterwards"),
])
def test_a_budget_that_cannot_be_is_422_and_says_where(api, customer, more, field, words):
    reply = api.post("/budgets", {"customerId": customer, "items": [WORK], **more})
    body = assert_error(reply, 422, "validation_error")
    assert body["details"].keys() == {field}
    assert words in body["details"][field]
    assert cast.count(Budget) == 0


def test_what_is_missing_is_named(api):
    body = assert_error(api.post("/budgets", {}), 422, "validation_error")
    assert body["details"] == {"customerId": "is required", "items": "is required"}


def test_the_largest_budget_that_is_allowed_is_taken(budget):
    data = budget(items=[{"description": "x" * 500, "quantity": 1, "unitPrice": 1}] * 200, notes="n" * 5000,
                  metadata={f"{one:040}": "v" * 500 for one in range(50)})
    assert data["total"] == 200.0
    assert len(data["items"]) == 200


def test_an_inactive_or_deleted_product_is_not_sold(api, alder, customer):
    cast.make_product(alder, "Old", status="inactive")
    cast.make_product(alder, "Gone")
    api.delete("/products/product_2")
    for place, words in ((1, "is inactive"), (2, "must exist")):
        reply = api.post("/budgets", {"customerId": customer, "items": [
            {"productId": f"product_{place}", "quantity": 1, "unitPrice": 1, "description": "x"}]})
        assert assert_error(reply, 422, "validation_error")["details"] == {"items[0].productId": words}


def test_a_product_in_another_currency_is_not_sold(api, alder, customer):
    cast.make_product(alder, "Dollars", currency="USD")
    line = {"productId": "product_1", "quantity": 1}
    body = assert_error(api.post("/budgets", {"customerId": customer, "items": [line]}), 422, "validation_error")
    assert body["details"] == {"items[0].productId": "is priced in USD, the budget is in EUR"}
    reply = api.post("/budgets", {"customerId": customer, "currency": "USD", "items": [line]})
    assert reply.json["data"]["currency"] == "USD"


def test_a_deleted_customer_gets_no_budget(api, customer):
    api.delete("/customers/customer_1")
    body = assert_error(api.post("/budgets", {"customerId": customer, "items": [WORK]}), 422, "validation_error")
    assert body["details"] == {"customerId": "must exist"}


def test_a_budget_stays_when_its_customer_is_deleted(api, budget):
    data = budget()
    assert put(api, data, status="REJECTED").status_code == 200
    assert api.delete("/customers/customer_1").status_code == 200
    data = api.get("/budgets/budget_1").json["data"]
    assert data["customer"]["name"] == "Ada"
    assert put(api, data, notes="still here").status_code == 200


def test_only_what_is_sent_changes(api, budget):
    before = budget(notes="one", metadata={"a": "b"})
    after = put(api, before, notes="two").json["data"]
    assert {name for name in before if before[name] != after[name]} <= {"notes", "updatedAt"}
    assert after["notes"] == "two"
    assert put(api, before, notes=None).json["data"]["notes"] is None


def test_an_empty_change_changes_nothing(api, budget):
    before = budget()
    reply = put(api, before)
    assert (reply.json["data"], reply.headers["ETag"]) == (before, '"1"')


def test_items_are_replaced_as_a_whole(api, budget):
    data = budget(items=[WORK, {**WORK, "description": "More", "tax": 5}])
    after = put(api, data, items=[{"description": "Only", "quantity": 3, "unitPrice": 2.5}]).json["data"]
    assert [(one["description"], one["total"]) for one in after["items"]] == [("Only", 7.5)]
    assert (after["subtotal"], after["tax"], after["total"]) == (7.5, 0.0, 7.5)


def test_an_item_id_is_never_given_twice(api, budget):
    data = budget()
    ids = [data["items"][0]["id"]] + [put(api, data, items=[WORK]).json["data"]["items"][0]["id"] for _ in range(3)]
    assert len(set(ids)) == 4


def test_header_amounts_change_alone(api, budget):
    data = budget(tax=10, discount=5)
    assert data["total"] == 105.0
    after = put(api, data, discount=20).json["data"]
    assert (after["discount"], after["tax"], after["total"]) == (20.0, 10.0, 90.0)
    after = put(api, data, tax=None).json["data"]
    assert (after["discount"], after["tax"], after["total"]) == (20.0, 0.0, 80.0)


def test_another_currency_needs_the_items_again(api, budget):
    data = budget()
    body = assert_error(put(api, data, currency="JPY"), 422, "validation_error")
    assert body["details"] == {"items": "must be sent again when the currency changes"}
    after = put(api, data, currency="JPY", items=[WORK]).json["data"]
    assert (after["currency"], after["total"]) == ("JPY", 100.0)
    assert put(api, after, currency="JPY", notes="same currency again").status_code == 200


def test_header_amounts_of_the_old_currency_do_not_turn_into_others(api, budget):
    data = budget(tax=10, discount=5)
    words = "must be sent again when the currency changes"
    body = assert_error(put(api, data, currency="JPY", items=[WORK]), 422, "validation_error")
    assert body["details"] == {"tax": words, "discount": words}
    after = put(api, data, currency="JPY", items=[WORK], tax=7, discount=None).json["data"]
    assert (after["tax"], after["discount"], after["total"]) == (7.0, 0.0, 107.0)


def test_a_refused_change_changes_nothing(api, budget):
    before = budget()
    reply = put(api, before, notes="changed", items=[WORK, {**WORK, "quantity": 0}])
    assert assert_error(reply, 422, "validation_error")["details"].keys() == {"items[1].quantity"}
    assert put(api, before, notes="changed", discount=1000).status_code == 422
    assert put(api, before, notes="changed", status="EXPIRED").status_code == 409
    assert api.get("/budgets/budget_1").json["data"] == before


@pytest.mark.parametrize(("start", "wanted", "allowed"), [
    ("PENDING", "PENDING", True), ("PENDING", "APPROVED", True), ("PENDING", "REJECTED", True),
    ("PENDING", "EXPIRED", False), ("APPROVED", "PENDING", False), ("APPROVED", "APPROVED", True),
    ("APPROVED", "REJECTED", False), ("APPROVED", "EXPIRED", False), ("REJECTED", "PENDING", True),
    ("REJECTED", "APPROVED", False), ("REJECTED", "REJECTED", True), ("REJECTED", "EXPIRED", False),
    ("EXPIRED", "PENDING", False), ("EXPIRED", "APPROVED", False), ("EXPIRED", "REJECTED", False),
    ("EXPIRED", "EXPIRED", True),
])
def test_a_status_changes_only_in_the_allowed_steps(api, budget, start, wanted, allowed):
    data = budget(validUntil=iso(datetime.now(UTC) + SOON))
    later = datetime.now(UTC) + (SOON * 2 if start == "EXPIRED" else timedelta())
    with time_machine.travel(later):
        if start not in ("PENDING", "EXPIRED"):
            assert put(api, data, status=start).status_code == 200
        assert api.get("/budgets/budget_1").json["data"]["status"] == start
        reply = put(api, data, status=wanted)
        if allowed:
            assert reply.json["data"]["status"] == wanted
        elif (start, wanted) == ("EXPIRED", "PENDING"):
            body = assert_error(reply, 422, "validation_error")
            assert body["details"] == {"validUntil": "must be in the future to reopen the budget"}
        else:
            assert_error(reply, 409, "conflict", {"status": f"{start} -> {wanted} is not allowed"})


def test_approving_notes_when_and_by_whom(api, budget):
    with time_machine.travel(datetime(2026, 5, 1, 10, tzinfo=UTC), tick=False):
        data = put(api, budget(), status="APPROVED").json["data"]
    assert (data["approvedAt"], data["approvedBy"]) == ("2026-05-01T10:00:00Z", "api_key_1")


@pytest.mark.parametrize("changes", [
    {"items": [WORK]}, {"tax": 1}, {"discount": 1}, {"currency": "USD", "items": [WORK]}, {"validUntil": "2199-01-01"},
    {"customerId": "customer_2"},
])
@pytest.mark.parametrize("status", ["APPROVED", "REJECTED"])
def test_a_settled_budget_keeps_its_amounts(api, budget, status, changes):
    data = budget()
    put(api, data, status=status)
    body = assert_error(put(api, data, **changes), 409, "conflict", {"status": status})
    assert body["message"] == f"Budget is {status} and can no longer be changed"
    assert put(api, data, notes="noted", metadata={"a": "b"}).json["data"]["notes"] == "noted"


def test_the_lines_do_not_change_in_the_call_that_approves(api, budget):
    data = budget()
    assert_error(put(api, data, status="APPROVED", items=[{**WORK, "unitPrice": 1}]), 409, "conflict")
    assert api.get("/budgets/budget_1").json["data"] == data


def test_an_expired_budget_reads_filters_and_counts_as_expired_before_any_job_ran(api, budget):
    data = budget(validUntil=iso(datetime.now(UTC) + SOON))
    assert api.get("/budgets?status=PENDING").json["pagination"]["total"] == 1
    with time_machine.travel(datetime.now(UTC) + SOON * 2):
        assert api.get("/budgets/budget_1").json["data"]["status"] == "EXPIRED"
        assert api.get("/budgets?status=EXPIRED").json["pagination"]["total"] == 1
        assert api.get("/budgets?status=PENDING").json["pagination"]["total"] == 0
        late = put(api, data, status="APPROVED")
        assert_error(late, 409, "conflict", {"status": "EXPIRED -> APPROVED is not allowed"})
        assert_error(put(api, data, items=[WORK]), 409, "conflict", {"status": "EXPIRED"})
        with transaction():
            assert budgets.expire_due() == 1
        assert api.get("/budgets/budget_1").json["data"]["status"] == "EXPIRED"
        with transaction():
            assert budgets.expire_due() == 0


def test_reopening_takes_a_new_date_and_new_lines_at_once(api, budget):
    data = budget(validUntil=iso(datetime.now(UTC) + SOON))
    with time_machine.travel(datetime.now(UTC) + SOON * 2):
        reply = put(api, data, status="PENDING", validUntil="2199-01-01T00:00:00Z", items=[{**WORK, "quantity": 2}])
        assert (reply.json["data"]["status"], reply.json["data"]["total"]) == ("PENDING", 200.0)
        assert reply.json["data"]["validUntil"] == "2199-01-01T00:00:00Z"


def test_a_date_that_is_taken_away_leaves_a_budget_open(api, budget):
    data = put(api, budget(), validUntil=None).json["data"]
    assert data["validUntil"] is None
    with time_machine.travel(datetime.now(UTC) + timedelta(days=9999)):
        assert api.get("/budgets/budget_1").json["data"]["status"] == "PENDING"


def test_an_approved_budget_cannot_be_deleted(api, budget):
    data = budget()
    put(api, data, status="APPROVED")
    assert_error(api.delete("/budgets/budget_1"), 409, "conflict", {"status": "APPROVED"})
    assert api.get("/budgets/budget_1").status_code == 200


@pytest.mark.parametrize("status", ["PENDING", "REJECTED"])
def test_other_budgets_are_deleted_once_and_found_no_more(api, budget, status):
    data = budget()
    put(api, data, status=status)
    assert api.delete("/budgets/budget_1").json["data"] == {"id": "budget_1", "deleted": True}
    for reply in (api.get("/budgets/budget_1"), api.delete("/budgets/budget_1"), put(api, data, notes="x")):
        assert_error(reply, 404, "not_found", {})
    assert budget()["id"] == "budget_2"


@pytest.mark.parametrize("key", [
    "budget_", "budget_0", "budget_01", "budget_-1", "budget_1x", "budget_1 ", "1", "customer_1", "Budget_1",
    "budget_+1", "budget_1.0", "budget_99999999999999999999", "budget_9223372036854775808", "budget_%D9%A1",
    "budget_1%00", "%00", "'", "budget_1;drop", "budget_1%0a", "undefined", "..", "%2e%2e",
])
def test_an_id_that_is_none_is_404(api, budget, key):
    budget()
    for method in ("GET", "PUT", "DELETE"):
        assert_error(api(method, f"/budgets/{key}", json={} if method == "PUT" else None), 404, "not_found", {})

"""Live and test keys of one merchant. That neither reaches rows of the other world: ../test_between_worlds.py."""

import pytest

from domain.people import customers
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error


@pytest.fixture
def sandbox(app, alder):
    """Alder's program with a test key."""
    return Caller(app, cast.make_key(alder, mode="test")[1])


NOUNS = {
    "customers": {"name": "Ada", "email": "ada@alder.example"},
    "products": {"name": "Lamp", "price": 10, "sku": "L-1"},
}


@pytest.mark.parametrize("noun", NOUNS)
def test_what_is_unique_is_unique_within_a_world(api, sandbox, noun):
    assert api.post(f"/{noun}", NOUNS[noun]).status_code == 201
    assert sandbox.post(f"/{noun}", NOUNS[noun]).status_code == 201
    for one in (api, sandbox):
        assert one.post(f"/{noun}", NOUNS[noun]).status_code == 409


@pytest.mark.parametrize("turned", [False, True], ids=["live to test", "test to live"])
def test_a_budget_cannot_name_rows_of_the_other_world(api, sandbox, turned):
    mine, other = (sandbox, api) if turned else (api, sandbox)
    customer = other.post("/customers", {"name": "Ada"}).json["data"]["id"]
    product = other.post("/products", {"name": "Lamp", "price": 5}).json["data"]["id"]
    own = mine.post("/customers", {"name": "Grace"}).json["data"]["id"]
    line = {"description": "Work", "quantity": 1, "unitPrice": 5}
    refused = mine.post("/budgets", {"customerId": customer, "items": [line]})
    assert refused.status_code == 422
    assert assert_error(refused, 422, "validation_error")["details"] == {"customerId": "must exist"}
    refused = mine.post("/budgets", {"customerId": own, "items": [{"productId": product, "quantity": 1}]})
    assert refused.status_code == 422
    assert assert_error(refused, 422, "validation_error")["details"] == {"items[0].productId": "must exist"}
    budget = mine.post("/budgets", {"customerId": own, "items": [line]}).json["data"]["id"]
    assert mine.put(f"/budgets/{budget}", {"customerId": customer}).status_code == 422
    assert other.get(f"/budgets/{budget}").status_code == 404
    assert other.get(f"/budgets?customerId={own}").json["data"] == []
    assert other.get("/budgets").json["pagination"]["total"] == 0


def test_an_idempotency_key_counts_within_a_world(api, sandbox):
    token = {"Idempotency-Key": "same"}
    first = api.post("/customers", {"name": "Ada"}, headers=token)
    second = sandbox.post("/customers", {"name": "Ada"}, headers=token)
    assert first.status_code == second.status_code == 201
    assert second.json["data"]["id"] != first.json["data"]["id"]
    again = sandbox.post("/customers", {"name": "Ada"}, headers=token)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json["data"]["id"] == second.json["data"]["id"]


def test_a_row_of_the_other_world_is_as_absent_as_none(api, alder):
    key = cast.make_customer(alder, actor=cast.actor_for(alder).in_world(test=True))
    live = cast.actor_for(alder)
    assert type(customers.LISTING.absent(live, key)) is type(customers.LISTING.absent(live, 999))
    assert api.get(f"/customers/customer_{key}").status_code == 404

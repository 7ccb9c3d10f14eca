"""By REST and JSON-RPC: a user's live token and test token reach rows of their own worlds only."""

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from models.credential import Credential
from models.user import User
from tests import cast
from tests.api.core.conftest import Program
from tests.references import REFERENCES, made_for

NOUNS = ("clients", "products", "budgets", "webhooks")


@pytest.fixture
def worlds(app, alder):
    """One user's programs: with the live token, and with the test token."""
    user = cast.make_user("both@alder.example", role="admin_user", merchant_ids=[alder])
    with transaction():
        row = db.session.get(User, user)
        return [Program(app, tokens.reveal(Actor.system(), row, test=test)) for test in (False, True)]


def body(noun, alder, actor):
    line = {"description": "Work", "quantity": 2, "unit_price": 5}
    return {
        "clients": {"companies_id": alder, "name": "Ada", "currencies_id": 978},
        "products": {"companies_id": alder, "name": "Lamp", "price": 5},
        "budgets": {"companies_id": alder, "clients_id": cast.make_customer(alder, actor=actor), "items": [line]},
        "webhooks": {"companies_id": alder, "url": "https://hooks.example.com/a"},
    }[noun]


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize("turned", [False, True], ids=["live to test", "test to live"])
def test_a_row_of_the_other_world_is_not_there(worlds, alder, noun, turned):
    mine, other = reversed(worlds) if turned else worlds
    key = mine.result(f"{noun}.create", body(noun, alder, cast.actor_for(alder).in_world(test=turned)))["id"]
    shown = mine.result(f"{noun}.get", {"id": key})
    for verb in ("get", "update", "archive", "delete"):
        assert other.error(f"{noun}.{verb}", {"id": key})["code"] == -32001
    assert other.result(f"{noun}.search", {"id": [key]}) == []
    assert other.get(f"/{noun}/{key}").status_code == 404
    assert other("DELETE", f"/{noun}/{key}").status_code == 404
    assert other.get(f"/{noun}?id[]={key}").json == []
    assert mine.result(f"{noun}.get", {"id": key}) == shown


@pytest.mark.parametrize("turned", [False, True], ids=["live", "test"])
@pytest.mark.parametrize("path", [path for noun, path in REFERENCES if noun == "products"])
def test_a_row_of_the_other_world_cannot_be_named(worlds, alder, path, turned):
    actor = cast.actor_for(alder).in_world(test=turned)
    words = {"group_id": "groups_id", "tax_id": "taxes_id", "discount_id": "discounts_id", "fee_id": "fees_id"}
    other, own = made_for(path, actor.in_world(test=not turned)), made_for(path, actor)
    given = {"companies_id": alder, "name": "Lamp", "price": 5}
    refused = worlds[turned].error("products.create", given | {words[path]: other})
    assert refused["data"] == {words[path]: "Must exist"}
    assert worlds[turned].result("products.create", given | {words[path]: own})[words[path]] == own


def test_the_log_says_the_world_of_a_token(worlds, records):
    for one in worlds:
        one.get("/clients")
    assert [record["mode"] for record in records[-2:]] == ["live", "test"]


def test_a_test_token_sees_and_makes_test_keys_only(worlds, alder):
    live, test = worlds
    made = {mode: live.result("api_keys.create", {"companies_id": alder, "name": mode, "mode": mode})["id"]
            for mode in ("live", "test")}
    assert [row["id"] for row in test.result("api_keys.search")] == [made["test"]]
    assert test.error("api_keys.get", {"id": made["live"]})["code"] == -32001
    assert "mode" in test.error("api_keys.create", {"companies_id": alder, "name": "Mine", "mode": "live"})["data"]
    assert test.result("api_keys.create", {"companies_id": alder, "name": "Mine"})["mode"] == "test"


def test_a_product_is_copied_by_a_program(worlds, alder):
    live, test = worlds
    key = live.result("products.create", {"companies_id": alder, "name": "Lamp", "price": 5, "sku": "L-1"})["id"]
    assert live.result("products.copy_to_test", {"id": key}) == 1
    (copy,) = test.result("products.search", {"sku": "L-1"})
    assert copy["name"] == "Lamp"
    assert test.error("products.copy_to_test", {"id": copy["id"]})["code"] == -32002
    assert live.error("products.copy_to_test", {"id": key})["code"] == -32002


def test_users_of_before_get_their_test_token_when_it_is_first_asked_for(alder):
    user = cast.make_user("old@alder.example", merchant_ids=[alder])
    with transaction():
        db.session.query(Credential).filter_by(user_id=user, mode="test").delete()
    with transaction():
        row = db.session.get(User, user)
        assert tokens.reveal(Actor.system(), row, test=True) != tokens.reveal(Actor.system(), row)
        tokens.revoke(Actor.system(), row, test=True)
        assert not tokens.may_be_shown(user, test=True)

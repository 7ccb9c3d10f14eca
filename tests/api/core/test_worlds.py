"""A user's live token and test token. That neither reaches rows of the other world: ../test_between_worlds.py."""

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from models.credential import Credential
from models.user import User
from tests import cast
from tests.api.core.conftest import Program


@pytest.fixture
def worlds(app, alder):
    """One user's programs: with the live token, and with the test token."""
    user = cast.make_user("both@alder.example", role="admin_user", merchant_ids=[alder])
    with transaction():
        row = db.session.get(User, user)
        return [Program(app, tokens.reveal(Actor.system(), row, test=test)) for test in (False, True)]


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

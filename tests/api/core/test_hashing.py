"""Passwords and keys are hashed before the transaction, and only for callers who may write."""

import pytest

from database import db, transaction
from domain.actor import Actor
from domain.errors import Invalid
from domain.people import users
from domain.people.logins import user_passwords
from models.user import User
from tests import cast

NEW = {"email": "new@alder.example", "password": cast.PASSWORD, "role": "normal_user"}


@pytest.fixture
def calls(core, alder, ada, hashings):
    """What hashes: method and path of REST, the method of JSON-RPC, its parameters, and how it hashes."""
    hashings.clear()                     # making the callers hashed too
    user = NEW | {"companies_ids": [alder]}
    return {
        "user": ("POST", "/iam/users", "users.create", user, "hash_of"),
        "password": ("PATCH", f"/iam/users/{ada}", "users.update", {"id": ada, "password": "one more long password"},
                     "hash_of"),
        "key": ("POST", "/iam/api-keys", "api_keys.create", {"companies_id": alder, "name": "Shop"}, "hashpw"),
    }


@pytest.mark.parametrize("name", ["user", "password", "key"])
def test_what_is_hashed_is_hashed_once_and_before_the_transaction(core, calls, hashings, name):
    method, path, rpc, given, how = calls[name]
    core.result(rpc, given)
    assert hashings == [how]
    if name == "user":
        given = given | {"email": "other@alder.example"}
    assert core(method, path, json=given).status_code == 200
    assert hashings == [how, how]


@pytest.mark.parametrize("name", ["user", "password", "key"])
def test_nothing_is_hashed_for_whom_may_not_write(program, alder, calls, hashings, name):
    method, path, rpc, given, _ = calls[name]
    reader = program("reader@alder.example", role="restricted_user", merchant_ids=[alder])
    hashings.clear()
    assert reader.error(rpc, given)["data"]["code"] == "insufficient_scope"
    assert reader(method, path, json=given).status_code == 403
    assert hashings == []


@pytest.mark.parametrize(("name", "more", "wrong"), [
    ("user", {"tz": "Mars/Phobos"}, "tz"), ("user", {"email": None}, "email"),
    ("password", {"tz": "Mars/Phobos"}, "tz"), ("key", {"scopes": ["EVERYTHING"]}, "scopes"),
    ("key", {"expires_dt": "2001-01-01T00:00:00Z"}, "expires_dt"), ("key", {"companies_id": 987654}, "companies_id"),
])
def test_nothing_is_hashed_for_what_is_wrong(core, calls, hashings, name, more, wrong):
    _, _, rpc, given, _ = calls[name]
    assert list(core.error(rpc, given | more)["data"]) == [wrong]
    assert hashings == []


def test_nothing_is_hashed_for_a_row_of_another_merchant(program, birch, ada, hashings):
    stranger = program("ben@birch.example", role="admin_user", merchant_ids=[birch])
    hashings.clear()
    given = {"password": "one more long password"}
    assert stranger.error("users.update", {"id": ada} | given)["code"] == -32001
    assert stranger("PATCH", f"/iam/users/{ada}", json=given).status_code == 404
    assert hashings == []


def test_a_password_that_was_replaced_meanwhile_proves_nothing(ada):
    mine = user_passwords.hashed_own(db.session.get(User, ada), cast.PASSWORD, "my own new password")
    theirs = users.hashed_changes(Actor.operator(), {"password": "what the admin chose"})
    with transaction():
        users.update(Actor.operator(), db.session.get(User, ada), theirs)
    with pytest.raises(Invalid), transaction():
        user_passwords.change_own(Actor.operator(), db.session.get(User, ada), mine)
    assert user_passwords.verified("ada@alder.example", "what the admin chose").user.id == ada


def test_a_password_in_clear_is_not_taken_for_a_change(ada):
    with pytest.raises(TypeError), transaction():
        users.update(Actor.operator(), db.session.get(User, ada), {"password": "one more long password"})

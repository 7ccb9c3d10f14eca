"""Callers of the Merchant API."""

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from models.user import User
from tests import cast


def token_of(user_id, *, test=False):
    with transaction():
        return tokens.reveal(Actor.system(), db.session.get(User, user_id), test=test)


class Shop:
    """A merchant's program with a user's token."""

    def __init__(self, app, token, profile=None):
        self.client, self.token, self.profile = app.test_client(), token, profile

    def __call__(self, method, path, json=None, headers=None, **more):
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if self.profile is not None:
            path += f"{'&' if '?' in path else '?'}profile_id={self.profile}"
        return cast.each_header_once(
            self.client.open("/api/v1" + path, method=method, json=json, headers=headers, **more))

    def get(self, path, **more):
        return self("GET", path, **more)

    def post(self, path, json=None, **more):
        return self("POST", path, json=json, **more)

    def put(self, path, json=None, **more):
        return self("PUT", path, json=json, **more)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def birch():
    return cast.make_merchant("Birch", "USD")


@pytest.fixture
def shop_of(app):
    """A function that makes a user with API access, and his program."""

    def make(*merchants, role="admin_user", test=False, profile=None, **more):
        more = {"api_access": True, "email": f"shop{len(merchants)}-{role}@example.org"} | more
        user = cast.make_user(more.pop("email"), role, merchant_ids=list(merchants), **more)
        return Shop(app, token_of(user, test=test), profile)

    return make


@pytest.fixture
def shop(shop_of, alder):
    """Alder's program: an admin with this merchant alone."""
    return shop_of(alder)

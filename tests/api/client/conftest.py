"""Callers of the Client API."""

import pytest

from database import db, transaction
from domain.access import customer_tokens
from domain.actor import Actor
from models.customer import Customer
from tests import cast


def token_of(customer_id):
    with transaction():
        return customer_tokens.issue(Actor.system(), db.session.get(Customer, customer_id))


class ClientProgram:
    """A customer's program with a token."""

    def __init__(self, app, token, address="127.0.0.1"):
        self.client, self.token, self.address = app.test_client(), token, address

    def __call__(self, method, path, json=None, headers=None, **more):
        headers = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        return cast.each_header_once(self.client.open(
            "/api/v1" + path, method=method, json=json, headers=headers,
            environ_base={"REMOTE_ADDR": self.address}, **more))

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
def ada(alder):
    return cast.make_customer(
        alder, "Ada Lovelace", email="ada@example.org", phone="+44 20 7946 0000", organisation="Analytical Engines",
        billing_address={"street": "12 St James's Square", "city": "London", "country": "GB"},
    )


@pytest.fixture
def program(app, ada):
    """Ada's program."""
    return ClientProgram(app, token_of(ada))


@pytest.fixture
def stranger(app):
    """A program without a token."""
    return ClientProgram(app, None)

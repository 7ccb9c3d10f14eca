"""Callers of the Core API."""

import re

import pytest

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from models.user import User
from tests import cast

LOGIN = "iam.auth.jwt.authenticate"


class Program:
    """A client with a user's token."""

    def __init__(self, app, token):
        self.client, self.token = app.test_client(), token

    def __call__(self, method, path, json=None, headers=None, **more):
        headers = {"X-Api-Key": self.token, **(headers or {})}
        return cast.each_header_once(self.client.open(path, method=method, json=json, headers=headers, **more))

    def get(self, path, **more):
        return self("GET", path, **more)

    def rpc(self, method, params=None, key=1):
        """The whole response document of one call."""
        document = {"jsonrpc": "2.0", "method": method, "id": key}
        if params is not None:
            document["params"] = params
        return self("POST", "/", json=document).json

    def result(self, method, params=None):
        answer = self.rpc(method, params)
        assert "result" in answer, answer
        return answer["result"]

    def error(self, method, params=None):
        answer = self.rpc(method, params)
        assert "error" in answer, answer
        return answer["error"]


def token_of(user_id):
    with transaction():
        return tokens.reveal(Actor.system(), db.session.get(User, user_id))


@pytest.fixture
def program(app):
    """A function that makes a user and a program of the user."""

    def make(email="core@alder.example", **more):
        return Program(app, token_of(cast.make_user(email, **more)))

    return make


@pytest.fixture
def core(program, alder):
    """The operator's program: an admin with all merchants."""
    return program("ops@example.org", role="admin_user", all_merchants=True)


@pytest.fixture
def ada(alder):
    """A user of Alder; the id."""
    return cast.make_user("ada@alder.example", merchant_ids=[alder])


@pytest.fixture
def caller(app, ada):
    return Program(app, token_of(ada))


@pytest.fixture
def login(app, ada):
    """A function that signs in over JSON-RPC; the whole answer."""
    def run(password=cast.PASSWORD, name="ada@alder.example"):
        params = {"login": name, "password": password}
        return app.test_client().post("/", json={"jsonrpc": "2.0", "method": LOGIN, "params": params, "id": 1})

    return run


@pytest.fixture
def bearer(app):
    """A function that asks for a client with a JSON Web Token, in both protocols."""
    def run(token):
        headers = {"Authorization": f"Bearer {token}"}
        client = app.test_client()
        rpc = client.post("/", json={"jsonrpc": "2.0", "method": "clients.search", "id": 7}, headers=headers)
        return rpc, client.get("/clients", headers=headers)

    return run


def sign_in(browser, email):
    """Sign in by the form that people use; the answer."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', browser.get("/login").text)[1]
    return browser.post("/login", data={"email": email, "password": cast.PASSWORD, "csrf_token": token})

"""Fixtures of the pages' tests: visitors with a cookie jar, who send each form with its CSRF token."""

import re

import pytest
from flask import g

from tests import cast

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Visitor:
    """A browser without JavaScript."""

    def __init__(self, app, **environment):
        self.client = app.test_client()
        self.environment = environment
        self.token = None

    def open(self, method, path, **more):
        # The tests share one application context; a real request has one of its own.
        for name in list(g):
            g.pop(name)
        more.setdefault("environ_base", self.environment)
        reply = self.client.open(path, method=method, buffered=True, **more)
        found = TOKEN.search(reply.text) if reply.mimetype == "text/html" else None
        self.token = found[1] if found else self.token
        return reply

    def get(self, path, **more):
        return self.open("GET", path, **more)

    def post(self, path, data=None, **more):
        if self.token is None:
            self.get("/login")
        return self.open("POST", path, data={"csrf_token": self.token} | (data or {}), **more)

    def part(self, path, **headers):
        """What htmx gets."""
        return self.get(path, headers={"HX-Request": "true", "HX-Request-Type": "partial", **headers})

    def sign_in(self, email, password=cast.PASSWORD, **more):
        self.get("/login")
        return self.post("/login", {"email": email, "password": password, **more})


@pytest.fixture
def visitor(app):
    """Makes a stranger with an empty cookie jar."""
    return lambda **environment: Visitor(app, **environment)


@pytest.fixture
def signed_in(app, visitor):
    """Signs a new user in: signed_in("normal_user", merchants)."""
    def make(role="admin_user", merchants=(), *, everything=False, email=None):
        email = email or f"{role}@alder.example"
        cast.make_user(email, role, merchants, all_merchants=everything)
        one = visitor()
        assert one.sign_in(email).status_code == 303
        one.get("/admin/account")
        return one

    return make


@pytest.fixture
def admin(signed_in, alder):
    """An administrator of Alder alone."""
    return signed_in("admin_user", [alder])


@pytest.fixture
def ops(signed_in, alder, birch):
    """The operator: all merchants."""
    return signed_in("admin_user", everything=True, email="ops@example.com")

"""Callers of the Public API."""

import pytest

from tests import cast


class Caller:
    """A client with a key."""

    def __init__(self, app, key, prefix="/v1/api/public"):
        self.client, self.key, self.prefix = app.test_client(), key, prefix

    def __call__(self, method, path, json=None, headers=None, **more):
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        return self.client.open(self.prefix + path, method=method, json=json, headers=headers, **more)

    def get(self, path, **more):
        return self("GET", path, **more)

    def post(self, path, json=None, **more):
        return self("POST", path, json=json, **more)

    def put(self, path, json=None, **more):
        return self("PUT", path, json=json, **more)

    def delete(self, path, **more):
        return self("DELETE", path, **more)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def birch():
    return cast.make_merchant("Birch", "USD")


@pytest.fixture
def api(app, alder):
    """Alder's program, with every scope."""
    return Caller(app, cast.make_key(alder)[1])


@pytest.fixture
def rival(app, birch):
    """Birch's program, with every scope."""
    return Caller(app, cast.make_key(birch)[1])


@pytest.fixture
def caller(app):
    """A function that makes a caller for a merchant."""
    return lambda merchant_id, **more: Caller(app, cast.make_key(merchant_id, **more)[1])

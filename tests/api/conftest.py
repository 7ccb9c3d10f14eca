"""Callers of the Public API."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from blueprints.api.rate_limits import rate_limits
from database import db
from domain.access.key_access import verified_hashes
from tests import cast


class Caller:
    """A client with a key."""

    def __init__(self, app, key, prefix="/v1/api/public"):
        self.client, self.key, self.prefix = app.test_client(), key, prefix

    def __call__(self, method, path, json=None, headers=None, **more):
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        reply = self.client.open(self.prefix + path, method=method, json=json, headers=headers, **more)
        return cast.each_header_once(reply)

    def get(self, path, **more):
        return self("GET", path, **more)

    def post(self, path, json=None, **more):
        return self("POST", path, json=json, **more)

    def put(self, path, json=None, **more):
        return self("PUT", path, json=json, **more)

    def delete(self, path, **more):
        return self("DELETE", path, **more)


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


@pytest.fixture
def crew(workshop):
    """A function that lets many callers of one key begin at the same moment; their answers in order."""
    with workshop.app_context():
        rate_limits.forget()
        verified_hashes.forget()
        merchant = cast.make_merchant()
        key = cast.make_key(merchant)[1]
        db.session.remove()

    def run(count, work):
        start = threading.Barrier(count)

        def one(number):
            caller = Caller(workshop, key)
            start.wait()
            return work(caller, number)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    run.merchant, run.api = merchant, Caller(workshop, key)
    return run

"""Fixtures of the analytics pages' tests: users, and stored requests."""

from datetime import timedelta

import pytest

from analytics.log.drain import catch_up
from analytics.log.spool import Spool
from blueprints.services import settings
from domain import clock
from tests.admin.conftest import (  # noqa: F401 - users of the dashboard
    admin,
    ops,
    signed_in,
    visitor,
)
from tests.conftest import context  # noqa: F401 - the databases of all pages, not the request log alone

ENDPOINT = "/v1/api/public/customers"


@pytest.fixture
def stored(app):
    """Notes many records at once: stored(records)."""
    def make(records):
        spool = Spool(settings().spool)
        for each in records:
            assert spool.append(each)
        spool.close()
        assert catch_up(settings().spool, within=10)        # another process of the test may be draining

    return make


@pytest.fixture
def traffic(app, stored):
    """Notes requests: traffic(merchant, status=404, ago=minutes)."""
    def make(merchant_id, *, ago=1, **changes):
        at = clock.now() - timedelta(minutes=ago)
        status = changes.get("status", 200)
        record = {
            "at_us": int(at.timestamp() * 1e6), "duration_us": 12_000, "contract": "public",
            "operation": "customers.list", "method": "GET", "endpoint": ENDPOINT, "path": ENDPOINT, "query": "",
            "status": status, "error_code": "not_found" if status >= 400 else None, "request_bytes": 0,
            "response_bytes": 100, "ip": "192.0.2.1", "user_agent": "curl/8", "request_id": f"req-{merchant_id}",
            "key_id": None, "merchant_id": merchant_id, "idempotent": False, "source": "api", "mode": "live",
            **changes}
        stored([record])

    return make

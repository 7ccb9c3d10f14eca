"""Writes calls into the request log, by a key of their own, as if they had been made on their days."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from analytics.rollups import rollup
from bench.billing.agreements import START, Calls
from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.integrations import api_keys


def log(program: Any, calls: Iterable[Calls]) -> int:
    """The id of a new key of the test world, whose calls these are."""
    merchant = program.shop.merchant_id
    actor = Actor.operator().narrowed(merchant)
    with program.app.app_context():
        new = api_keys.fresh(actor, inputs.parse(api_keys.KeyInput, {"name": "Metered", "mode": "test"}))
        with transaction():
            key: int = api_keys.create(actor, new)[0].id
        with transaction("log") as session:
            batch = rollup.begin(session.connection(), db.engines["log"])
            for one in calls:
                for place in range(one.number):
                    batch.add(_record(one, place, merchant, key))
            rollup.store(session.connection(), batch)
        db.session.remove()
    return key


def _record(one: Calls, place: int, merchant: int, key: int) -> dict[str, Any]:
    moment = START + timedelta(minutes=one.minute, microseconds=place)
    return {
        "at_us": round(moment.timestamp() * 1_000_000), "duration_us": 900, "contract": "public",
        "operation": "customers.list", "method": "GET", "endpoint": "/v1/api/public/customers",
        "path": "/v1/api/public/customers", "query": "", "status": one.status, "error_code": None, "request_bytes": 0,
        "response_bytes": 512, "ip": "192.0.2.7", "user_agent": "bench", "request_id": secrets.token_hex(8),
        "key_id": key, "merchant_id": merchant, "user_id": None, "customer_id": None, "idempotent": False,
        "source": "api", "mode": "test",
    }

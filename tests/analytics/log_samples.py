"""A minimal application with a request log, and sample records as the API writes them."""

import secrets
from typing import Any

from flask import Flask
from sqlalchemy.pool import NullPool

from analytics import store  # noqa: F401 - declares the tables
from database import db, tune

NOW_US = 1_795_000_000_000_000          # 18 November 2026, some time in the afternoon


def log_app(log_url: str) -> Flask:
    """The least application in which the request log works."""
    app = Flask("log")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    app.config["SQLALCHEMY_BINDS"] = {"log": {"url": log_url, "poolclass": NullPool}}
    db.init_app(app)
    with app.app_context():
        tune(db.engines["log"], synchronous="NORMAL")
    return app


def record(at_us: int = NOW_US, **changes: Any) -> dict[str, Any]:
    """A request as the API notes it."""
    return {
        "at_us": at_us, "duration_us": 12_345, "contract": "public", "operation": "customers.list",
        "method": "GET", "endpoint": "/v1/api/public/customers", "path": "/v1/api/public/customers",
        "query": "limit=20", "status": 200, "error_code": None, "request_bytes": 0, "response_bytes": 512,
        "ip": "192.0.2.7", "user_agent": "curl/8.5.0", "request_id": secrets.token_hex(8), "key_id": 3,
        "merchant_id": 1, "user_id": None, "customer_id": None, "idempotent": False, "source": "api",
        "mode": "live", **changes,
    }

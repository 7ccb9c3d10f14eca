"""Connects an application's databases, for the whole application or for a single command."""

import json
from typing import Any

from flask import Flask

from config import Settings
from database import db, tune
from domain.vault import vault

POOL: dict[str, Any] = {
    "pool_size": 20, "max_overflow": 20, "pool_pre_ping": True, "pool_recycle": 1800, "pool_timeout": 2,
}


def connect(app: Flask, settings: Settings) -> None:
    """Connect both databases of the settings, and set the secrets that decrypt their values."""
    options = POOL if settings.database_url.startswith("postgresql") else {}
    if settings.database_url.startswith("sqlite") and ":memory:" not in settings.database_url:
        # Opening a file costs more than a read: every thread keeps a connection for reads and one for writes.
        options = {"pool_size": 40, "max_overflow": 40}
    log_options = POOL if settings.log_database_url.startswith("postgresql") else {}
    app.config.update(
        SETTINGS=settings,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=options | {"json_deserializer": document},
        SQLALCHEMY_BINDS={"log": {"url": settings.log_database_url, **log_options}},
    )
    db.init_app(app)
    with app.app_context():
        tune(db.engines[None], synchronous="FULL")
        tune(db.engines["log"], synchronous="NORMAL")
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)


def document(text: str) -> Any:
    """Parse a JSON column; most are empty, and checking that is cheaper than parsing."""
    return {} if text == "{}" else [] if text == "[]" else json.loads(text)

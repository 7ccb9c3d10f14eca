"""An installation of its own for each test."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask_migrate import upgrade
from installations import Installation, installations

from app import create_app
from config import Settings
from database import db
from domain.access.key_access import verified_hashes
from domain.vault import vault
from tests.conftest import make_settings
from tests.databases import name_of, new_database


@pytest.fixture
def empty(tmp_path: Path, settings: Settings) -> Iterator[Callable[..., Installation]]:
    """Makes installations without tables; each call one more."""
    verified_hashes.forget()               # keys of the installation before have the same numbers
    with installations(tmp_path) as make:
        yield make
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)     # as the other tests expect it


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A database of PostgreSQL as the migrations make it: to be copied."""
    with new_database() as url:
        app = create_app(make_settings(tmp_path_factory.mktemp("template"), DATABASE_URL=url))
        with app.app_context():
            upgrade()
            for engine in db.engines.values():
                engine.dispose()
        yield name_of(url)


@pytest.fixture
def fresh(
    empty: Callable[..., Installation], on_postgresql: bool, request: pytest.FixtureRequest
) -> Callable[[], Installation]:
    """Makes installations with their tables and nothing in them; each call one more."""
    if on_postgresql:
        return lambda: empty(template=request.getfixturevalue("template"))
    return lambda: empty(files=request.getfixturevalue("migrated"))


@pytest.fixture
def installation(fresh: Callable[[], Installation]) -> Installation:
    """One with its tables and nothing in them."""
    return fresh()


@pytest.fixture
def record() -> dict[str, Any]:
    """A request as the spool takes it."""
    return {
        "at_us": time.time_ns() // 1000, "duration_us": 1500, "contract": "public", "operation": "budgets.list",
        "method": "GET", "endpoint": "/v1/api/public/budgets", "path": "/v1/api/public/budgets", "query": "",
        "status": 200, "error_code": None, "source": "api", "mode": "live", "ip": "127.0.0.1", "user_agent": "t",
        "request_id": "req_1", "request_bytes": 0, "response_bytes": 10,
    }

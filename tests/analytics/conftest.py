"""A log database of its own for each test, on SQLite in a file and on PostgreSQL where it answers."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from analytics.log.spool import Spool
from database import db
from tests.analytics.log_samples import log_app
from tests.databases import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'requests.db'}"
        return
    with new_database() as url:                         # tests/plan.py leaves these out of a run without a server
        yield url


@pytest.fixture(autouse=True)
def context() -> None:
    """Replaces the fixture of all tests: the request log needs none of the other tables."""


@pytest.fixture
def log(log_url: str) -> Iterator[Flask]:
    """An empty request log, inside an application context."""
    app = log_app(log_url)
    with app.app_context():
        db.create_all(bind_key="log")
        yield app
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def spool(folder: Path) -> Iterator[Spool]:
    spool = Spool(folder)
    yield spool
    spool.close()

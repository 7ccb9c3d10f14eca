"""A log database of its own for each test, on SQLite in a file and on PostgreSQL where it answers."""

import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from analytics.log.spool import Spool
from database import db
from tests.analytics.log_samples import log_app

SERVER = os.environ.get("COUNTINGHOUSE_TEST_DATABASE_URL", "").replace("+psycopg", "", 1)

@pytest.fixture(scope="session")
def server() -> Any:
    """A connection to the PostgreSQL of this run, which may create databases."""
    with psycopg.connect(SERVER, autocommit=True, connect_timeout=10) as connection:
        yield connection


@pytest.fixture(params=["sqlite", "postgresql"])
def log_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'requests.db'}"
        return
    server = request.getfixturevalue("server")          # tests/plan.py leaves these out of a run without one
    name = f"analytics_{secrets.token_hex(6)}"
    server.execute(f"CREATE DATABASE {name}")
    yield SERVER.replace("postgresql://", "postgresql+psycopg://").rsplit("/", 1)[0] + f"/{name}"
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


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

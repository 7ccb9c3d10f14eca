"""An installation of its own for each test: a folder, databases in files (or PostgreSQL), commands."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from app import create_app
from config import Settings
from database import db

POSTGRESQL = os.environ.get("COUNTINGHOUSE_TEST_DATABASE_URL", "")


class Installation:
    """One installation as its operator has it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.app: Flask = create_app()
        self.settings: Settings = self.app.extensions["countinghouse"]

    def run(self, *words: str, status: int = 0) -> Any:
        """Run a command with --json; its one document."""
        result = self.app.test_cli_runner().invoke(args=[*words, "--json"])
        assert result.exit_code == status, result.output
        return json.loads(result.stdout)

    def upgrade(self) -> None:
        result = self.app.test_cli_runner().invoke(args=["db", "upgrade"])
        assert result.exit_code == 0, result.output

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Installation]]:
    """Makes installations without tables; each call one more."""
    for name in list(os.environ):
        if name.startswith("COUNTINGHOUSE_") and not name.startswith("COUNTINGHOUSE_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("COUNTINGHOUSE_BCRYPT_COST", "4")
    made: list[Installation] = []
    databases: list[str] = []

    def make() -> Installation:
        folder = tmp_path / f"instance{len(made)}"
        monkeypatch.setenv("COUNTINGHOUSE_INSTANCE", str(folder))
        if POSTGRESQL:
            databases.append(f"countinghouse_{secrets.token_hex(6)}")
            administer(f'CREATE DATABASE "{databases[-1]}"')
            monkeypatch.setenv("COUNTINGHOUSE_DATABASE_URL", address_of(databases[-1]))
        made.append(Installation(folder))
        return made[-1]

    yield make
    for each in made:
        each.close()
    for name in databases:
        administer(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def installation(empty: Callable[[], Installation]) -> Installation:
    """One with its tables and nothing in them."""
    ready = empty()
    ready.upgrade()
    return ready


def administer(words: str) -> None:
    with psycopg.connect(POSTGRESQL.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(words)


def address_of(name: str) -> str:
    """The test server's URL with another database."""
    before, slash, after = POSTGRESQL.rpartition("/")
    _, mark, query = after.partition("?")
    return before + slash + name + mark + query


@pytest.fixture
def record() -> dict[str, Any]:
    """A request as the spool takes it."""
    return {
        "at_us": 1_700_000_000_000_000, "duration_us": 1500, "contract": "public", "operation": "budgets.list",
        "method": "GET", "endpoint": "/v1/api/public/budgets", "path": "/v1/api/public/budgets", "query": "",
        "status": 200, "error_code": None, "source": "api", "mode": "live", "ip": "127.0.0.1", "user_agent": "t",
        "request_id": "req_1", "request_bytes": 0, "response_bytes": 10,
    }

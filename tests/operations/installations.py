"""Installations that tests make and remove: a folder, databases in files (or PostgreSQL), commands."""

import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask

from app import create_app
from blueprints.services import settings
from config import Settings
from database import db

POSTGRESQL = os.environ.get("COUNTINGHOUSE_TEST_DATABASE_URL", "")


class Installation:
    """One installation as its operator has it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.app: Flask = create_app()
        self.settings: Settings = settings(self.app)

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


@contextmanager
def installations(folder: Path) -> Iterator[Callable[..., Installation]]:
    """Makes installations, each with databases of its own, and removes them at the end.

    Without tables; or with those in the files of a folder, or in a template of PostgreSQL.
    """
    made: list[Installation] = []
    databases: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("COUNTINGHOUSE_") and not name.startswith("COUNTINGHOUSE_TEST_"):
                patch.delenv(name)
        patch.setenv("COUNTINGHOUSE_BCRYPT_COST", "4")

        def make(files: Path | None = None, template: str = "template1") -> Installation:
            place = folder / f"instance{len(made)}"
            if files is not None:
                place.mkdir(mode=0o700)
                for file in files.glob("*.db"):
                    shutil.copy(file, place)
            patch.setenv("COUNTINGHOUSE_INSTANCE", str(place))
            if POSTGRESQL:
                databases.append(f"countinghouse_{secrets.token_hex(6)}")
                administer(f'CREATE DATABASE "{databases[-1]}" TEMPLATE "{template}"')
                patch.setenv("COUNTINGHOUSE_DATABASE_URL", address_of(databases[-1]))
            made.append(Installation(place))
            return made[-1]

        try:
            yield make
        finally:
            for each in made:
                each.close()
            for name in databases:
                administer(f'DROP DATABASE "{name}" WITH (FORCE)')


def administer(words: str) -> None:
    with psycopg.connect(POSTGRESQL.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(words)


def address_of(name: str) -> str:
    """The test server's URL with another database."""
    before, slash, after = POSTGRESQL.rpartition("/")
    _, mark, query = after.partition("?")
    return before + slash + name + mark + query

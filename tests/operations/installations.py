"""Installations that tests make and remove: a folder, databases in files (or PostgreSQL), commands."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from app import create_app
from blueprints.services import settings
from config import Settings
from database import db
from tests.databases import ON_POSTGRESQL, new_database

READING = ("SELECT", "PRAGMA", "BEGIN", "WITH", "show ")


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

    Without tables; or with those in the files of a folder, or in a template of PostgreSQL; `whole` copies all that
    the folder has.
    """
    made: list[Installation] = []
    with ExitStack() as databases, pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name.startswith("COUNTINGHOUSE_") and not name.startswith("COUNTINGHOUSE_TEST_"):
                patch.delenv(name)
        patch.setenv("COUNTINGHOUSE_BCRYPT_COST", "4")

        def make(
            files: Path | None = None, template: str = "template1", whole: Path | None = None
        ) -> Installation:
            place = folder / f"instance{len(made)}"
            if whole is not None:
                shutil.copytree(whole, place)
            if files is not None:
                place.mkdir(mode=0o700)
                for file in files.glob("*.db"):
                    shutil.copy(file, place)
            patch.setenv("COUNTINGHOUSE_INSTANCE", str(place))
            if ON_POSTGRESQL:
                patch.setenv("COUNTINGHOUSE_DATABASE_URL", databases.enter_context(new_database(template)))
            made.append(Installation(place))
            return made[-1]

        try:
            yield make
        finally:
            for each in made:
                each.close()


def statements_of(installation: Installation, run: Callable[[], Any]) -> list[tuple[str, Any]]:
    """Every statement of a migration that writes: its database, and what identifies its transaction.

    On PostgreSQL that is the transaction's id. On SQLite it is how often somebody has committed, as another
    connection sees it: that is what a killed process would leave.
    """
    seen: list[tuple[str, Any]] = []
    with installation.app.app_context():
        watchers: list[tuple[Any, Any, Any]] = []
        for name, engine in db.engines.items():
            file = engine.url.database if engine.dialect.name == "sqlite" else None
            other = sqlite3.connect(file) if file else None

            def note(
                connection: Any, _: Any, words: str, *__: Any, bind: str = str(name), other: Any = other,
            ) -> None:
                driver = connection.connection.driver_connection
                if words.lstrip().startswith(READING):
                    return
                if other is not None:
                    assert driver.in_transaction, words
                    seen.append((bind, other.execute("PRAGMA data_version").fetchone()[0]))
                    return
                with driver.cursor() as cursor:
                    seen.append((bind, cursor.execute("SELECT pg_current_xact_id()::text").fetchone()[0]))

            event.listen(engine, "before_cursor_execute", note)
            watchers.append((engine, note, other))
        try:
            run()
        finally:
            for engine, note, other in watchers:
                event.remove(engine, "before_cursor_execute", note)
                if other is not None:
                    other.close()
    return seen


def assert_one_transaction_each(seen: list[tuple[str, Any]]) -> None:
    """Nothing of a database was committed before all of it was."""
    assert len({bind for bind, _ in seen}) == 2
    assert len(set(seen)) == 2, sorted(set(seen))

"""The migrations: up and down, equal to the models, safe to kill at any statement."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from installations import READING, assert_one_transaction_each, statements_of
from sqlalchemy import event, inspect

from config import command_line
from database import db
from models import all_tables
from operations import revisions

pytestmark = pytest.mark.files


def tables(installation: Any) -> set[str]:
    with installation.app.app_context():
        return {name for engine in db.engines.values() for name in inspect(engine).get_table_names()}


def test_the_migrations_make_what_the_models_say(installation: Any) -> None:
    result = installation.app.test_cli_runner().invoke(args=["db", "check"])
    place = "migrations/versions/: write the revision that makes what the models say"
    assert result.exit_code == 0, f"{place}: {result.exception or result.output}"


def test_texts_that_are_searched_by_an_index_of_words_have_it(installation: Any) -> None:
    """SQLite's is a table with triggers, of which `db check` knows nothing."""
    searched = {kind.__table__.name for kind in all_tables.CLASSES.values() if hasattr(kind, "__table__")
                and any(column.info.get("indexed") for column in kind.__table__.columns)}
    with installation.app.app_context():
        found = inspect(db.engine)
        on_sqlite = db.engine.dialect.name == "sqlite"
        names = {table: {str(one["name"]) for one in found.get_indexes(table)} for table in searched}
    missing = [
        table for table in sorted(searched)
        if (f"{table}_words" not in tables(installation) if on_sqlite
            else f"ix_{table}_search_text_trigrams" not in names[table])
    ]
    assert missing == [], (
        f"migrations/versions/: make the index of words of {missing}, for both databases, as 0053 does, or leave "
        "indexed=True out of search_key() in models/")


@pytest.mark.once("is about files")
def test_the_revisions_are_those_that_alembic_finds() -> None:
    scripts = ScriptDirectory(str(revisions.FOLDER))
    assert revisions.newest() == scripts.get_current_head()
    assert all(revisions.knows(one.revision) for one in scripts.walk_revisions())
    assert not revisions.knows("9999")


def test_down_and_up_again_leaves_nothing_behind(installation: Any) -> None:
    everything = tables(installation)
    with installation.app.app_context():
        downgrade(revision="base")
    assert tables(installation) == {"alembic_version", "alembic_version_log"}
    with installation.app.app_context():
        upgrade()
    assert tables(installation) == everything


def test_a_database_without_migrations_is_named_with_the_mend(empty: Callable[[], Any]) -> None:
    installation = empty()
    with installation.app.app_context():
        mend = command_line("db upgrade")
        assert revisions.complaint() == f"The default database needs its migrations: run {mend}"
    assert "db upgrade" in installation.run("serve", status=1)["error"]
    assert "db upgrade" in installation.run("merchant", "create", "--name", "A", status=1)["error"]


def test_a_database_that_is_newer_than_the_program_is_refused(installation: Any) -> None:
    with installation.app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "newer than this program" in installation.run("serve", status=1)["error"]


def upgrade_until(installation: Any, last: int) -> bool:
    """Upgrade in a child process that ends like one killed before its writing statement `last`; did it complete?"""
    child = os.fork()
    if child:
        return os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 0
    seen = 0

    def count(_: Any, __: Any, words: str, *___: Any) -> None:
        nonlocal seen
        seen += not words.lstrip().startswith(READING)
        if seen == last:
            os._exit(9)

    status = 1
    try:
        with installation.app.app_context():
            for engine in db.engines.values():
                engine.dispose(close=False)
                event.listen(engine, "before_cursor_execute", count)
            upgrade()
        status = 0
    finally:
        os._exit(status)


def own_tables(installation: Any) -> list[set[str]]:
    """The tables of each bind, without the version tables."""
    versions = set(revisions.VERSION_TABLES.values())
    found = tables(installation) - versions
    with installation.app.app_context():
        return [found & set(db.metadatas[key].tables) for key in revisions.BIND_KEYS.values()]


def test_nothing_is_committed_between_the_first_statement_of_a_database_and_its_last(
    empty: Callable[[], Any],
) -> None:
    """A kill leaves what is committed: at each statement that is the old schema, or the new one."""
    installation = empty()
    seen = statements_of(installation, upgrade)
    assert len(seen) > 100
    assert_one_transaction_each(seen)
    seen = statements_of(installation, lambda: downgrade(revision="base"))
    assert_one_transaction_each(seen)


def test_killed_at_its_ends_and_within_each_database_is_old_or_new_and_the_next_run_completes(
    empty: Callable[[], Any],
) -> None:
    installation = empty()
    installation.upgrade()
    with installation.app.app_context():
        downgrade(revision="base")
    binds = [bind for bind, _ in statements_of(installation, upgrade)]
    complete = own_tables(installation)
    second = next(number for number, bind in enumerate(binds, 1) if bind != binds[0])
    for statement in (1, second // 2, second, len(binds)):
        with installation.app.app_context():
            downgrade(revision="base")
        assert not upgrade_until(installation, statement)
        assert all(found in (set(), whole) for found, whole in zip(own_tables(installation), complete, strict=True))
        installation.upgrade()
        assert own_tables(installation) == complete

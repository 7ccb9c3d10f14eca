"""Keeps SQLite's indexes of words (word_index.py) in step with their tables, by triggers.

A migration that makes a table anew drops its triggers, too, and may have changed its texts. What is missing is made
again at the end of every migration, so that no migration has to remember it.
"""

from typing import Any

from sqlalchemy import Connection

from database.word_index import SUFFIX

INSERT = "INSERT INTO {table}_words(rowid, search_text) VALUES (new.id, new.search_text); "
FORGET = (
    "INSERT INTO {table}_words({table}_words, rowid, search_text) VALUES ('delete', old.id, old.search_text); ")
TRIGGERS = {
    "insert": "CREATE TRIGGER {table}_words_insert AFTER INSERT ON {table} BEGIN " + INSERT + "END",
    "delete": "CREATE TRIGGER {table}_words_delete AFTER DELETE ON {table} BEGIN " + FORGET + "END",
    "update": "CREATE TRIGGER {table}_words_update AFTER UPDATE OF search_text ON {table} BEGIN "
              + FORGET + INSERT + "END",
}
REBUILD = "INSERT INTO {table}_words({table}_words) VALUES ('rebuild')"


def mend(connection: Connection) -> list[str]:
    """Make missing triggers again, and the indexes of their tables anew; gives the names of the tables."""
    if connection.dialect.name != "sqlite":
        return []
    kept = {tuple(one) for one in connection.exec_driver_sql("SELECT type, name FROM sqlite_master")}
    tables = [name.removesuffix(SUFFIX) for kind, name in kept if kind == "table" and name.endswith(SUFFIX)]
    found = [one for one in sorted(tables) if ("table", one) in kept and not _has_triggers(one, kept)]
    for one in found:
        for kind, statement in TRIGGERS.items():
            if ("trigger", _trigger(one, kind)) not in kept:
                connection.exec_driver_sql(statement.format(table=one))
        connection.exec_driver_sql(REBUILD.format(table=one))
    return found


def _has_triggers(table: str, kept: set[Any]) -> bool:
    return all(("trigger", _trigger(table, kind)) in kept for kind in TRIGGERS)


def _trigger(table: str, kind: str) -> str:
    return f"{table}{SUFFIX}_{kind}"

"""SQLite learns how its tables have grown, also in connections that were open before."""

import sqlite3

import pytest

from database import db, planner_statistics
from database.planner_statistics import PlannerStatistics
from tests.databases import ON_POSTGRESQL

pytestmark = [pytest.mark.files, pytest.mark.once("only SQLite has to be told")]
if ON_POSTGRESQL:
    pytest.skip("only SQLite has to be told", allow_module_level=True)

GROW = ("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT {}) "
        "INSERT INTO parts (shop, day) SELECT n % 3, n % 4000 FROM n")


@pytest.fixture
def other(install, tmp_path):
    """A connection of another process, and a table of which it has chosen an index."""
    with install(sink=lambda record: None).app_context():
        file = db.engine.url.database
        connection = sqlite3.connect(file, isolation_level=None)
        connection.execute("CREATE TABLE parts (id INTEGER PRIMARY KEY, shop INT, day INT)")
        connection.execute("CREATE INDEX by_day ON parts (day)")        # the one made last is chosen without statistics
        connection.execute("CREATE INDEX by_shop ON parts (shop)")
        connection.execute(GROW.format(20_000))
        yield connection
        connection.close()


def chosen(connection):
    """The index that the connection reads, in a question that it has not prepared before."""
    question = f"SELECT count(*) FROM parts WHERE shop = 1 AND day = 7 AND {connection.total_changes} >= 0"
    connection.execute(question + " -- read").fetchall()
    return connection.execute("EXPLAIN QUERY PLAN " + question).fetchone()[3].split("INDEX ")[1].split()[0]


def test_a_connection_that_was_open_chooses_by_the_new_statistics(other):
    statistics = PlannerStatistics()
    assert chosen(other) == "by_shop"
    assert statistics.refresh() == ["parts"]
    other.execute("CREATE TEMP TABLE unlike (x)")       # another question than the one before, by its total of changes
    other.execute("INSERT INTO unlike VALUES (1)")
    assert chosen(other) == "by_day"
    assert other.execute("SELECT count(*) FROM sqlite_schema WHERE type = 'view'").fetchone() == (0,)


def test_a_table_is_looked_at_again_when_it_has_doubled(other):
    statistics = PlannerStatistics()
    assert statistics.refresh() == ["parts"]
    assert statistics.refresh() == []
    other.execute(GROW.format(19_999))
    assert statistics.refresh() == []
    other.execute(GROW.format(1))
    assert statistics.refresh() == ["parts"]


def test_small_tables_are_left_alone(other):
    other.execute("DELETE FROM parts WHERE id >= ?", (planner_statistics.LEAST,))
    assert PlannerStatistics().refresh() == []
    assert other.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone() == (0,)

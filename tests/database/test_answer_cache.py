"""Cached answers of a SQLite file are never older than the file, whichever process writes to it."""

import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy import create_engine

from database import answer_cache, db, transaction
from database.reader import OF_A_ROW, Reader
from domain import settings
from domain.access import key_access, key_format, user_access
from domain.actor import Actor
from domain.catalog import products
from domain.listing import Query
from domain.sales.budgets import budgets
from domain.support.knowledge import articles
from models.credential import Mode
from tests import cast
from tests.articles import make_article

pytestmark = pytest.mark.files


def connection(path):
    made = sqlite3.connect(path, isolation_level=None, timeout=30)
    made.execute("PRAGMA journal_mode=WAL")
    return made


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "some.sqlite3"
    with connection(found) as one:
        one.execute("CREATE TABLE counter (number INTEGER)")
        one.execute("INSERT INTO counter VALUES (0)")
    one.close()
    return str(found)


class Asked:
    """A query of a file, and how often it was run."""

    def __init__(self, path):
        self.engine = create_engine(f"sqlite:///{path}")
        self.driver = connection(path)
        self.times = 0

    def number(self):
        def make():
            self.times += 1
            return self.driver.execute("SELECT number FROM counter").fetchone()[0]

        return answer_cache.of(self.engine).get("number", make)

    def close(self):
        self.driver.close()
        self.engine.dispose()


@pytest.fixture
def asked(path):
    made = Asked(path)
    yield made
    made.close()


def write(path, number):
    with connection(path) as one:
        one.execute("UPDATE counter SET number = ?", (number,))
    one.close()


def test_nothing_is_asked_twice_until_something_is_committed(asked, path):
    assert [asked.number() for _ in range(5)] == [0] * 5
    assert asked.times == 1
    write(path, 7)
    assert [asked.number() for _ in range(5)] == [7] * 5
    assert asked.times == 2


def test_what_is_not_committed_is_not_seen_and_changes_nothing(asked, path):
    assert asked.number() == 0
    other = connection(path)
    other.execute("BEGIN IMMEDIATE")
    other.execute("UPDATE counter SET number = 1")
    assert asked.number() == 0
    other.execute("ROLLBACK")
    assert asked.number() == 0
    other.close()
    assert asked.times == 1


@pytest.mark.parametrize("statement", [
    "PRAGMA wal_checkpoint(PASSIVE)", "PRAGMA wal_checkpoint(FULL)", "PRAGMA wal_checkpoint(RESTART)",
    "PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM",
])
def test_house_keeping_of_sqlite_loses_no_change(asked, path, statement):
    other = connection(path)
    for number in range(1, 6):
        write(path, number)
        assert asked.number() == number
        other.execute(statement).fetchall()
        assert asked.number() == number
    other.close()


def test_a_change_of_another_process_is_seen_at_once(asked, path):
    assert asked.number() == 0
    code = "import sqlite3, sys; one = sqlite3.connect(sys.argv[1]); one.execute('UPDATE counter SET number = 9');"
    subprocess.run([sys.executable, "-c", code + "one.commit()", path], check=True, timeout=30)
    assert asked.number() == 9


# Counts for ever, and tells each number once it is committed. A program of its own and no fork: a fork while
# threads use SQLite would copy a lock that one of them holds, and wait for it without end.
COUNT_UP = """
import mmap, sqlite3, sys
path, beside = sys.argv[1:]
with open(beside, "r+b") as file:
    shared = memoryview(mmap.mmap(file.fileno(), 8)).cast("q")
one = sqlite3.connect(path, isolation_level=None, timeout=30)
number = one.execute("SELECT number FROM counter").fetchone()[0]
while True:
    number += 1
    one.execute("UPDATE counter SET number = ?", (number,))
    shared[0] = number
    if number % 50 == 0:
        one.execute("PRAGMA wal_checkpoint(RESTART)").fetchall()
"""


def until(holds):
    """Wait for it, however busy the machine is."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.002)


@pytest.fixture
def shared(tmp_path):
    """A number that processes share, and the file that it is in."""
    beside = tmp_path / "shared"
    beside.write_bytes(bytes(8))
    with beside.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared, memoryview(shared).cast("q") as number:
        yield number, beside


def test_no_answer_is_older_than_what_was_committed_even_when_the_writer_is_killed(asked, path, shared):
    """Readers in threads, a writer in another process, which is killed eight times in the middle of its work."""
    (shared, beside), stop, wrong, looks = shared, threading.Event(), [], [0]

    def look():
        driver, engine = connection(path), asked.engine
        while not stop.is_set():
            least = shared[0]
            found = answer_cache.of(engine).get(
                threading.get_ident(), lambda: driver.execute("SELECT number FROM counter").fetchone()[0]
            )
            looks[0] += 1
            if found < least:
                wrong.append((least, found))
        driver.close()

    readers = [threading.Thread(target=look) for _ in range(3)]
    assert asked.number() == 0
    for one in readers:
        one.start()
    try:
        for _ in range(8):
            before, seen = shared[0], looks[0]
            writer = subprocess.Popen([sys.executable, "-c", COUNT_UP, path, beside])
            try:
                until(lambda before=before, seen=seen: shared[0] > before + 20 and looks[0] > seen + 20)
            finally:
                writer.kill()
                writer.wait()
    finally:
        stop.set()
        for one in readers:
            one.join()
    assert shared[0] > 100
    assert looks[0] > 100
    assert not wrong
    assert asked.number() == connection(path).execute("SELECT number FROM counter").fetchone()[0]


def test_the_locks_of_sqlite_stay_when_the_header_is_mapped_and_released(path):
    """POSIX drops a process's locks when it closes any descriptor of the file."""
    code = (
        "import sqlite3, sys; one = sqlite3.connect(sys.argv[1], timeout=0)\n"
        "try: one.execute('BEGIN IMMEDIATE')\n"
        "except sqlite3.OperationalError as problem: print(problem)"
    )

    def refusal():
        out = subprocess.run([sys.executable, "-c", code, path], check=True, stdout=subprocess.PIPE, timeout=30).stdout
        return out.decode()

    writer = connection(path)
    writer.execute("BEGIN IMMEDIATE")
    assert "locked" in refusal()
    engine = create_engine(f"sqlite:///{path}")
    assert answer_cache.of(engine).get("a", lambda: 1) == 1
    assert "locked" in refusal()
    engine.dispose()
    del engine
    assert "locked" in refusal()
    writer.execute("ROLLBACK")
    assert refusal() == ""
    writer.close()


def test_a_file_that_was_replaced_while_the_engine_was_disposed_is_read_anew(path, tmp_path):
    one = Asked(path)
    assert one.number() == 0
    one.close()
    fresh = tmp_path / "fresh.sqlite3"
    shutil.copy(path, fresh)
    write(fresh, 5)
    os.replace(fresh, path)
    two = Asked(path)
    two.engine = one.engine
    assert two.number() == 5
    write(path, 6)
    assert two.number() == 6
    two.close()


def test_a_forked_child_remembers_for_itself(asked, path):
    assert asked.number() == 0
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            own = Asked(path)
            own.engine = asked.engine
            seen = own.number()
            write(path, 3)
            os.write(writer, bytes([seen, own.number(), own.times]))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert list(os.read(reader, 9)) == [0, 3, 2]
    assert asked.number() == 3
    os.close(reader)
    os.close(writer)


def test_a_journal_of_the_old_kind_and_a_database_in_memory_are_asked_each_time(tmp_path):
    old = tmp_path / "old.sqlite3"
    one = sqlite3.connect(old)
    one.execute("CREATE TABLE counter (number INTEGER)")
    one.close()
    for address in (f"sqlite:///{old}", "sqlite://", "sqlite:///:memory:"):
        engine, times = create_engine(address), []
        for _ in range(3):
            answer_cache.of(engine).get("a", lambda times=times: times.append(1))
        assert len(times) == 3, address
        engine.dispose()


def test_the_cache_is_emptied_when_it_has_too_many_rows(asked):
    made, third = [], answer_cache.MOST // 3

    def ask(key, rows):
        answer_cache.of(asked.engine).get(key, lambda: made.append(key), lambda _: rows)

    for key in (0, 1, 2, 0, 1, 2):
        ask(key, third)
    assert made == [0, 1, 2]
    ask(3, third)
    ask(3, third)
    ask(0, third)
    assert made == [0, 1, 2, 3, 0]
    for _ in range(2):
        ask("too large", answer_cache.MOST + 1)
        ask("not worth it", 0)
    assert made[5:] == ["too large", "not worth it"] * 2


def dead_index(path, beside):
    """A wal-index as a killed server leaves it, under another name."""
    one = connection(path)
    one.execute("UPDATE counter SET number = number")
    shutil.copy(path + "-shm", beside)
    one.close()


def test_the_index_of_the_file_behind_a_link_is_looked_at(path, tmp_path):
    link = tmp_path / "link.sqlite3"
    link.symlink_to(path)
    dead_index(path, f"{link}-shm")
    asked = Asked(str(link))
    assert asked.number() == 0
    write(path, 42)
    assert [asked.number() for _ in range(3)] == [42] * 3
    assert asked.times == 2
    asked.close()


def test_a_left_over_index_of_a_file_in_the_old_journal_mode_is_not_used(path):
    dead_index(path, path + "-dead")
    with sqlite3.connect(path, isolation_level=None) as one:
        assert one.execute("PRAGMA journal_mode=DELETE").fetchone() == ("delete",)
        os.replace(path + "-dead", path + "-shm")
        engine = create_engine(f"sqlite:///{path}")
        question, numbers = "SELECT number FROM counter", []
        for number in range(3):
            one.execute("UPDATE counter SET number = ?", (number,))
            numbers.append(answer_cache.of(engine).get("a", lambda: one.execute(question).fetchone()[0]))
    assert numbers == [0, 1, 2]
    one.close()
    engine.dispose()


def test_a_file_that_is_locked_at_first_is_looked_at_later(path, monkeypatch):
    monkeypatch.setattr(answer_cache, "AGAIN", 0.2)
    lock = sqlite3.connect(path, isolation_level=None)
    lock.execute("PRAGMA locking_mode=EXCLUSIVE")
    lock.execute("UPDATE counter SET number = 1")
    engine, made = create_engine(f"sqlite:///{path}"), []
    before = time.monotonic()
    for _ in range(2):
        answer_cache.of(engine).get("a", lambda: made.append(1))
    assert time.monotonic() - before < 4              # the driver would wait five seconds, each time
    lock.close()
    time.sleep(0.25)
    for _ in range(3):
        answer_cache.of(engine).get("a", lambda: made.append(1))
    assert len(made) == 3
    engine.dispose()


# Through the application


@pytest.fixture
def installed(install):
    app = install()
    with app.app_context():
        yield app
        db.session.remove()


def rename(actor, key, name):
    with transaction():
        products.update(actor, products.LISTING.get(actor, key, lock=True), {"name": name})


def test_a_list_is_read_once_until_a_row_changes_and_then_shows_it(installed):
    merchant = cast.make_merchant("Alder")
    actor, key = cast.actor_for(merchant), cast.make_product(merchant, "Lamp", 1)
    db.session.remove()
    shown = []

    def show(records):
        shown.append(records[0].name)
        return shown[-1]

    assert [products.LISTING.page(actor, Query(), show).shown for _ in range(3)] == ["Lamp"] * 3
    rename(actor, key, "Chair")
    assert [products.LISTING.page(actor, Query(), show).shown for _ in range(3)] == ["Chair"] * 3
    assert shown == ["Lamp", "Chair"]
    assert products.LISTING.read(actor, key).name == "Chair"
    rename(actor, key, "Table")
    assert products.LISTING.read(actor, key).name == "Table"
    assert products.LISTING.count(actor) == 1


def test_the_cache_distinguishes_pages_filters_and_tenants(installed):
    alder, birch = cast.make_merchant("Alder"), cast.make_merchant("Birch")
    for name in ("A1", "A2", "A3"):
        cast.make_product(alder, name, 1)
    cast.make_product(birch, "B1", 1)
    db.session.remove()
    asked = [
        (alder, Query(sort="name", descending=False), ["A1", "A2", "A3"]),
        (birch, Query(sort="name", descending=False), ["B1"]),
        (alder, Query(sort="name", descending=True), ["A3", "A2", "A1"]),
        (alder, Query(sort="name", descending=False, limit=2), ["A1", "A2"]),
        (alder, Query(sort="name", descending=False, limit=2, offset=2), ["A3"]),
        (alder, Query(search="a2"), ["A2"]),
        (alder, Query(filters={"name_contains": "3"}), ["A3"]),
        (alder, Query(filters={"name_contains": "1"}), ["A1"]),
    ]
    for _ in range(3):
        for merchant, query, names in asked:
            page = products.LISTING.page(cast.actor_for(merchant), query)
            assert [one.name for one in page.records] == names


def test_a_transaction_sees_its_own_changes_and_others_do_not(installed):
    merchant = cast.make_merchant("Alder")
    actor, key = cast.actor_for(merchant), cast.make_product(merchant, "Lamp", 1)
    db.session.remove()
    assert products.LISTING.read(actor, key).name == "Lamp"
    seen = []
    with transaction():
        products.LISTING.get(actor, key, lock=True).name = "Chair"
        db.session.flush()
        assert products.LISTING.read(actor, key).name == "Chair"

        def elsewhere():
            with installed.app_context():
                seen.append(products.LISTING.read(actor, key).name)

        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
    assert seen == ["Lamp"]
    assert products.LISTING.read(actor, key).name == "Chair"


def test_a_setting_holds_from_the_next_look_on(installed):
    assert settings.get("quote_validity_days") != 77
    with transaction():
        settings.update(Actor.operator(), {"quote_validity_days": 77})
    assert settings.get("quote_validity_days") == 77


def test_what_depends_on_the_time_is_not_remembered(installed):
    merchant = cast.make_merchant("Alder")
    budget = cast.make_budget(merchant, cast.make_customer(merchant, "Ada"))
    assert budget is not None
    db.session.remove()
    statement = budgets.LISTING._prepared(cast.actor_for(merchant), Query())
    assert statement.timed
    made = []
    for _ in range(2):
        Reader().cached(statement, {}, lambda: made.append(1))
    assert len(made) == 2


def kept():
    return answer_cache.of(db.engine)._state.answers


def test_what_strangers_send_is_not_remembered(installed):
    assert key_access.find(key_format.generate(Mode.LIVE)) is None
    assert user_access.by_token("no such token") is None
    merchant = cast.make_merchant("Alder")
    db.session.remove()
    products.LISTING.page(cast.actor_for(merchant), Query(filters={"category": "x" * 100_000}))
    assert not kept()
    products.LISTING.page(cast.actor_for(merchant), Query(search="x"))
    assert len(kept()) == 1


def test_an_export_leaves_the_memory_to_others(installed):
    merchant = cast.make_merchant("Alder")
    cast.make_product(merchant, "Lamp", 1)
    db.session.remove()
    assert [one.name for one in products.LISTING.stream(cast.actor_for(merchant), Query())] == ["Lamp"]
    assert not kept()


def test_a_row_with_a_long_text_counts_as_several(installed):
    merchant = cast.make_merchant("Alder")
    keys = [make_article(merchant, content="x" * 50_000, title=f"Article {number}") for number in range(100)]
    db.session.remove()
    for key in keys:
        articles.LISTING.read(cast.actor_for(merchant), key)
    assert 0 < len(kept()) < answer_cache.MOST * OF_A_ROW // 50_000

"""Fixtures of all tests: one application a worker, databases made by the migrations, empty for each test.

SQLite in memory by default, restored from bytes (0.02 ms). With COUNTINGHOUSE_TEST_DATABASE_URL the
same suite runs on PostgreSQL; every worker makes a database of its own and drops it at the end.
"""

import gc
import os
import shutil
import sqlite3
import sys
import time
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path

import bcrypt
import jinja2
import pytest
import time_machine
from argon2 import PasswordHasher
from flask import has_app_context
from flask_migrate import upgrade
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine, event

from analytics.log.drain import sizes as spooled
from analytics.metering import call_counter
from app import create_app
from blueprints.api.rate_limits import rate_limits
from config import Settings, from_environment
from database import db
from domain.access import passwords
from domain.access.key_access import verified_hashes
from domain.integrations import webhooks
from domain.pages import Record
from domain.support.ticket_file_store import store
from domain.vault import vault
from outbound.gateways.test_bank import FILE, test_bank
from tests import cast, plan, repeats, slow
from tests.databases import ON_POSTGRESQL, new_database
from tests.documented import DocumentedClient
from tests.threads import workshop  # noqa: F401 (a fixture of all tests)
from tests.wiping import MadeOnce, wiping

# The same examples in every run, however long one takes, unless a variable asks for more of them.
hypothesis_settings.register_profile(
    "suite", derandomize=not plan.FUZZING, database=None, deadline=None, suppress_health_check=list(HealthCheck))
hypothesis_settings.load_profile("suite")
CHILDREN = Path(__file__).parent / "children"    # its sitecustomize.py is loaded by child processes
# The collector of garbage would take a sixth of all time, most of it while modules are loaded.
gc.set_threshold(50_000, 20, 20)


@event.listens_for(Engine, "connect")
def reverse_what_has_no_order(connection, _):
    """SQLite returns rows in order of id where a query names none, PostgreSQL as it likes: here the last comes first.

    What works by chance fails at once, in the program and in the tests.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects=ON")


def pytest_addoption(parser):
    parser.addoption("--at", metavar="ISO", help="run as if it were this moment, such as 2028-02-29T12:00Z")
    parser.addoption("--find-repeats", metavar="FILE", help="write which tests need no run on PostgreSQL")
    parser.addoption("--find-slow", action="store_true", help="write which tests take long")
    parser.addoption("--few", action="store_true", help="run the first two cases of each test only")
    parser.addoption("--leave-repeats", metavar="FILE", default="", help="leave those out that the other run found")


def pytest_configure(config):
    """Prepare this process and all that it starts; with --at, they run as if it were that moment."""
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", "") and not hasattr(config, "workerinput"):
        # Tests start a hundred programs: compiling every module for each takes longer than what they do.
        # So do the tests themselves, whose asserts are rewritten.
        os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix = str(config.rootpath / ".pytest_cache" / "bytecode")
        sys.dont_write_bytecode = False
    if (file := config.getoption("--find-repeats")) and not ON_POSTGRESQL:
        config.pluginmanager.register(repeats.Repeats(config, config.rootpath / file))
    if config.getoption("--find-slow") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(slow.FindSlow())
    if not hasattr(config, "workerinput"):                      # workers are child processes
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(CHILDREN), os.environ.get("PYTHONPATH"))))
    wanted = config.getoption("--at")
    if wanted and not hasattr(config, "workerinput"):
        ahead = datetime.fromisoformat(wanted).timestamp() - time.time()
        os.environ["TESTS_ARE_AHEAD_BY"] = str(ahead)
        time_machine.travel(time.time() + ahead).start()


def pytest_ignore_collect(collection_path, config):
    """Do not even import the files that only the run on SQLite needs."""
    path = collection_path.relative_to(config.rootpath).as_posix()
    return True if plan.is_left_out(path, ON_POSTGRESQL) else None


def pytest_itemcollected(item):
    """Mark what the list names as slow, before pytest chooses by marks."""
    if slow.name_of(item.nodeid) in slow.known():
        item.add_marker(pytest.mark.slow)


def pytest_collection_modifyitems(config, items):
    """Leave out what the run on the other database does; begin with what takes longest."""
    file = config.getoption("--leave-repeats")
    known = repeats.read(config.rootpath / file) if file else frozenset()
    wanted = slow.few(items) if config.getoption("--few") else items
    kept = [item for item in wanted if item.nodeid not in known and plan.runs(item, ON_POSTGRESQL)]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = sorted(kept, key=lambda one: plan.order_of(one.nodeid))


def pytest_collection_finish():
    """What is loaded by now stays: the garbage collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def pytest_make_parametrize_id(val, argname):
    """Bytes that are no text go by their argument's name: gzip's hold the time, which differs between workers."""
    is_text = not isinstance(val, bytes) or (val.isascii() and val.decode().isprintable())
    return None if is_text else argname


def pytest_xdist_make_scheduler(config, log):
    return plan.ScheduleByFile(config, log) if config.getoption("dist") == "loadfile" else None


def make_settings(folder: Path, **more: str) -> Settings:
    """Settings of a throw-away installation."""
    environment = {
        "INSTANCE": str(folder), "BCRYPT_COST": "4", "REQUIRE_HTTPS": "never",
        "SECRET_KEY": "a secret for tests that is long enough", **more,
    }
    return from_environment({f"COUNTINGHOUSE_{name}": value for name, value in environment.items()})


@pytest.fixture(scope="session")
def on_postgresql() -> bool:
    return ON_POSTGRESQL


@pytest.fixture(scope="session")
def database_url(on_postgresql):
    """The business database of this worker."""
    if not on_postgresql:
        yield "sqlite:///:memory:"
        return
    with new_database() as url:
        yield url


@pytest.fixture(scope="session")
def settings(tmp_path_factory, database_url):
    log = "sqlite:///:memory:" if database_url.startswith("sqlite") else database_url
    return make_settings(tmp_path_factory.mktemp("instance"), DATABASE_URL=database_url, LOG_DATABASE_URL=log)


@pytest.fixture(scope="session")
def records() -> list:
    """The records that the pipeline gave to the request log."""
    return []


class Undefined(jinja2.Undefined):
    """What a template asks of an object that does not have it is an error in tests: a rename must reach templates.

    Rows of lists are left out: pages of all nouns ask them for columns that only some have.
    """

    def __init__(self, hint=None, obj=jinja2.runtime.missing, name=None, exc=jinja2.UndefinedError):
        super().__init__(hint, obj, name, exc)
        is_row = isinstance(obj, Record)
        assert is_row or not is_dataclass(obj), f"a template asks a {type(obj).__name__} for {name}"


@pytest.fixture(scope="session")
def app(settings, records):
    app = create_app(settings, sink=records.append)
    app.jinja_env.undefined = Undefined
    app.testing, app.test_client_class = True, DocumentedClient
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with app.app_context():
        upgrade()
    yield app
    with app.app_context():
        dispose()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """A folder with both databases in files, as the migrations make them: to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    made = create_app(make_settings(folder), sink=lambda record: None)
    with made.app_context():
        upgrade()
        dispose()
    return folder


@pytest.fixture
def install(migrated, tmp_path):
    """A function that makes an application with databases in files."""
    made = []

    def make(**more):
        for file in migrated.glob("*.db"):
            shutil.copy(file, tmp_path)
        made.append(create_app(make_settings(tmp_path), **more))
        return made[-1]

    yield make
    for app in made:
        with app.app_context():
            dispose()


def dispose():
    for engine in db.engines.values():
        engine.dispose()


@pytest.fixture(scope="session")
def databases(app, on_postgresql):
    """The databases of this worker, which can be emptied."""
    with app.app_context():
        engines = dict(db.engines)
    with wiping(engines, on_postgresql) as made:
        yield made


@pytest.fixture(scope="session")
def restore(databases):
    """A function that makes every database as it was after the migrations."""
    return databases.wipe


@pytest.fixture(scope="session")
def made_once(databases, records):
    """A function that makes rows once for many tests: made_once(make), first in a fixture (see wiping.py)."""
    return MadeOnce(databases, lambda: forget(records))


def forget(records):
    """As if this process had answered nothing yet."""
    records.clear()
    rate_limits.forget()
    verified_hashes.forget()


@pytest.fixture(autouse=True)
def context(request, app, settings, restore, records):
    """Empty databases and an application context, for every test that does not replace this fixture."""
    if request.node.get_closest_marker("files"):
        yield None
        return
    vault.configure(settings.secret_keys, bcrypt_cost=settings.bcrypt_cost)     # another application may have its own
    with app.app_context():
        restore()
        forget(records)
        webhooks.policy.allowed_hosts = ()           # another application of the same process may have set it
        test_bank.book.configure(settings.instance / FILE)
        store.configure(settings.instance)
        test_bank.book.forget()
        yield app
        db.session.remove()
        left = list(spooled(settings.spool))
        assert not left, f"{left} in the spool of all tests: later ones would count these requests. Use tmp_path."


def is_writing() -> bool:
    """Does this thread keep all others from writing?"""
    if not has_app_context() or not db.session.registry.has():
        return False
    session = db.session()
    return session.in_transaction() and "write_deadline" in session.connection().get_execution_options()


@pytest.fixture(scope="session", autouse=True)
def hashed():
    """What was hashed or compared with a hash, in any test; never inside a transaction that writes."""
    seen: list[str] = []

    def watch(patch, module, name: str) -> None:
        real = getattr(module, name)

        def watched(*given):
            assert not is_writing(), f"{name} while nobody else can write"
            seen.append(name)
            return real(*given)

        patch.setattr(module, name, watched)

    with pytest.MonkeyPatch.context() as patch:
        for name in ("hash_of", "matches"):
            watch(patch, passwords, name)
        for name in ("hashpw", "checkpw"):
            watch(patch, bcrypt, name)
        yield seen


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """Argon2 with its smallest parameters: no test is about how long it takes."""
    passwords.hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._nobody.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def counted_from_2026():
    """The days of test clocks begin in January 2026: calls of then can be counted, whatever day it is."""
    with pytest.MonkeyPatch.context() as patch:
        since = (datetime.now(UTC) - datetime(2026, 1, 1, tzinfo=UTC)).days
        patch.setattr(call_counter, "KEEP_QUARTERS", max(call_counter.KEEP_QUARTERS, since + 1))
        yield


@pytest.fixture
def hashings(hashed):
    """The same, from here on."""
    hashed.clear()
    return hashed


@pytest.fixture
def alder():
    """A merchant."""
    return cast.make_merchant("Alder")


@pytest.fixture
def birch():
    """Another merchant."""
    return cast.make_merchant("Birch")

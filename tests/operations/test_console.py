"""The command `countinghouse`: the same commands as Flask's, without loading what they do not need."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from sqlalchemy import select

from blueprints.cli._lazy import LazyGroup
from blueprints.cli.console import console
from config import ROOT
from database import db
from models.webhook import Delivery

pytestmark = pytest.mark.files
RUN = [sys.executable, "-c", "from blueprints.cli.console import main; main()"]
LOADED = """
import sys
from blueprints.cli.console import main
try:
    main()
except SystemExit as end:
    assert not end.code, end.code
print(*sorted(sys.modules), file=sys.stderr)
"""


@pytest.fixture
def place(installation: Any) -> Any:
    """An installation with a merchant and a key, for programs of their own process."""
    merchant = str(installation.run("merchant", "create", "--name", "Ada", "--currency", "EUR")["id"])
    installation.run("key", "create", "--merchant", merchant, "--name", "Shop")
    return installation


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *words], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)


def test_the_help_of_the_console_command_lists_only_our_commands() -> None:
    shown = run("--help").stdout
    commands = {line.split()[0] for line in shown.partition("Commands:")[2].splitlines() if line.strip()}
    assert {"serve", "worker", "key", "logs", "backup", "db"} <= commands
    assert not commands & {"limiter", "routes", "shell", "run"}


def test_the_commands_of_flask_are_those_of_the_console_with_the_same_help(place: Any) -> None:
    assert place.app.cli is console
    for group in (console, console.lazy["key"].command()):
        assert isinstance(group, LazyGroup)
        for name, one in group.lazy.items():
            said = (one.command().help or "").partition("\n\n")[0].replace("\n", " ")
            assert one.help == said, f"blueprints/cli/console.py: the help of {name}"


def test_the_console_command_prints_what_flask_prints(place: Any) -> None:
    for words in (("key", "list", "--merchant", "1"), ("key", "list", "--merchant", "1", "--json")):
        own = run(*words)
        assert own.returncode == 0, own.stderr
        assert own.stdout == place.app.test_cli_runner().invoke(args=list(words)).stdout
        assert "--json" not in words or run("--json", *words[:-1]).stdout == own.stdout
    refused = run("key", "list", "--merchant", "9")
    assert (refused.returncode, refused.stderr) == (1, "There is no merchant 9.\n")


def test_a_list_of_keys_loads_neither_the_application_nor_what_only_writing_needs(
    place: Any, on_postgresql: bool
) -> None:
    words = [sys.executable, "-c", LOADED, "key", "list", "--merchant", "1"]
    listed = subprocess.run(words, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert "Shop" in listed.stdout, listed.stderr
    loaded = set(listed.stderr.split())
    assert "domain.integrations.key_listing" in loaded
    assert not loaded & {"app", "pydantic", "flask_migrate", "waitress", "models.budget", "domain.outbox.tasks"}
    assert ("psycopg" in loaded) == on_postgresql


HEAVY = {                               # what commands without need of it must not load: name -> who needs it
    "flask_migrate": "db", "alembic": "db", "app": "serve", "waitress": "serve", "jinja2.ext": "pages",
    "redis": "Redis", "psycopg": "PostgreSQL", "prometheus_client": "metrics", "urllib3": "webhooks",
    "plotly": "charts", "typst": "documents", "stripe": "payments", "phonenumbers": "the Merchant API",
}


def loaded_by(*words: str) -> set[str]:
    ran = subprocess.run(
        [sys.executable, "-c", LOADED, *words], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


@pytest.mark.once("is about what is imported")
@pytest.mark.parametrize("words", [("--help",), ("key", "--help")])
def test_help_of_the_program_loads_no_library_but_that_of_the_command_line(words: tuple[str, ...]) -> None:
    assert not loaded_by(*words) & {"flask", "sqlalchemy", "pydantic", "database", "domain", "models", *HEAVY}


@pytest.mark.once("is about what is imported")
@pytest.mark.parametrize("words", [
    ("merchant", "create", "--name", "Bo", "--json"), ("key", "create", "--merchant", "1", "--name", "K", "--json"),
    ("settings", "list", "--json"), ("books", "verify", "--json"),
    ("logs", "prune", "--before", "2020-01-01", "--json"),
], ids=lambda words: " ".join(words[:2]))
def test_a_command_does_not_load_what_only_others_need(place: Any, words: tuple[str, ...]) -> None:
    found = {name: HEAVY[name] for name in HEAVY.keys() & loaded_by(*words)}
    assert found == {}, f"countinghouse {' '.join(words)} loads what only these need; import it where it is used"


def test_a_command_that_writes_knows_every_table(place: Any) -> None:
    made = run("user", "create", "--email", "a@example.com", "--password", "seven quiet ledgers at dusk",
               "--merchant", "1", "--json")
    assert made.returncode == 0, made.stderr
    revoked = run("key", "revoke", "1")
    assert (revoked.returncode, revoked.stdout) == (0, "api_key_1 is revoked.\n")


# Each module is imported by a child, which inherits the libraries that all of them need.
KNOWS_TABLES = """
import importlib, os, sys
import flask, pydantic, sqlalchemy
from sqlalchemy.orm import configure_mappers
from blueprints.cli._command import lacks_tables
assert not lacks_tables() and not [name for name in sys.modules if name.startswith("models.")]
for place in sys.argv[1:]:
    child = os.fork()
    if not child:
        importlib.import_module(f"blueprints.cli.{place}")
        if lacks_tables():
            importlib.import_module("models.all_tables")
        configure_mappers()
        print(place, flush=True)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"blueprints/cli/{place}.py")
"""


@pytest.mark.slow
@pytest.mark.once("is about what is imported")
def test_each_command_knows_the_tables_that_its_rows_refer_to() -> None:
    """In a process of its own for each module: here, all tables are known already."""
    groups = (console, console.lazy["key"].command())
    places = {one.place.partition(":")[0] for group in groups for one in group.lazy.values()}  # type: ignore[attr-defined]
    words = [sys.executable, "-c", KNOWS_TABLES, *sorted(places - {"console"})]
    ran = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split() == words[3:]


def test_a_command_tells_the_endpoints_of_a_merchant_what_it_did(place: Any) -> None:
    place.run("key", "create", "--merchant", "1", "--name", "Hook", "--webhook-url", "https://hooks.example.com/a")
    made = run("customer", "create", "--merchant", "1", "--name", "Zoë", "--email", "zoe@example.com")
    assert made.returncode == 0, made.stderr
    with place.app.app_context():
        found = db.session.scalars(select(Delivery)).one()
        assert found.event == "customer.created"
        assert json.loads(found.body)["data"]["email"] == "zoe@example.com"


def test_a_command_that_needs_the_whole_application_gets_it(place: Any) -> None:
    made = run("customer", "create", "--merchant", "1", "--name", "Zoë", "--email", "zoe@example.com")
    assert made.returncode == 0, made.stderr
    assert run("openapi", "public").stdout.startswith("{")


def test_an_unknown_setting_is_reported_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTINGHOUSE_DATABSE_URL", "x")
    stopped = run("key", "list", "--merchant", "1")
    assert stopped.returncode == 1
    assert stopped.stderr.startswith("COUNTINGHOUSE_DATABSE_URL is not a setting.")
    assert stopped.stderr.count("\n") == 1

"""The command `countinghouse`: the same commands as Flask's, without loading what they do not need."""

import os
import subprocess
import sys
from typing import Any

import pytest

from blueprints.cli.console import console
from config import ROOT

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


def test_every_command_of_flask_is_a_command_of_its_own_too(place: Any) -> None:
    foreign = {"limiter", "routes", "shell", "run"}
    assert set(place.app.cli.commands) - foreign == set(console.list_commands(None))  # type: ignore[arg-type]


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


def test_a_command_that_writes_knows_every_table(place: Any) -> None:
    made = run("user", "create", "--email", "a@example.com", "--password", "seven quiet ledgers at dusk",
               "--merchant", "1", "--json")
    assert made.returncode == 0, made.stderr
    revoked = run("key", "revoke", "1")
    assert (revoked.returncode, revoked.stdout) == (0, "api_key_1 is revoked.\n")


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

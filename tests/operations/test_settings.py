"""The generated secret of an installation: made once, also by concurrent processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import config

pytestmark = pytest.mark.files


def test_processes_that_start_at_once_agree_on_the_secret(tmp_path: Path) -> None:
    words = "import config, sys; print(config.from_environment({'COUNTINGHOUSE_INSTANCE': sys.argv[1]}).secret_keys)"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", words, str(tmp_path)], cwd=config.ROOT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    answers = {process.communicate()[0] for process in started}
    assert len(answers) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600


def test_a_new_instance_folder_is_its_owners_and_an_old_one_is_left(tmp_path: Path) -> None:
    config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path / "new")})
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    (tmp_path / "old").mkdir()
    (tmp_path / "old").chmod(0o750)
    config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path / "old")})
    assert (tmp_path / "old").stat().st_mode & 0o777 == 0o750
    (tmp_path / "cloned").mkdir(mode=0o755)
    (tmp_path / "cloned/.gitkeep").touch()
    config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path / "cloned")})
    assert (tmp_path / "cloned").stat().st_mode & 0o777 == 0o700


def programs(folder: Path, monkeypatch: pytest.MonkeyPatch, *names: str) -> Path:
    """A folder of programs beside the interpreter that runs; those that are missing here hand on to it."""
    folder.mkdir(parents=True)
    (folder / "python").symlink_to(sys.executable)
    own = "-c 'from blueprints.cli.console import main; main()'"
    for name, words in (("flask", "-m flask"), ("countinghouse", own)):
        if name in names:
            (folder / name).write_text(f'#!/bin/sh\ncd "{config.ROOT}" && exec "{sys.executable}" {words} "$@"\n')
            (folder / name).chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return folder


@pytest.mark.parametrize("names", [("flask",), ("flask", "countinghouse")])
def test_a_printed_command_runs_as_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...]
) -> None:
    programs(tmp_path / "bin", monkeypatch, *names)
    monkeypatch.setenv("COUNTINGHOUSE_INSTANCE", str(tmp_path / "instance"))
    for folder in (config.ROOT, tmp_path):
        monkeypatch.chdir(folder)
        line = config.command_line("openapi public")
        assert names[-1] in line
        assert subprocess.run(line, shell=True, capture_output=True, check=False).stdout.startswith(b"{")


def test_a_printed_command_is_as_short_as_the_shell_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    beside = programs(tmp_path / "bin", monkeypatch, "flask")
    monkeypatch.chdir(tmp_path)
    assert config.command_line("demo").startswith("bin/flask --app ")
    monkeypatch.chdir(config.ROOT)
    monkeypatch.setenv("PATH", str(beside))
    assert config.command_line("demo") == "flask --app app demo"
    installed = programs(tmp_path / "installed", monkeypatch, "flask", "countinghouse")
    monkeypatch.chdir(tmp_path)
    assert config.command_line("demo") == "installed/countinghouse demo"
    monkeypatch.setenv("PATH", str(installed))
    assert config.command_line("demo") == "countinghouse demo"


@pytest.mark.parametrize("content", ["", "short", "short,another"])
def test_a_secret_that_is_too_weak_stops_the_start(tmp_path: Path, content: str) -> None:
    (tmp_path / "secret_key").write_text(content)
    with pytest.raises(config.ConfigError, match="no usable secret"):
        config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path)})


def test_an_instance_folder_that_cannot_be_made_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(config.ConfigError, match="cannot use the folder"):
        config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path / "file" / "instance")})


MALFORMED = {
    "DATABASE_URL": ("mysql://host/name", "postgresql+psycopg://host:port/name", "postgresql+psycopg://u:secret@h:1x/n"),
    "REDIS_URL": ("http://host", "redis://host:port", "redis://[::1", "redis://", "unix://"),
    "WEBHOOK_ALLOWED_HOSTS": ("//", "http://host", "host:port", "host:99999", "*.host", "host,two words", "[::1]:x"),
    "PUBLIC_URL": ("host", "https://", "https://[::1", "https://host:port", "https://host/?a=1", "https://u:p@host"),
    "SMTP_URL": ("host", "smtp://", "smtp://[host", "smtp://host:port", "http://host"),
    "MAIL_FROM": ("name", "@host", "Name <name>"),
    "IMAP_URL": ("imaps://host", "imap://a:b@host:99999", "imap://a:b@[host", "pop3://a:b@host"),
}


@pytest.mark.parametrize(("name", "raw"), [(name, raw) for name, many in MALFORMED.items() for raw in many])
def test_a_malformed_address_stops_the_start_with_a_sentence_that_shows_what_is_expected(
    tmp_path: Path, name: str, raw: str
) -> None:
    with pytest.raises(config.ConfigError, match=f"^COUNTINGHOUSE_{name} is malformed: expected ") as refused:
        config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path), f"COUNTINGHOUSE_{name}": raw})
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(("name", "raw"), [
    ("DATABASE_URL", "postgresql+psycopg:///name?host=/var/run/postgresql"),
    ("DATABASE_URL", "postgresql+psycopg://user:p%40ss@[::1]:5432/name"),
    ("REDIS_URL", "unix:///run/redis.sock"), ("REDIS_URL", "rediss://:secret@host:6380/1"),
    ("WEBHOOK_ALLOWED_HOSTS", "127.0.0.1:8001,hooks.internal,::1,[fd00::1]:80"),
    ("PUBLIC_URL", "https://host/billing/"), ("SMTP_URL", "smtp://localhost:1025"),
    ("MAIL_FROM", "Billing <billing@host>"), ("IMAP_URL", "imaps://help%40host:secret@host/INBOX"),
])
def test_well_formed_addresses_are_taken(tmp_path: Path, name: str, raw: str) -> None:
    assert config.from_environment({"COUNTINGHOUSE_INSTANCE": str(tmp_path), f"COUNTINGHOUSE_{name}": raw})


def test_a_database_file_that_is_none_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database " * 100)
    said = subprocess.run(
        [sys.executable, "-c", "from blueprints.cli.console import main; main()", "key", "list", "--merchant", "1"],
        cwd=config.ROOT, capture_output=True, text=True, check=False, env=os.environ | {
            "COUNTINGHOUSE_INSTANCE": str(tmp_path), "COUNTINGHOUSE_DATABASE_URL": f"sqlite:///{tmp_path / 'text.db'}"},
    )
    assert (said.returncode, said.stderr) == (1, "The database cannot be used: file is not a database\n")

"""A restore replaces everything or nothing, whatever fails; damaged archives are refused."""

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url
from test_backup import create, names

from analytics.log.spool import Spool
from blueprints.services import settings
from operations import archive, postgresql, readiness, restore, swap
from operations.errors import OperationRefused

pytestmark = pytest.mark.files
RAM = Path("/dev/shm")


@pytest.fixture
def packed(installation: Any, tmp_path: Path) -> Path:
    """A backup of an installation that has changed since: "old" is in it, "new" is not."""
    with installation.app.app_context():
        create("old")
    spool = Spool(installation.settings.spool)
    file = tmp_path / "b.zip"
    installation.run("backup", str(file), "--with-secret")
    with installation.app.app_context():
        create("new")
    spool.close()
    return file


@contextmanager
def remade(file: Path) -> Iterator[tuple[dict[str, bytes], dict[str, Any]]]:
    """The members and the manifest of an archive, to be changed by hand."""
    with zipfile.ZipFile(file) as old:
        members = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(members.pop(archive.MANIFEST))
    yield members, manifest
    with zipfile.ZipFile(file, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)
        new.writestr(archive.MANIFEST, json.dumps(manifest))


def sealed(manifest: dict[str, Any], name: str, content: bytes) -> None:
    """Have the manifest agree to a member's new content."""
    [part] = [one for one in manifest["parts"] if one["name"] == name]
    part |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def left_over(installation: Any) -> list[str]:
    return [path.name for path in installation.folder.iterdir() if swap.MARK in path.name or path.name == swap.PLAN]


def test_two_restores_in_one_second_keep_both_former_states(installation: Any, packed: Path) -> None:
    first = installation.run("restore", str(packed))["kept"]
    second = installation.run("restore", str(packed))["kept"]
    assert not set(first) & set(second)
    assert all(Path(path).exists() for path in first + second)
    assert names(installation) == ["old"]
    assert left_over(installation) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_fills_changes_nothing_and_is_named(
    installation: Any, packed: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    real = os.fsync

    def full(descriptor: int) -> None:
        if swap.MARK in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(code, os.strerror(code))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    message = installation.run("restore", str(packed), status=1)["error"]
    assert "not enough disk space" in message
    assert "Nothing was changed" in message
    assert names(installation) == ["old", "new"]
    assert left_over(installation) == []


def test_a_file_of_a_ticket_with_other_bytes_than_its_name_says_is_refused(installation: Any, packed: Path) -> None:
    name = "attachments/" + hashlib.sha256(b"genuine").hexdigest()
    with remade(packed) as (members, manifest):
        members[name] = b"forged"
        manifest["parts"].append({"name": name, "bytes": 0, "sha256": ""})
        sealed(manifest, name, b"forged")
    assert f"{name} in the backup is damaged." in installation.run("restore", str(packed), status=1)["error"]
    assert names(installation) == ["old", "new"]
    assert left_over(installation) == []


STEPS = (("rename", Path), ("unlink", Path), ("fsync", os))


def restore_until(installation: Any, packed: Path, last: int) -> bool:
    """Restore in a child process that ends like one killed before its step `last`; did it complete?"""
    child = os.fork()
    if child:
        return os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 0
    seen = 0
    try:
        for name, owner in STEPS:
            real = getattr(owner, name)

            def counted(*given: Any, _real: Any = real, **more: Any) -> Any:
                nonlocal seen
                seen += 1
                if seen > last:
                    os._exit(9)
                return _real(*given, **more)

            setattr(owner, name, counted)
        with installation.app.app_context():
            restore.restore(installation.settings, packed)
        os._exit(0)
    except BaseException:
        os._exit(8)


def test_killed_at_any_step_the_next_program_finds_all_of_before_or_all_of_the_backup(
    installation: Any, packed: Path
) -> None:
    complete, last, seen = False, 0, set()
    while not complete:
        installation.close()
        complete = restore_until(installation, packed, last)
        with installation.app.app_context():
            restore.recover(settings(installation.app))
        now = tuple(names(installation))
        assert now in (("old", "new"), ("old",)), f"killed before step {last}"
        seen.add(now)
        if now == ("old",) and not complete:
            with installation.app.app_context():
                create("new")
        last += 1
    assert ("old", "new") in seen
    assert names(installation) == ["old"]
    assert not (installation.folder / swap.PLAN).exists()


def test_a_server_is_not_started_while_a_restore_runs(installation: Any, packed: Path) -> None:
    settings = installation.settings
    swap.Plan("x", ()).write(settings.instance)
    with swap.alone(settings.instance), pytest.raises(OperationRefused, match="Another restore"):
        restore.recover(settings)
    assert "Run the restore again" in str(restore.recover(settings))


@pytest.mark.skipif(not os.access(RAM, os.W_OK), reason="no second file system to write to")
def test_a_database_on_another_file_system_is_replaced_there(
    installation: Any, empty: Callable[[], Any], packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    on_postgresql: bool,
) -> None:
    if on_postgresql:
        pytest.skip("the file system of a server is its own affair")
    folder = RAM / f"countinghouse-{os.getpid()}"
    folder.mkdir()
    try:
        assert folder.stat().st_dev != tmp_path.stat().st_dev
        monkeypatch.setenv("COUNTINGHOUSE_DATABASE_URL", f"sqlite:///{folder / 'business.db'}")
        other = empty()
        other.upgrade()
        kept = other.run("restore", str(packed))["kept"]
        assert names(other) == ["old"]
        assert str(folder) in kept[0]
        assert [path.name for path in folder.iterdir() if swap.MARK in path.name] == []
        other.close()
    finally:
        shutil.rmtree(folder)


def drop_member(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members.pop(next(name for name in members if name.startswith("default.")))


def drop_part(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["parts"] = [one for one in manifest["parts"] if not one["name"].startswith("default.")]


def no_revision(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["revisions"] = {}


def no_tables(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["tables"] = {name: [] for name in manifest["tables"]}


def text_for_parts(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["parts"] = "all of them"


def words_beside(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["note"] = "made by hand"


def another_secret(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["secret_key"] = b"a secret of somebody else, and long enough"
    sealed(manifest, "secret_key", members["secret_key"])


def unannounced_secret(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["with_secret"] = False


def odd_spool(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    members["spool/.hidden"] = b"x"
    manifest["parts"].append({"name": "spool/.hidden", "bytes": 1, "sha256": "0" * 64})


def small_claim(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["parts"][0]["bytes"] = 3


def twice(members: dict[str, bytes], manifest: dict[str, Any]) -> None:
    manifest["parts"].append(manifest["parts"][0])


@pytest.mark.parametrize("change", [
    drop_member, drop_part, no_revision, no_tables, text_for_parts, words_beside, another_secret, unannounced_secret,
    odd_spool, small_claim, twice,
])
def test_archives_made_by_hand_are_refused_in_a_sentence(installation: Any, packed: Path, change: Any) -> None:
    secret = (installation.folder / "secret_key").read_text()
    with remade(packed) as (members, manifest):
        change(members, manifest)
    message = installation.run("restore", str(packed), status=1)["error"]
    assert message.endswith(".")
    assert "unexpected error" not in message
    assert names(installation) == ["old", "new"]
    assert (installation.folder / "secret_key").read_text() == secret
    assert left_over(installation) == []


def test_a_database_without_the_tables_that_are_named_is_refused(
    installation: Any, packed: Path, tmp_path: Path, on_postgresql: bool
) -> None:
    if on_postgresql:
        pytest.skip("a dump names its tables itself")
    bare = tmp_path / "bare.db"
    connection = sqlite3.connect(bare)
    with remade(packed) as (members, manifest):
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (manifest["revisions"]["default"],))
        connection.commit()
        connection.close()
        members["default.db"] = bare.read_bytes()
        sealed(manifest, "default.db", members["default.db"])
    assert "lacks the table" in installation.run("restore", str(packed), status=1)["error"]
    assert names(installation) == ["old", "new"]


def test_a_dump_that_commands_psql_is_refused(tmp_path: Path) -> None:
    good = b"COPY public.t (a) FROM stdin;\n\\N\n\\\\x\n\\.\n" + postgresql.COMPLETE + b"\n"
    dump = tmp_path / "default.sql"
    dump.write_bytes(good)
    postgresql.check(dump)
    dump.write_bytes(b"\\! touch /tmp/planted\n" + good)
    with pytest.raises(OperationRefused, match="psql commands"):
        postgresql.check(dump)


def test_a_downgrade_asks_first(installation: Any) -> None:
    assert "--yes" in installation.run("db", "downgrade", "0006", status=1)["error"]
    assert "no revision" in installation.run("db", "downgrade", "none", "--yes", status=1)["error"]
    done = installation.run("db", "downgrade", "0006", "--yes")
    assert set(done["revisions"].values()) == {"0006"}
    installation.upgrade()


def test_a_log_database_that_is_deleted_under_the_server_is_noticed(installation: Any, on_postgresql: bool) -> None:
    if on_postgresql:
        pytest.skip("there is no file")
    client = installation.app.test_client()
    assert client.get("/readyz").status_code == 200
    path = Path(str(installation.settings.log_database_url).removeprefix("sqlite:///"))
    path.unlink()
    with installation.app.app_context():
        found = readiness.complaints(installation.settings)
    assert found["log_database"] == "its file was deleted or replaced"


@pytest.mark.once("changes the text of a dump")
def test_where_trigrams_cannot_be_installed_a_dump_is_read_without_their_indexes(tmp_path, monkeypatch):
    lines = [
        "COPY public.customers (id, name) FROM stdin;",
        "1\tgin_trgm_ops", "2\tCREATE INDEX a USING gin_trgm_ops", "\\.",
        "CREATE INDEX ix_a ON public.customers USING btree (name);",
        "CREATE INDEX ix_b ON public.customers USING gin (search_text public.gin_trgm_ops);",
    ]
    dump = tmp_path / "dump.sql"
    dump.write_text("\n".join(lines) + "\n")
    asked = []

    def refuse(command, url):
        asked.append(command[-1])
        raise OperationRefused("psql failed: permission denied to create extension")

    monkeypatch.setattr(postgresql, "run", refuse)
    read = postgresql.searchable(make_url("postgresql://127.0.0.1/test"), dump)
    assert asked == ["--command=CREATE EXTENSION IF NOT EXISTS pg_trgm"]
    assert read.read_text().splitlines() == lines[:-1]
    dump.write_text("\n".join(lines[:-1]) + "\n")
    assert postgresql.searchable(make_url("postgresql://127.0.0.1/test"), dump) == dump

"""Backup and restore: whole, consistent under load, refused when damaged."""

import json
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, func, select, text

from analytics.log import drain
from analytics.log.spool import Spool
from analytics.store import requests
from config import from_environment
from database import db, transaction
from domain.actor import Actor
from domain.people import logos, merchants
from domain.support.ticket_file_store import AttachmentStore
from models.audit import AuditEntry
from models.logo import Logo
from models.merchant import Merchant
from models.ticket import TicketAttachment
from operations import archive
from tests.pictures import png
from tests.ticketed import make_file, make_ticket

pytestmark = pytest.mark.files


def create(name: str) -> None:
    with transaction():
        merchants.create(Actor.operator(), merchants.MerchantInput(name=name))


def names(installation: Any) -> list[str]:
    with installation.app.app_context():
        return list(db.session.scalars(select(Merchant.name).order_by(Merchant.id)))


def logged(installation: Any) -> list[str]:
    with installation.app.app_context():
        drain.drain(installation.settings.spool)
        with db.engines["log"].connect() as connection:
            return sorted(connection.scalars(select(requests.c.request_id)))


@contextmanager
def busy(installation: Any, record: dict[str, Any]) -> Iterator[Callable[[], None]]:
    """Merchants and requests come in, and the drainer works, until the block ends."""
    stop, progress = threading.Event(), threading.Semaphore(0)
    spool = Spool(installation.settings.spool, rotate_at=20_000)

    def write() -> None:
        with installation.app.app_context():
            number = 0
            while not stop.is_set():
                create(f"merchant {number}")
                for each in range(20):
                    spool.append(record | {"request_id": f"req_{number:05}_{each:02}"})
                number += 1
                progress.release()

    def store() -> None:
        with installation.app.app_context():
            while not stop.wait(0.02):
                drain.drain(installation.settings.spool)

    threads = [threading.Thread(target=write), threading.Thread(target=store)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: [progress.acquire() for _ in range(5)] and None
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        spool.close()


def test_a_backup_brings_back_what_was_there(installation: Any, record: dict[str, Any], tmp_path: Path) -> None:
    spool = Spool(installation.settings.spool)
    with installation.app.app_context():
        create("before")
        with transaction():
            own, merchant = merchants.LISTING.lock(Actor.operator(), 1)
            logos.put(own, merchant, png())
        picture = db.session.scalars(select(Logo.body)).one()
    spool.append(record | {"request_id": "req_stored"})
    assert logged(installation) == ["req_stored"]
    spool.append(record | {"request_id": "req_waiting"})
    made = installation.run("backup", str(tmp_path / "b.zip"))
    assert made["with_secret"] is False
    assert Path(made["file"]).stat().st_mode & 0o777 == 0o600
    with installation.app.app_context():
        create("after")
    spool.append(record | {"request_id": "req_after"})
    spool.close()
    restored = installation.run("restore", made["file"])
    assert restored["secret"] == "unchanged"
    assert restored["needs_upgrade"] is False
    assert names(installation) == ["before"]
    with installation.app.app_context():
        shown = select(Logo.body).join(Merchant, Merchant.logo_digest == Logo.digest)
        assert db.session.scalars(shown).all() == [picture]
    assert {path.stat().st_mode & 0o777 for path in installation.folder.glob("*.db")} <= {0o600}
    assert logged(installation) == ["req_stored", "req_waiting"]
    assert installation.run("check")["ok"]
    with installation.app.app_context():
        create("next")
    assert names(installation) == ["before", "next"]


def stored_files(installation: Any) -> dict[str, bytes]:
    store = AttachmentStore.of(installation.folder)
    return {path.name: path.read_bytes() for path in store.files()}


def test_files_of_tickets_are_saved_and_brought_back_with_their_rows(installation: Any, tmp_path: Path) -> None:
    with installation.app.app_context():
        create("before")
        with_file = make_file(make_ticket(1), "plan.pdf", b"%PDF the plan")
        digest = db.session.get_one(TicketAttachment, with_file).digest
    made = installation.run("backup", str(tmp_path / "b.zip"))
    assert f"attachments/{digest}" in made["parts"]
    with installation.app.app_context():
        make_file(make_ticket(1), "later.txt", b"later")
        AttachmentStore.of(installation.folder).path(digest).unlink()
    restored = installation.run("restore", made["file"])
    assert stored_files(installation) == {digest: b"%PDF the plan"}
    assert [path for path in restored["kept"] if "attachments" in path]
    with installation.app.app_context():
        assert db.session.scalars(select(TicketAttachment.digest)).all() == [digest]
    assert (installation.folder / "attachments").stat().st_mode & 0o777 == 0o700


def test_backups_under_load_are_consistent(
    installation: Any, empty: Callable[[], Any], record: dict[str, Any], tmp_path: Path
) -> None:
    files = [tmp_path / f"{number}.zip" for number in range(3)]
    with busy(installation, record) as advance:
        for file in files:
            advance()
            installation.run("backup", str(file))
    target = empty()
    target.upgrade()
    seen = 0
    for file in files:
        target.run("restore", str(file))
        with target.app.app_context():
            count = db.session.scalar(select(func.count()).select_from(Merchant))
            assert count == db.session.scalar(select(func.count()).select_from(AuditEntry))
        assert count >= seen
        seen = count
        found = logged(target)
        assert len(found) == len(set(found))
        # Nothing is missing in between: what was acknowledged first is there.
        assert found == [f"req_{number // 20:05}_{number % 20:02}" for number in range(len(found))]


@pytest.mark.parametrize("kept", [0.0, 0.2, 0.6, 0.95, 0.999])
def test_a_cut_off_archive_is_refused_and_nothing_is_touched(installation: Any, tmp_path: Path, kept: float) -> None:
    with installation.app.app_context():
        create("here")
    file = tmp_path / "b.zip"
    installation.run("backup", str(file))
    with installation.app.app_context():
        create("since")
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * kept)])
    assert "not a complete backup" in installation.run("restore", str(file), status=1)["error"]
    assert names(installation) == ["here", "since"]


@pytest.mark.parametrize("place", [0.1, 0.5, 0.8])
def test_a_damaged_archive_is_refused(installation: Any, tmp_path: Path, place: float) -> None:
    file = tmp_path / "b.zip"
    installation.run("backup", str(file))
    content = bytearray(file.read_bytes())
    for offset in range(16):
        content[int(len(content) * place) + offset] ^= 0xFF
    file.write_bytes(content)
    assert "error" in installation.run("restore", str(file), status=1)
    assert names(installation) == []


def test_what_is_no_backup_is_refused(installation: Any, tmp_path: Path) -> None:
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("readme", "hello")
    other.with_suffix(".tar").write_text("no archive")
    assert "ZIP archive" in installation.run("restore", str(other.with_suffix(".tar")), status=1)["error"]
    assert "not a backup of this program" in installation.run("restore", str(other), status=1)["error"]
    assert "There is no file" in installation.run("restore", str(tmp_path / "absent"), status=1)["error"]


def test_an_archive_with_a_foreign_part_writes_nowhere_else(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    installation.run("backup", str(file))
    with zipfile.ZipFile(file) as old:
        content = {name: old.read(name) for name in old.namelist()}
    manifest = json.loads(content.pop(archive.MANIFEST))
    manifest["parts"][0]["name"] = "spool/../../escaped"
    with zipfile.ZipFile(file, "w") as new:
        for name, data in content.items():
            new.writestr("spool/../../escaped" if name == old.namelist()[0] else name, data)
        new.writestr(archive.MANIFEST, json.dumps(manifest))
    installation.run("restore", str(file), status=1)
    assert not list(tmp_path.rglob("escaped"))


def test_a_backup_of_a_newer_program_is_refused(installation: Any, tmp_path: Path) -> None:
    with installation.app.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    installation.run("backup", str(tmp_path / "b.zip"))
    assert "newer than this program" in installation.run("restore", str(tmp_path / "b.zip"), status=1)["error"]


def test_a_database_in_use_is_not_replaced(installation: Any, tmp_path: Path) -> None:
    installation.run("backup", str(tmp_path / "b.zip"))
    server = create_engine(installation.settings.database_url, poolclass=NullPool)
    with server.connect() as connection:
        connection.execute(text("SELECT count(*) FROM merchants"))
        assert "Stop the server" in installation.run("restore", str(tmp_path / "b.zip"), status=1)["error"]
    installation.run("restore", str(tmp_path / "b.zip"))


def test_the_secret_comes_along_only_when_asked_for(
    installation: Any, empty: Callable[[], Any], tmp_path: Path
) -> None:
    secret = (installation.folder / "secret_key").read_text()
    installation.run("backup", str(tmp_path / "without.zip"))
    made = installation.run("backup", str(tmp_path / "with.zip"), "--with-secret")
    assert made["with_secret"] is True
    with zipfile.ZipFile(tmp_path / "without.zip") as file:
        assert all(secret.encode() not in file.read(name) for name in file.namelist())
    fresh = empty()
    assert fresh.run("restore", str(tmp_path / "without.zip"))["secret"] == "differs"
    assert fresh.run("restore", str(tmp_path / "with.zip"))["secret"] == "restored"
    assert (fresh.folder / "secret_key").read_text() == secret
    assert (fresh.folder / "secret_key").stat().st_mode & 0o777 == 0o600


def test_check_notices_a_restore_under_another_secret(
    installation: Any, empty: Callable[[], Any], tmp_path: Path
) -> None:
    given = ["--email", "a@example.com", "--password", "seven quiet ledgers at dusk", "--all-merchants"]
    installation.run("user", "create", *given)
    assert installation.run("check")["ok"]
    installation.run("backup", str(tmp_path / "b.zip"))
    fresh = empty()
    fresh.run("restore", str(tmp_path / "b.zip"))
    found = fresh.run("check", status=1)["details"]["checks"]
    assert [(one["name"], one["status"]) for one in found] == [("stored secrets", "wrong")]
    fresh.run("user", "create", *["b@example.com" if one == "a@example.com" else one for one in given])
    noticed = {one["name"]: one["status"] for one in fresh.run("check")["checks"]}
    assert noticed["stored secrets"] == "warning"


def test_a_backup_replaces_a_file_only_with_force(installation: Any, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    file.write_text("what I keep")
    assert "--force" in installation.run("backup", str(file), status=1)["error"]
    assert file.read_text() == "what I keep"
    installation.run("backup", str(file), "--force")
    assert zipfile.is_zipfile(file)


def test_a_failed_backup_leaves_nothing(installation: Any, tmp_path: Path) -> None:
    assert "no folder" in installation.run("backup", str(tmp_path / "absent" / "b.zip"), status=1)["error"]
    (tmp_path / "b.zip").mkdir()
    installation.run("backup", str(tmp_path / "b.zip"), status=2)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_a_rotated_secret_is_restored_as_the_list_it_is(
    installation: Any, empty: Callable[[], Any], tmp_path: Path
) -> None:
    secrets = "the newer secret of this installation", "the older secret of this installation"
    (installation.folder / "secret_key").write_text(",".join(secrets))
    installation.settings = replace(installation.settings, secret_keys=secrets)
    installation.app.config["SETTINGS"] = installation.settings
    installation.run("backup", str(tmp_path / "b.zip"), "--with-secret")
    fresh = empty()
    fresh.run("restore", str(tmp_path / "b.zip"))
    assert from_environment().secret_keys == secrets

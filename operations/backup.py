"""Backup and restore: one archive of both databases and the spool, taken while the server runs."""

import hashlib
import hmac
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect

from config import Settings
from database import db
from domain import clock
from operations import postgresql, revisions, sqlite
from operations.archive import Manifest, Part, extract, reading, writing
from operations.errors import OperationRefused
from operations.revisions import BIND_KEYS, VERSION_TABLES

SECRET_FILE = "secret_key"  # noqa: S105  (the name of a file)
Content = Callable[[Path], bytes]
Pause = Callable[[], AbstractContextManager[Any]]


def backup(
    settings: Settings, target: Path, *, with_secret: bool = False, pause: Pause = nullcontext,
    content: Content = Path.read_bytes,
) -> dict[str, Any]:
    """Write the archive.

    `pause` holds back whoever moves rows from the spool to the database meanwhile; `content` reads
    what a spool file holds, while servers go on noting. Raises OperationRefused, and then leaves
    nothing under the name.
    """
    if not target.parent.is_dir():
        raise OperationRefused(f"There is no folder {target.parent}.")
    engines = _engines(settings)
    manifest = Manifest(
        created_at=clock.now().isoformat(), dialects={name: each.dialect.name for name, each in engines.items()},
        revisions=revisions.current(), tables={name: _tables(name, engines) for name in engines},
        secret_mark=mark(settings), with_secret=with_secret,
    )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as work, writing(target, manifest) as writer:
        # First all copies, quickly and close together in time; packing them may then take its time.
        with pause():                                # the log database and the spool must be of one moment
            copies = _copies(settings, engines, manifest, Path(work), content)
        for path in copies:
            writer.add(path, str(path.relative_to(work)))
            path.unlink()
    return {
        "file": str(target), "bytes": target.stat().st_size, "parts": [part.name for part in manifest.parts],
        "with_secret": with_secret, "created_at": manifest.created_at,
    }


def restore(settings: Settings, source: Path) -> dict[str, Any]:
    """Put the archive's content in place of the installation's; checks everything before it touches anything.

    What SQLite files and spool files were there is kept beside, under a name that the result gives.
    """
    with reading(source) as (archive, manifest):
        engines = _engines(settings)
        _must_fit(manifest, engines)
        with tempfile.TemporaryDirectory(dir=settings.instance, prefix=".restore-") as work:
            files = {part.name: _extracted(archive, part, Path(work)) for part in manifest.parts}
            _check(manifest, files)
            for engine in db.engines.values():
                engine.dispose()
            for engine in engines.values():
                _must_be_alone(engine)
            kept = _keep_old(settings, engines)
            for name, engine in engines.items():
                _put(name, engine, manifest, files[_member(name, engine)])
            _put_spools(settings, files)
            secret = _put_secret(settings, files)
    same = mark(settings) == manifest.secret_mark
    return {
        "restored": str(source), "created_at": manifest.created_at, "kept": kept,
        "secret": "restored" if secret else "unchanged" if same else "differs",
        "needs_upgrade": any(each != revisions.newest() for each in manifest.revisions.values()),
    }


def mark(settings: Settings) -> str:
    """A sign of the secret that new tokens are signed with."""
    return hmac.digest(settings.secret_keys[0].encode(), b"backup mark", hashlib.sha256).hex()[:16]


def _engines(settings: Settings) -> dict[str, Engine]:
    """By bind; a log that lives in the business database comes along with that."""
    engines = {"default": db.engine, "log": db.engines["log"]}
    if settings.log_database_url == settings.database_url:
        del engines["log"]
    return engines


def _tables(name: str, engines: dict[str, Engine]) -> list[str]:
    """Our tables in a database, those of the other bind included when they share it."""
    names = [name] if "log" in engines else list(BIND_KEYS)
    ours = set()
    for each in names:
        ours |= {VERSION_TABLES[each], *db.metadatas[BIND_KEYS[each]].tables}
    return sorted(ours & set(inspect(engines[name]).get_table_names()))


def _member(name: str, engine: Engine) -> str:
    return f"{name}.{'db' if engine.dialect.name == 'sqlite' else 'sql'}"


def _file(engine: Engine) -> Path:
    if engine.url.database in (None, "", ":memory:"):
        raise OperationRefused("A database in memory can be neither saved nor restored.")
    return Path(str(engine.url.database))


def _copies(
    settings: Settings, engines: dict[str, Engine], manifest: Manifest, work: Path, content: Content
) -> list[Path]:
    """Everything that goes into the archive, as files in the work folder."""
    spool = work / "spool"
    spool.mkdir()
    copies = [_copy_database(name, engine, manifest, work) for name, engine in engines.items()]
    for each in _spools(settings):
        copies.append(spool / each.name)
        copies[-1].write_bytes(content(each))
    if manifest.with_secret:
        copies.append(work / SECRET_FILE)
        copies[-1].touch(0o600)
        copies[-1].write_text(",".join(settings.secret_keys))
    return copies


def _copy_database(name: str, engine: Engine, manifest: Manifest, work: Path) -> Path:
    copy = work / _member(name, engine)
    if engine.dialect.name == "sqlite":
        sqlite.copy(_file(engine), copy)
    else:
        postgresql.dump(engine.url, manifest.tables[name], copy)
    return copy


def _spools(settings: Settings) -> list[Path]:
    return sorted(settings.spool.glob("*.spool"))


def _must_fit(manifest: Manifest, engines: dict[str, Engine]) -> None:
    here = {name: each.dialect.name for name, each in engines.items()}
    if here != manifest.dialects:
        raise OperationRefused(
            "The backup is of other databases than the settings name.", backup=manifest.dialects, settings=here
        )
    newer = [each for each in manifest.revisions.values() if not revisions.knows(each)]
    if newer:
        raise OperationRefused(f"The backup is of revision {newer[0]}, newer than this program: upgrade the program.")


def _extracted(archive: zipfile.ZipFile, part: Part, work: Path) -> Path:
    folder = work / ("spool" if part.name.startswith("spool/") else ".")
    folder.mkdir(exist_ok=True)
    return extract(archive, part, folder)


def _check(manifest: Manifest, files: dict[str, Path]) -> None:
    for name, dialect in manifest.dialects.items():
        if dialect == "sqlite":
            copy = files[f"{name}.db"]
            sqlite.check(copy)
            if sqlite.version(copy, VERSION_TABLES[name]) != manifest.revisions[name]:
                raise OperationRefused(f"{copy.name} is not of the revision that the backup names.")
        else:
            postgresql.check(files[f"{name}.sql"])


def _must_be_alone(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        sqlite.close_journal(_file(engine))
    else:
        postgresql.refuse_company(engine.url)


def _keep_old(settings: Settings, engines: dict[str, Engine]) -> list[str]:
    """Rename what is about to be replaced."""
    stamp = clock.now().strftime("%Y%m%dT%H%M%SZ")
    old = [_file(each) for each in engines.values() if each.dialect.name == "sqlite"]
    old += [settings.spool] if _spools(settings) else []
    kept = []
    for path in old:
        if path.exists():
            aside = path.with_name(f"{path.name}.before-restore-{stamp}")
            path.rename(aside)
            kept.append(str(aside))
    return kept


def _put(name: str, engine: Engine, manifest: Manifest, copy: Path) -> None:
    if engine.dialect.name == "sqlite":
        target = _file(engine)
        _move(copy, target)
    else:
        tables = set(manifest.tables[name]) | set(inspect(engine).get_table_names()) & _known()
        engine.dispose()
        postgresql.replace(engine.url, sorted(tables), copy)


def _known() -> set[str]:
    return {table for each in db.metadatas.values() for table in each.tables} | set(VERSION_TABLES.values())


def _put_spools(settings: Settings, files: dict[str, Path]) -> None:
    settings.spool.mkdir(exist_ok=True)
    for name, path in files.items():
        if name.startswith("spool/"):
            _move(path, settings.spool / path.name)


def _move(source: Path, target: Path) -> None:
    """Atomically, also from another file system; on disk when this returns."""
    if source.stat().st_dev != target.parent.stat().st_dev:
        near = target.with_name(f".{target.name}.partial")
        near.touch(0o600)
        shutil.copyfile(source, near)
        source = near
    sqlite.sync(source)
    os.replace(source, target)
    sqlite.sync(target)


def _put_secret(settings: Settings, files: dict[str, Path]) -> bool:
    if SECRET_FILE not in files:
        return False
    files[SECRET_FILE].chmod(0o600)
    _move(files[SECRET_FILE], settings.instance / SECRET_FILE)
    return True

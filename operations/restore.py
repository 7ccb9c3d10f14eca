"""Restores a backup: replaces the installation's data by the backup's, all or nothing."""

import errno
import re
import secrets
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect, make_url

from config import MINIMUM_SECRET, Settings
from database import db
from domain import clock
from domain.support.ticket_file_store import FOLDER
from operations import postgresql, revisions, sqlite, swap
from operations.archive import Manifest, Part, extract, reading
from operations.backup import SECRET_FILE, engines_of, file_of, mark, mark_of, member
from operations.errors import OperationRefused
from operations.revisions import VERSION_TABLES
from operations.swap import Plan, Swap

SPOOL_FILE = re.compile(r"spool/[A-Za-z0-9][A-Za-z0-9._-]{0,100}\.spool", re.ASCII)
ATTACHMENT = re.compile(rf"{FOLDER}/[0-9a-f]{{64}}", re.ASCII)
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNTOUCHED = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Staged:
    """The extracted archive, on disk beside its target."""

    plan: Plan
    dumps: dict[str, Path]                           # of PostgreSQL, by bind
    secret: bool

    @property
    def files(self) -> list[Path]:
        return [*(one.staged for one in self.plan.swaps), *self.dumps.values()]


def restore(settings: Settings, source: Path) -> dict[str, Any]:
    """Replace the installation's data by the archive's; checks everything before it changes anything.

    Previous SQLite and spool files are kept under the names in the result. Raises OperationRefused; the
    previous data is then unchanged.
    """
    with swap.alone(settings.instance), reading(source) as (archive, manifest):
        take_back(settings)
        engines = engines_of(settings)
        _must_fit(manifest, engines)
        _must_be_complete(manifest, archive)
        ident = f"{clock.now():%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        swap.sweep([*_places(settings, engines).values()])
        with _staged(settings, engines, archive, manifest, ident) as staged:
            for engine in db.engines.values():
                engine.dispose()
            for engine in engines.values():
                _must_be_alone(engine)
            _put(settings, engines, manifest, staged)
        kept = [one for one in staged.plan.swaps if one.had and not swap.is_empty(one.aside)]
    same = mark(settings) == manifest.secret_mark
    return {
        "restored": str(source), "created_at": manifest.created_at,
        "kept": [str(one.aside) for one in kept],
        "secret": "restored" if staged.secret else "unchanged" if same else "differs",
        "needs_upgrade": any(each != revisions.newest() for each in manifest.revisions.values()),
    }


def take_back(settings: Settings) -> str | None:
    """Undo an interrupted restore; returns a message about it, or None.

    Replacing a PostgreSQL database leaves the plan's name in it: if it is there, the restore is completed instead.
    """
    plan = swap.found(settings.instance)
    if plan is None:
        return None
    replaced = [postgresql.note(url) == plan.ident for url in _servers(settings)]
    if replaced and all(replaced):
        plan.forward()
        words = "A restore was interrupted after its last check; it is complete now."
    else:
        plan.back()
        words = "A restore was interrupted; the previous data is back. Run the restore again."
        if any(replaced):
            words = "A restore was interrupted between two PostgreSQL servers. Run the restore again."
    swap.forget(settings.instance)
    return words


def recover(settings: Settings) -> str | None:
    """`take_back` at the start of a program; raises OperationRefused while a restore is running."""
    if not (settings.instance / swap.PLAN).exists():
        return None
    with swap.alone(settings.instance):
        return take_back(settings)


def _servers(settings: Settings) -> list[Any]:
    urls = {settings.database_url, settings.log_database_url}
    return [make_url(url) for url in sorted(urls) if url.startswith("postgresql")]


def _places(settings: Settings, engines: dict[str, Engine]) -> dict[str, Path]:
    """The files that a restore replaces, by name."""
    files = {name: file_of(engine) for name, engine in engines.items() if engine.dialect.name == "sqlite"}
    dumps = {name: settings.instance / f"{name}.sql" for name in engines if name not in files}
    return {
        **files, **dumps, "spool": settings.spool, FOLDER: settings.instance / FOLDER,
        SECRET_FILE: settings.instance / SECRET_FILE,
    }


# Before anything is touched ------------------------------------------------------------------------


def _must_fit(manifest: Manifest, engines: dict[str, Engine]) -> None:
    here = {name: each.dialect.name for name, each in engines.items()}
    if here != manifest.dialects:
        raise OperationRefused(
            "The backup is from other databases than those in the settings.", backup=manifest.dialects, settings=here
        )
    newer = [each for each in manifest.revisions.values() if not revisions.knows(each)]
    if newer:
        raise OperationRefused(f"The backup has revision {newer[0]}, newer than this program: upgrade the program.")
    for name in here:
        if manifest.revisions.get(name) is None or VERSION_TABLES[name] not in manifest.tables.get(name, ()):
            raise OperationRefused(f"The backup has no tables of the {name} database. {UNTOUCHED}")


def _must_be_complete(manifest: Manifest, archive: zipfile.ZipFile) -> None:
    """Check for exactly the members that `backup` writes, each once."""
    names = [part.name for part in manifest.parts]
    wanted = {f"{name}.{'db' if dialect == 'sqlite' else 'sql'}" for name, dialect in manifest.dialects.items()}
    wanted |= {SECRET_FILE} if manifest.with_secret else set()
    missing = sorted((wanted | set(names)) - set(archive.namelist()) | (wanted - set(names)))
    if missing:
        raise OperationRefused(f"{missing[0]} is missing in the backup. {UNTOUCHED}")
    known = (SPOOL_FILE, ATTACHMENT)
    odd = [name for name in names if name not in wanted and not any(one.fullmatch(name) for one in known)]
    odd += [name for name in names if names.count(name) > 1 or archive.namelist().count(name) > 1]
    if odd:
        raise OperationRefused(f"The backup has a part that `backup` does not write: {odd[0]}. {UNTOUCHED}")


@contextmanager
def _staged(
    settings: Settings, engines: dict[str, Engine], archive: zipfile.ZipFile, manifest: Manifest, ident: str
) -> Iterator[Staged]:
    """Extract and check everything beside its target; removed afterwards."""
    places = _places(settings, engines)
    swaps = {name: Swap.of(place, ident) for name, place in places.items()}
    parts = {part.name: part for part in manifest.parts}
    files = [name for name, engine in engines.items() if engine.dialect.name == "sqlite"]
    used = [swaps[name] for name in (*files, "spool", FOLDER, *((SECRET_FILE,) if manifest.with_secret else ()))]
    dumps = {name: swaps[name].staged for name in engines if name not in files}
    staged = Staged(Plan(ident, tuple(used)), dumps, manifest.with_secret)
    try:
        with _room():
            for name, engine in engines.items():
                extract(archive, parts[member(name, engine)], swaps[name].staged)
            _stage_spool(archive, manifest.parts, swaps["spool"].staged)
            _stage_attachments(archive, manifest.parts, swaps[FOLDER].staged)
            if manifest.with_secret:
                extract(archive, parts[SECRET_FILE], swaps[SECRET_FILE].staged)
            _check(manifest, {name: swaps[name].staged for name in engines})
            if manifest.with_secret:
                _check_secret(manifest, swaps[SECRET_FILE].staged)
        yield staged
    finally:
        for left in staged.files:
            swap.remove(left)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno in NO_ROOM:
            raise OperationRefused(
                f"There is not enough disk space for the restored files. {UNTOUCHED} "
                "Free disk space, then restore again."
            ) from None
        raise


def _stage_spool(archive: zipfile.ZipFile, parts: list[Part], folder: Path) -> None:
    folder.mkdir(mode=0o700)
    for part in parts:
        if part.name.startswith("spool/"):
            extract(archive, part, folder / Path(part.name).name)


def _stage_attachments(archive: zipfile.ZipFile, parts: list[Part], folder: Path) -> None:
    """The files of tickets, each checked against the digest that is its name."""
    folder.mkdir(mode=0o700)
    for part in parts:
        if ATTACHMENT.fullmatch(part.name):
            digest = Path(part.name).name
            if part.sha256 != digest:
                raise OperationRefused(f"{part.name} in the backup is damaged.")
            (folder / digest[:2]).mkdir(mode=0o700, exist_ok=True)
            extract(archive, part, folder / digest[:2] / digest)


def _check(manifest: Manifest, files: dict[str, Path]) -> None:
    for name, dialect in manifest.dialects.items():
        if dialect == "sqlite":
            sqlite.check(files[name], f"{name}.db")
            if sqlite.version(files[name], VERSION_TABLES[name]) != manifest.revisions[name]:
                raise OperationRefused(f"{name}.db is not of the revision that the backup names. {UNTOUCHED}")
            absent = sorted(set(manifest.tables[name]) - sqlite.tables(files[name]))
            if absent:
                raise OperationRefused(f"{name}.db lacks the table {absent[0]}. {UNTOUCHED}")
        else:
            postgresql.check(files[name], f"{name}.sql")


def _check_secret(manifest: Manifest, path: Path) -> None:
    """Check that the secret is the backup's."""
    keys = path.read_text(errors="replace").strip().split(",")
    if any(len(key) < MINIMUM_SECRET for key in keys) or mark_of(keys[0]) != manifest.secret_mark:
        raise OperationRefused(f"The secret in the backup is not the one that it was made under. {UNTOUCHED}")


def _must_be_alone(engine: Engine) -> None:
    if engine.dialect.name == "sqlite":
        sqlite.close_journal(file_of(engine))
    else:
        postgresql.refuse_other_connections(engine.url)


# Replacing -----------------------------------------------------------------------------------------


def _put(settings: Settings, engines: dict[str, Engine], manifest: Manifest, staged: Staged) -> None:
    """Replace the data; any failure restores the previous state."""
    folder = settings.instance
    staged.plan.write(folder)
    try:
        for name, dump in staged.dumps.items():
            _replace(name, engines[name], manifest, dump, staged.plan.ident)
        staged.plan.forward()
    except BaseException as problem:
        done = take_back(settings)
        if isinstance(problem, OSError):
            raise OperationRefused(f"The restore failed ({problem.strerror}). {done}") from None
        raise
    swap.forget(folder)


def _replace(name: str, engine: Engine, manifest: Manifest, dump: Path, ident: str) -> None:
    tables = set(manifest.tables[name]) | set(inspect(engine).get_table_names()) & _known()
    engine.dispose()
    postgresql.replace(engine.url, sorted(tables), dump, note=(VERSION_TABLES[name], ident))


def _known() -> set[str]:
    return {table for each in db.metadatas.values() for table in each.tables} | set(VERSION_TABLES.values())



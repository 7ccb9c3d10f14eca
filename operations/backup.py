"""Backs up both databases, the spool and the files of tickets into one archive, while the server runs."""

import hashlib
import hmac
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, inspect

from config import Settings
from database import db
from domain import clock
from domain.support.ticket_file_store import FOLDER, AttachmentStore
from operations import postgresql, revisions, sqlite
from operations.archive import Manifest, writing
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

    `pause` stops the drainer meanwhile; `content` reads a spool file, to which servers go on
    appending. Raises OperationRefused, and then leaves nothing under the name.
    """
    if not target.parent.is_dir():
        raise OperationRefused(f"There is no folder {target.parent}.")
    engines = engines_of(settings)
    manifest = Manifest(
        created_at=clock.now().isoformat(), dialects={name: each.dialect.name for name, each in engines.items()},
        revisions=revisions.current(), tables={name: _tables(name, engines) for name in engines},
        secret_mark=mark(settings), with_secret=with_secret,
    )
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as work, writing(target, manifest) as writer:
        # First all copies, close together in time; compressing them takes longer.
        with pause():                                # the log database and the spool must be of one moment
            copies = _copies(settings, engines, manifest, Path(work), content)
        for path in copies:
            writer.add(path, str(path.relative_to(work)))
            path.unlink()
        # A file of a ticket is there before its row, and never changes: what the copied rows name is read now.
        for path in AttachmentStore.of(settings.instance).files():
            with suppress(FileNotFoundError):        # one that no row names may be removed meanwhile
                writer.add(path, f"{FOLDER}/{path.name}")
    return {
        "file": str(target), "bytes": target.stat().st_size, "parts": [part.name for part in manifest.parts],
        "with_secret": with_secret, "created_at": manifest.created_at,
    }


def mark(settings: Settings) -> str:
    """The mark of the secret that signs new tokens."""
    return mark_of(settings.secret_keys[0])


def mark_of(secret: str) -> str:
    """A mark that identifies a secret without revealing it."""
    return hmac.digest(secret.encode(), b"backup mark", hashlib.sha256).hex()[:16]


def engines_of(settings: Settings) -> dict[str, Engine]:
    """The engines by bind; a log kept in the business database has no own one."""
    engines = {"default": db.engine, "log": db.engines["log"]}
    if settings.log_database_url == settings.database_url:
        del engines["log"]
    return engines


def _tables(name: str, engines: dict[str, Engine]) -> list[str]:
    """The program's tables in a database, with the other bind's when they share it."""
    names = [name] if "log" in engines else list(BIND_KEYS)
    ours = set()
    for each in names:
        ours |= {VERSION_TABLES[each], *db.metadatas[BIND_KEYS[each]].tables}
    return sorted(ours & set(inspect(engines[name]).get_table_names()))


def member(name: str, engine: Engine) -> str:
    """The name of a database in the archive."""
    return f"{name}.{'db' if engine.dialect.name == 'sqlite' else 'sql'}"


def file_of(engine: Engine) -> Path:
    """The file of a SQLite database."""
    if engine.url.database in (None, "", ":memory:"):
        raise OperationRefused("A database in memory can be neither saved nor restored.")
    return Path(str(engine.url.database))


def _copies(
    settings: Settings, engines: dict[str, Engine], manifest: Manifest, work: Path, content: Content
) -> list[Path]:
    """The parts of the archive, as files in the work folder."""
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
    copy = work / member(name, engine)
    if engine.dialect.name == "sqlite":
        sqlite.copy(file_of(engine), copy)
    else:
        postgresql.dump(engine.url, manifest.tables[name], copy)
    return copy


def _spools(settings: Settings) -> list[Path]:
    return sorted(settings.spool.glob("*.spool"))

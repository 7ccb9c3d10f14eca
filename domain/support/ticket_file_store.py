"""Keeps the bytes of attachments as files of the instance folder, outside of what a web server serves.

A file is named by the SHA-256 of its bytes, so equal files are kept once. It is written before the transaction that
stores its row; what no row names after a day is removed.
"""

import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FOLDER = "attachments"
LOCK = ".lock"
NAMED = re.compile(r"[0-9a-f]{64}", re.ASCII)
UNNAMED_FOR = 24 * 3600.0               # seconds after which a file that no row names is removed
BATCH = 500


class AttachmentStore:
    """The files in one folder, each below a folder of its first two characters; configured in app.py."""

    def __init__(self) -> None:
        self.folder = Path(FOLDER)

    def configure(self, instance: Path) -> None:
        self.folder = instance / FOLDER

    @classmethod
    def of(cls, instance: Path) -> "AttachmentStore":
        """The files of an installation."""
        made = cls()
        made.configure(instance)
        return made

    def put(self, content: bytes) -> str:
        """Keep the bytes; returns their digest. They are on disk when this returns."""
        digest = hashlib.sha256(content).hexdigest()
        path = self.path(digest)
        with self._locked(fcntl.LOCK_SH):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if path.exists():
                now = time.time()                    # of the clock by which files are removed
                os.utime(path, (now, now))           # so that it is not removed before its row is stored
            else:
                self._write(path, content)
        return digest

    def path(self, digest: str) -> Path:
        """Where the bytes with this digest are."""
        if not NAMED.fullmatch(digest):
            raise ValueError("not a digest")
        return self.folder / digest[:2] / digest

    def files(self) -> Iterator[Path]:
        """Every file, named by its digest."""
        return (path for path in sorted(self.folder.glob("??/*")) if NAMED.fullmatch(path.name))

    def read(self, digest: str) -> bytes:
        """The bytes; raises FileNotFoundError."""
        return self.path(digest).read_bytes()

    def remove_unnamed(self, named: Callable[[list[str]], set[str]]) -> int:
        """Remove old files that no row names; `named` says which of some digests rows name. Returns how many."""
        removed, limit = 0, time.time() - UNNAMED_FOR
        for batch in _batches(path for path in self.files() if path.stat().st_mtime < limit):
            kept = named([path.name for path in batch])
            with self._locked(fcntl.LOCK_EX):
                for path in batch:
                    if path.name not in kept and path.stat().st_mtime < limit:
                        path.unlink()
                        removed += 1
        return removed

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.rename(path)
        finally:
            with suppress(FileNotFoundError):
                draft.unlink()

    @contextmanager
    def _locked(self, kind: int) -> Iterator[None]:
        """Keep a file that is just used again from being removed as an old one."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)


def _batches(paths: Iterable[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    for path in paths:
        batch.append(path)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


store = AttachmentStore()

"""Reads and writes backup archives: a zip with a manifest of every part, its length and checksum.

A ZIP's directory is at its end, so a truncated archive is detected at once.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, with_config

from database.sqlite import owner_only
from operations.errors import OperationRefused
from operations.sqlite import sync

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20


@with_config(ConfigDict(extra="forbid"))
@dataclass(frozen=True, slots=True)
class Part:
    """One member: its kind, its length, and the SHA-256 of its content."""

    name: str
    bytes: int
    sha256: str


@with_config(ConfigDict(extra="forbid"))
@dataclass(slots=True, kw_only=True)
class Manifest:
    """The content and the origin of an archive."""

    created_at: str
    dialects: dict[str, str]                         # by bind; a bind kept in the other's database is missing
    revisions: dict[str, str | None]
    tables: dict[str, list[str]]
    secret_mark: str                                 # identifies the secret without revealing it
    with_secret: bool = False
    parts: list[Part] = field(default_factory=list)
    format: int = FORMAT


class Writer:
    """Adds parts to an archive, the manifest last."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest):
        self.archive, self.manifest = archive, manifest

    def add(self, path: Path, name: str) -> None:
        """Add a file under a member's name."""
        digest, length = hashlib.sha256(), 0
        with path.open("rb") as source, self.archive.open(name, "w", force_zip64=True) as target:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                length += len(chunk)
                target.write(chunk)
        self.manifest.parts.append(Part(name, length, digest.hexdigest()))


@contextmanager
def writing(target: Path, manifest: Manifest) -> Iterator[Writer]:
    """Write an archive that gets its name once it is complete and on disk."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        partial.touch(0o600)                         # customers' data, perhaps the secret
        with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            yield Writer(archive, manifest)
            archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))
        sync(partial)
        partial.replace(target)
        sync(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def reading(source: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open an archive; refuses files that are not a complete backup of this program."""
    try:
        with zipfile.ZipFile(source) as archive:
            yield archive, _manifest(source, archive)
    except FileNotFoundError:
        raise OperationRefused(f"There is no file {source}.") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError) as problem:
        raise OperationRefused(
            f"{source} is not a complete backup, a ZIP archive written by `backup`: "
            f"it is cut off, damaged or something else ({problem})."
        ) from None


def _manifest(source: Path, archive: zipfile.ZipFile) -> Manifest:
    try:
        raw: Any = json.loads(archive.read(MANIFEST))
        if isinstance(raw, dict) and isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
            raise OperationRefused(f"{source} was written by a newer version of this program.")
        return _MANIFEST.validate_python(raw)
    except (KeyError, RecursionError, ValueError):
        raise OperationRefused(
            f"{source} is not a backup of this program: `backup` writes ZIP archives."
        ) from None


_MANIFEST = TypeAdapter(Manifest)


def extract(archive: zipfile.ZipFile, part: Part, target: Path) -> None:
    """Write one part to a file and compare its length and checksum."""
    with archive.open(part.name) as source, open(target, "wb", opener=owner_only) as file:
        digest, left = hashlib.sha256(), part.bytes
        while chunk := source.read(CHUNK):
            left -= len(chunk)
            if left < 0:                             # a part longer than stated must not fill the disk
                break
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    if left or digest.hexdigest() != part.sha256:
        raise OperationRefused(f"{part.name} in the backup is damaged.")

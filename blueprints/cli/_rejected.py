"""Keeps what an import refused, with the reasons, in the installation's folder of rejects."""

from collections.abc import Iterable
from pathlib import Path

from blueprints.services import settings
from database.sqlite import owner_only


def keep(file: Path, rejected: Iterable[tuple[int, str]]) -> Path:
    """Write the numbers of the refused lines of `file` and why; returns the path. One of an earlier run is replaced."""
    folder = settings().instance / "rejected"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{file.name}.rejected"
    path.unlink(missing_ok=True)
    with open(path, "w", encoding="utf-8", opener=owner_only) as kept:
        kept.writelines(f"line {line}: {reason}\n" for line, reason in rejected)
    return path

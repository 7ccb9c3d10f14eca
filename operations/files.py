"""Checks permissions and file systems of the installation's files."""

from pathlib import Path


def open_to_all(folder: Path) -> list[str]:
    """The databases in a folder that every user of this machine may read."""
    if not folder.stat().st_mode & 0o001:            # others cannot enter the folder
        return []
    return [path.name for path in sorted(folder.glob("*.db")) if path.stat().st_mode & 0o004]


def file_system_of(path: Path) -> str:
    """The type of a path's file system; empty if unknown."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return ""
    resolved = path.resolve()
    holding = [mount for mount in mounts if resolved.is_relative_to(mount[1])]
    return max(holding, key=lambda mount: len(mount[1]))[2] if holding else ""

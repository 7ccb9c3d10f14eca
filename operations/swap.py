"""Replaces files, all of them or none, even if the program is killed.

A plan is written to disk first. Each former file is renamed aside, each new one into its place; removing
the plan commits the swap. A program that finds the plan of an interrupted one undoes it.
"""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from database.sqlite import lock_file, owner_only
from operations.errors import OperationRefused
from operations.sqlite import sync

PLAN = "restore.plan"
LOCK = "restore.lock"
MARK = ".restoring-"


@dataclass(frozen=True, slots=True)
class Swap:
    """A file or folder, its replacement, and the name under which the former one is kept."""

    target: Path
    staged: Path
    aside: Path
    had: bool                                        # there was a former one

    @classmethod
    def of(cls, target: Path, ident: str) -> "Swap":
        """The names of a swap, all in one folder, so that every step is one rename."""
        return cls(
            target, target.with_name(f".{target.name}{MARK}{ident}"),
            target.with_name(f"{target.name}.before-restore-{ident}"), target.exists(),
        )

    def forward(self) -> None:
        if self.had and not self.aside.exists():     # else it was interrupted between the two
            self.target.rename(self.aside)
        self.staged.rename(self.target)
        sync(self.target)

    def back(self) -> None:
        """Restore the former file from any intermediate state, and remove the new one."""
        if self.aside.exists():
            remove(self.target)
            self.aside.rename(self.target)
            sync(self.target)
        elif not self.had and not self.staged.exists():
            remove(self.target)
        remove(self.staged)


@dataclass(frozen=True, slots=True)
class Plan:
    """One set of swaps; `ident` names it, also in the databases."""

    ident: str
    swaps: tuple[Swap, ...]

    def write(self, folder: Path) -> None:
        draft = folder / f".{PLAN}"
        with open(draft, "w", encoding="utf-8", opener=owner_only) as file:
            json.dump({"ident": self.ident, "swaps": [asdict(one) for one in self.swaps]}, file, default=str)
        sync(draft)
        draft.rename(folder / PLAN)
        sync(folder / PLAN)

    def forward(self) -> None:
        for one in self.swaps:
            if one.staged.exists():
                one.forward()

    def back(self) -> None:
        for one in reversed(self.swaps):
            one.back()


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the lock for swaps; raises OperationRefused while another process has it."""
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if not lock_file(descriptor):
            raise OperationRefused("Another restore is running. Wait until it ends.")
        yield
    finally:
        os.close(descriptor)


def found(folder: Path) -> Plan | None:
    """The plan that an interrupted program has left, or None."""
    try:
        raw = json.loads((folder / PLAN).read_text())
    except FileNotFoundError:
        return None
    paths = ("target", "staged", "aside")
    swaps = tuple(Swap(**{name: Path(one[name]) for name in paths}, had=one["had"]) for one in raw["swaps"])
    return Plan(raw["ident"], swaps)


def forget(folder: Path) -> None:
    """Commit the plan: it can no longer be undone."""
    (folder / PLAN).unlink(missing_ok=True)
    sync(folder)


def sweep(targets: list[Path]) -> None:
    """Remove files that interrupted programs have staged beside the targets."""
    for target in targets:
        for left in target.parent.glob(f".{target.name}{MARK}*"):
            remove(left)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def is_empty(folder: Path) -> bool:
    """Remove the folder if it is empty; returns whether it was."""
    if not folder.is_dir() or any(folder.iterdir()):
        return False
    folder.rmdir()
    return True

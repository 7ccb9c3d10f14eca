"""Moves records from the spools to the database, exactly once.

The process with the lock on the spool folder drains: the worker in a loop, a page or a command
before it reads. Rows, roll-ups and the position in each spool are committed together, so a process
killed at any moment neither loses a record nor stores it twice.
"""

import gc
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.exc import SQLAlchemyError

from analytics.log import appenders, bulk
from analytics.log.spool import HEADER, LARGEST, SUFFIX, records
from analytics.rollups import rollup
from analytics.store import offsets
from database import DatabaseBusy, DatabaseClash, db, transaction
from database.sqlite import lock_file

CHUNK = 20_000                      # rows of one transaction: large enough to be fast, short enough to wait for
PIECE = 4 * 1024 * 1024             # bytes read at once
LOCK = "drain.lock"
ABANDONED = 60.0                    # seconds, after which an unfinished new file is removed
POLL = 0.005                        # seconds between two checks while another process drains


class PositionMoved(Exception):
    """Another process has drained this file meanwhile; nothing was stored."""


@dataclass(slots=True)
class Drained:
    """The result of one round of draining."""

    rows: int = 0
    damaged: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class Chunk:
    """Records of one transaction, and the new position in each spool."""

    records: list[dict[str, Any]] = field(default_factory=list)
    moves: dict[str, tuple[int, int]] = field(default_factory=dict)
    damaged: int = 0


@contextmanager
def draining(folder: Path) -> Iterator[bool]:
    """Hold the drainer's lock; False when another process or thread has it."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield lock_file(descriptor)
    finally:
        os.close(descriptor)


def drain(folder: Path, *, deadline: float | None = None, chunk: int = CHUNK) -> Drained | None:
    """Store the records in the spools, until they are empty or the deadline (monotonic) has passed.

    None when another process is draining. Needs the application context. Raises what the database
    raises; records that were not stored stay in the spools.
    """
    with draining(folder) as ours:
        if not ours:
            return None
        done, began = Drained(), time.monotonic()
        # A position moves when the commit of a killed drainer completes late: the next round reads it.
        with _opened(folder) as spools, _unhindered(), suppress(PositionMoved):
            for part in _chunks(spools, chunk):
                done.damaged += _store(part)
                done.rows += len(part.records)
                if deadline is not None and time.monotonic() > deadline:
                    break
            else:
                _remove(spools)
        done.seconds = time.monotonic() - began
        return done


@contextmanager
def _unhindered() -> Iterator[None]:
    """Disable garbage collection: a chunk has no reference cycles, and it costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@dataclass(slots=True)
class Source:
    """One spool file that the drainer reads."""

    path: Path
    descriptor: int
    position: int
    closed: bool                    # its process has ended or begun another file: nothing will be added

    def read(self) -> Iterator[tuple[dict[str, Any] | None, int]]:
        """Records from the position on, each with the position of its end."""
        start, end = self.position, appenders.used(self.descriptor)
        while True:
            data = os.pread(self.descriptor, min(PIECE, max(0, end - start)), start)
            behind = 0
            for record, behind in records(data, closed=self.closed):
                yield record, start + behind
            if not behind or len(data) < PIECE:
                return
            start += behind


@contextmanager
def _opened(folder: Path) -> Iterator[list[Source]]:
    """The spools, oldest first, locked where their process has ended."""
    known = positions()
    spools: list[Source] = []
    try:
        for path in sorted(folder.iterdir()):
            if path.suffix == SUFFIX:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                spools.append(Source(path, descriptor, known.get(path.name, 0), lock_file(descriptor)))
            elif path.suffix == ".new":
                _remove_abandoned(path)
        yield spools
    finally:
        for spool in spools:
            os.close(spool.descriptor)


def _remove_abandoned(path: Path) -> None:
    """Remove an empty file whose process died before it was renamed."""
    with suppress(FileNotFoundError):
        if time.time() - path.stat().st_mtime > ABANDONED:
            path.unlink()


def _chunks(spools: list[Source], size: int) -> Iterator[Chunk]:
    part = Chunk()
    for spool in spools:
        name = spool.path.name
        for record, behind in spool.read():
            if record is None:
                part.damaged += 1
            else:
                part.records.append(record)
            if len(part.records) >= size:
                part.moves[name] = (spool.position, behind)
                yield part
                spool.position, part = behind, Chunk()
            else:
                part.moves[name] = (spool.position, behind)
    if part.moves:
        yield part


def _store(part: Chunk) -> int:
    """Store a chunk in one transaction. Returns how many records were damaged."""
    engine = db.engines["log"]
    try:
        with transaction("log") as session:
            connection = session.connection()
            batch = rollup.begin(connection, engine)
            _check(connection, part)
            for record in part.records:
                batch.add(record)
            rollup.store(connection, batch)
            bulk.put_offsets(connection, [(name, stop) for name, (_, stop) in part.moves.items()])
    except BaseException:
        rollup.forget(engine)
        raise
    return part.damaged + batch.damaged


def _check(connection: Connection, part: Chunk) -> None:
    """Check that the positions are unchanged: the commit of a killed drainer may have completed late."""
    query = select(offsets.c.name, offsets.c.position).where(offsets.c.name.in_(part.moves))
    known = dict(connection.execute(query).all())
    if any(known.get(name, 0) != start for name, (start, _) in part.moves.items()):
        raise PositionMoved


def _remove(spools: list[Source]) -> None:
    """Remove closed files that are stored, and their positions."""
    closed = [spool.path for spool in spools if spool.closed]
    if not closed:
        return
    for path in closed:
        path.unlink(missing_ok=True)
    with transaction("log") as session:
        session.execute(delete(offsets).where(offsets.c.name.in_([path.name for path in closed])))


def positions() -> dict[str, int]:
    """The stored position of each spool."""
    with db.engines["log"].connect() as connection:
        return dict(connection.execute(select(offsets.c.name, offsets.c.position)).all())


def sizes(folder: Path) -> dict[str, int]:
    """The size of each spool in bytes."""
    found = {}
    with suppress(FileNotFoundError):
        for path in folder.iterdir():
            if path.suffix == SUFFIX:
                with suppress(FileNotFoundError), path.open("rb") as file:
                    found[path.name] = appenders.used(file.fileno())
    return found


def backlog(folder: Path) -> int:
    """The bytes in the spools that are not in the database yet."""
    waiting = sizes(folder)
    known = positions() if waiting else {}
    return sum(max(0, size - known.get(name, 0)) for name, size in waiting.items())


def oldest_us(folder: Path) -> int | None:
    """The start of the oldest record not stored yet (µs since 1970); None when all are stored."""
    waiting = sizes(folder)
    known = positions() if waiting else {}
    for name in sorted(waiting):
        position = known.get(name, 0)
        if waiting[name] > position:
            with suppress(FileNotFoundError), (folder / name).open("rb") as file:
                file.seek(position)
                for record, _ in records(file.read(HEADER.size + LARGEST), closed=False):
                    return int(record["at_us"]) if record else None
    return None


def catch_up(folder: Path, within: float) -> bool:
    """Make all records until now readable; waits at most `within` seconds.

    True when they are. Never raises: a page about the log then shows what is stored.
    """
    deadline = time.monotonic() + within
    wanted = sizes(folder)
    try:
        while (left := _missing(folder, wanted)) and time.monotonic() < deadline:
            if drain(folder, deadline=deadline) is None:
                time.sleep(POLL)            # another process drains
            elif _missing(folder, wanted) == left:
                return True                 # only an incomplete record is left, which is not acknowledged
    except (SQLAlchemyError, DatabaseBusy, DatabaseClash, PositionMoved, OSError):
        return False
    return not left


def _missing(folder: Path, wanted: dict[str, int]) -> dict[str, int]:
    """The wanted positions that are not stored; a file that was removed is stored."""
    if not wanted:
        return {}
    known = positions()
    return {
        name: size for name, size in wanted.items()
        if known.get(name, 0) < size and (folder / name).exists()
    }

"""Writes each request to a spool file before its response is sent, by copying a few hundred bytes.

Each process appends to a file of its own, without locks; the drainer (drain.py) moves the records to
the database. A record is acknowledged when append() has returned: from then on kill -9 cannot lose
it. A full disk stops the logging, never the serving, and is counted in `failures`.

A record is: magic, length, CRC-32, payload (JSON). Files are locked while their process lives, so
that the drainer knows which ones it may remove. A new file gets its final name once it is locked.
"""

import fcntl
import os
import secrets
import struct
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from operator import itemgetter
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from analytics.log import appenders
from analytics.log.appenders import Appender, appender
from analytics.log.masking import clean, is_harmless, mask_path

MAGIC = b"\xc7req"
HEADER = struct.Struct("<4sII")
SUFFIX = ".spool"
ROTATE_AT = 4 * 1024 * 1024         # bytes, after which a process begins a new file
UNMATCHED = "(unmatched)"           # the endpoint of an unknown path
LARGEST = 256 * 1024                # bytes of one payload; a longer one is damaged
TEXTS = (("path", 300), ("query", 500), ("user_agent", 300), ("ip", 45), ("request_id", 64), ("endpoint", 200))
_TEXTS = itemgetter(*(name for name, _ in TEXTS))


class Spool:
    """The spool files of this process in one folder. Safe across threads and forks."""

    def __init__(self, folder: Path, rotate_at: int = ROTATE_AT):
        self.folder = Path(folder)
        self.rotate_at = rotate_at
        self.failures = 0
        self.last_error: str | None = None
        self._lock = threading.Lock()
        self._pen: Appender | None = None
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget(itself()))

    def append(self, record: dict[str, Any]) -> bool:
        """Write one request. Never raises; False when that failed, which `failures` counts."""
        try:
            payload = encode(record)
            with self._lock:
                self._write(HEADER.pack(MAGIC, len(payload), crc32(payload)) + payload)
        except Exception as problem:
            self.failures += 1
            self.last_error = str(getattr(problem, "strerror", None) or problem)
            return False
        return True

    def close(self) -> None:
        """Close the file: once drained, it is removed."""
        with self._lock:
            self._release()

    def _write(self, data: bytes) -> None:
        if self._pen is not None and self._pen.append(data):
            return
        self._release()
        self._pen = self._open(max(self.rotate_at, len(data)))
        self._pen.append(data)

    def _open(self, room: int) -> Appender:
        """Create a file, and give it its final name once it is locked."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        fresh = self.folder / (name + ".new")
        descriptor = os.open(fresh, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            made = appender(descriptor, room)
            fresh.rename(self.folder / (name + SUFFIX))
        except OSError:
            os.close(descriptor)
            fresh.unlink(missing_ok=True)
            raise
        return made

    def _release(self) -> None:
        before, self._pen = self._pen, None
        if before is not None:
            before.close()


def _forget(spool: Spool | None) -> None:
    """Drop the file in a forked child: it and its lock are the parent's."""
    if spool is not None:
        spool._lock = threading.Lock()
        with suppress(Exception):                   # another thread may have been closing it
            spool._release()
        spool.failures, spool.last_error = 0, None


def encode(record: dict[str, Any]) -> bytes:
    """A record as JSON, its free texts cleaned: no secret reaches a file."""
    matched = record.get("endpoint") != UNMATCHED
    if matched and "children" not in record and is_clean(record):
        return orjson.dumps(clean_texts(dict(record)) if "message" in record else record)
    record = dict(record)
    if not matched:
        record["path"] = mask_path(str(record.get("path") or "")[:2000])
    for name, limit in TEXTS:
        record[name] = clean(record.get(name), limit)
    clean_texts(record)
    if record.get("children"):
        record["children"] = [
            clean_texts(dict(call, endpoint=clean(call.get("endpoint"), 200))) for call in record["children"]]
    return orjson.dumps(record)


def clean_texts(record: dict[str, Any]) -> dict[str, Any]:
    """The record with its message and fields cleaned."""
    if record.get("message") is not None:
        record["message"] = clean(record["message"], 300)
        record["fields"] = clean(", ".join(record.get("fields") or ()), 500)
    return record


def is_clean(record: dict[str, Any]) -> bool:
    """Whether cleaning would change nothing, as is usual: the check costs a quarter of the cleaning."""
    try:
        path, query, agent, address, name, endpoint = _TEXTS(record)
        return (
            len(path) <= 300 and len(query) <= 500 and len(agent) <= 300 and len(address) <= 45 and len(name) <= 64
            and len(endpoint) <= 200 and is_harmless(f"{path} {query} {agent} {address} {name} {endpoint}")
        )
    except (KeyError, TypeError):               # a field is missing, or not a text
        return False


def read(path: Path) -> bytes:
    """The content of a spool file so far."""
    with path.open("rb") as file:
        return os.pread(file.fileno(), appenders.used(file.fileno()), 0)


def records(data: bytes, *, closed: bool) -> Iterator[tuple[dict[str, Any] | None, int]]:
    """The records in a piece of a spool, each with the position of its end.

    Stops before an incomplete record. In a closed file it stays incomplete: reading goes on at the
    next complete record, and (None, position) reports the damage.
    """
    position, end = 0, len(data)
    while position + HEADER.size <= end:
        magic, length, checksum = HEADER.unpack_from(data, position)
        stop = position + HEADER.size + length
        if magic == MAGIC and length <= LARGEST and stop > end:
            return
        payload = data[position + HEADER.size:stop]
        if magic == MAGIC and length <= LARGEST and crc32(payload) == checksum:
            yield orjson.loads(payload), stop
            position = stop
            continue
        if not closed:
            return
        following = data.find(MAGIC, position + 1)
        position = following if following >= 0 else end
        yield None, position

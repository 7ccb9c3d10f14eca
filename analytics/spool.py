"""The spool: where a request is noted before the answer leaves, at the cost of one write().

Each process appends to a file of its own, so nobody waits for anybody; the drainer (drain.py) moves
the records to the database. A record counts as acknowledged when append() has returned: from then
on kill -9 cannot lose it. A full disk stops the noting, never the serving, and shows in `failures`.

A record is: magic, length, CRC-32, payload (JSON). Files are locked while their process lives, so
that the drainer knows which it may remove. A new file gets its final name only once it is locked.
"""

import ctypes
import fcntl
import os
import secrets
import struct
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

from analytics.masking import clean, mask_path

MAGIC = b"\xc7req"
HEADER = struct.Struct("<4sII")
SUFFIX = ".spool"
ROTATE_AT = 16 * 1024 * 1024        # bytes, after which a process begins a new file
UNMATCHED = "(unmatched)"           # the endpoint of an address that means nothing here
LARGEST = 256 * 1024                # bytes of one payload; anything longer is damage
TEXTS = (("path", 300), ("query", 500), ("user_agent", 300), ("ip", 45), ("request_id", 64), ("endpoint", 200))


def write(descriptor: int, data: bytes) -> int:
    """write(2) without letting other threads in; returns the bytes written, raises OSError.

    os.write() lets go of the interpreter lock. To get it back in a busy server takes ten times as
    long as copying these few hundred bytes to the kernel.
    """
    written: int = _libc.write(descriptor, data, len(data))
    if written < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return written


_libc = ctypes.PyDLL(None, use_errno=True)
_libc.write.argtypes, _libc.write.restype = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t), ctypes.c_ssize_t


class Spool:
    """The spool files of this process in one folder. Safe across threads and forks."""

    def __init__(self, folder: Path, rotate_at: int = ROTATE_AT):
        self.folder = Path(folder)
        self.rotate_at = rotate_at
        self.failures = 0
        self.last_error: str | None = None
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._size = 0
        itself = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _forget(itself()))

    def append(self, record: dict[str, Any]) -> bool:
        """Note one request. Never raises; False when it could not be noted, and `failures` counts it."""
        try:
            payload = encode(record)
            with self._lock:
                self._write(HEADER.pack(MAGIC, len(payload), crc32(payload)) + payload)
        except Exception as problem:
            self.failures += 1
            self.last_error = f"{type(problem).__name__}: {problem}"
            return False
        return True

    def close(self) -> None:
        """Let the file go: once drained, it is removed."""
        with self._lock:
            self._release()

    def _write(self, data: bytes) -> None:
        if self._descriptor is None or self._size >= self.rotate_at:
            self._release()
            self._descriptor, self._size = self._open(), 0
        try:
            written = write(self._descriptor, data)
        except OSError:
            self._mend()
            raise
        if written != len(data):
            self._mend()
            raise OSError(f"only {written} of {len(data)} bytes could be written: is the disk full?")
        self._size += written

    def _open(self) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}"
        fresh = self.folder / (name + ".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            fresh.rename(self.folder / (name + SUFFIX))
        except OSError:
            os.close(descriptor)
            raise
        return descriptor

    def _mend(self) -> None:
        """Cut off half a record, so that the next one can be read; failing that, begin a new file."""
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._release()

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def _forget(spool: Spool | None) -> None:
    """In a forked child: the file and the lock are the parent's."""
    if spool is not None:
        spool._lock = threading.Lock()
        spool._release()
        spool.failures, spool.last_error = 0, None


def encode(record: dict[str, Any]) -> bytes:
    """A record as JSON, its free texts cleaned: no secret reaches a file."""
    record = dict(record)
    if record.get("endpoint") == UNMATCHED:
        record["path"] = mask_path(str(record.get("path") or "")[:2000])
    for name, limit in TEXTS:
        record[name] = clean(record.get(name), limit)
    if record.get("children"):
        record["children"] = [dict(call, endpoint=clean(call.get("endpoint"), 200)) for call in record["children"]]
    return orjson.dumps(record)


def records(data: bytes, *, closed: bool) -> Iterator[tuple[dict[str, Any] | None, int]]:
    """The records in a piece of a spool, each with the position behind it.

    Stops before a record that is not complete. In a closed file nobody will complete it: the search
    goes on at the next record that is whole, and (None, position) tells of the damage.
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

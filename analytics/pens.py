"""Two ways to put bytes at the end of a file so that kill -9 cannot take them back.

`Mapped` copies them into memory that is the file's: no system call, so no other thread gets in
between, which under load costs more than everything else about a note. Its room is reserved when the
file is made, because a page of a mapped file for which the disk has no room ends the process (so does
one behind the end of a file that somebody has cut short: nobody may). Where nothing can be reserved,
or the file system moves pages when they are written, `Appended` writes as usual.

A mapped file is as long as its room; how much of it is used stands in its last 16 bytes, and is
changed in one store after the bytes are there. A file without that mark is used up to its end.
"""

import ctypes
import errno
import os
import sys
from mmap import mmap
from typing import Protocol

MARK = b"\xc7end\0\0\0\0"           # no text ends like this
TRAILER = len(MARK) + 8             # bytes: the mark, and how many bytes are used
MOVES_PAGES = (0x9123683E, 0x2FC12FC1, 0xCA451A4E, 0x6969)     # btrfs, ZFS, bcachefs, NFS: see statfs(2)

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.write.argtypes, _libc.write.restype = (ctypes.c_int, ctypes.c_char_p, ctypes.c_size_t), ctypes.c_ssize_t
_fallocate = getattr(_libc, "fallocate64", None)        # Linux; not posix_fallocate, which may pretend
if _fallocate is not None:
    _fallocate.argtypes, _fallocate.restype = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64), ctypes.c_int
_fstatfs = getattr(_libc, "fstatfs64", None)


class Pen(Protocol):
    """Appends to one file; not safe across threads."""

    def append(self, data: bytes) -> bool:
        """False when the file is full: nothing was written. Raises OSError when nothing could be."""

    def close(self) -> None:
        """Let the file go, and the lock on it."""


class Mapped:
    """Appends by copying into memory."""

    def __init__(self, descriptor: int, room: int):
        """Takes over the descriptor. Raises OSError, and then does not."""
        self._room = -(-room // 8) * 8
        reserve(descriptor, self._room + TRAILER)
        self._memory = mmap(descriptor, self._room + TRAILER)
        self._descriptor = descriptor
        self._memory[self._room:self._room + len(MARK)] = MARK
        self._used = ctypes.c_uint64.from_buffer(self._memory, self._room + len(MARK))
        self._position = 0

    def append(self, data: bytes) -> bool:
        end = self._position + len(data)
        if end > self._room:
            return False
        self._memory[self._position:end] = data
        self._used.value = self._position = end
        return True

    def close(self) -> None:
        self._used = ctypes.c_uint64()              # the former looks into the memory
        self._memory.close()
        os.close(self._descriptor)


class Appended:
    """Appends with one write() each."""

    def __init__(self, descriptor: int, room: int):
        """Takes over the descriptor, which must be at the end of its file."""
        self._descriptor, self._room, self._size = descriptor, room, 0

    def append(self, data: bytes) -> bool:
        if self._size >= self._room:
            return False
        try:
            written = write(self._descriptor, data)
        except OSError:
            self._mend()
            raise
        if written != len(data):
            self._mend()
            raise OSError(f"only {written} of {len(data)} bytes could be written: is the disk full?")
        self._size += written
        return True

    def close(self) -> None:
        os.close(self._descriptor)

    def _mend(self) -> None:
        """Cut off half a record, so that the next one can be read; failing that, begin a new file."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._room = 0


def pen(descriptor: int, room: int) -> Pen:
    """The better of the two that this empty file allows; the other one tells at each write what is wrong."""
    try:
        return Mapped(descriptor, room)
    except OSError:
        os.ftruncate(descriptor, 0)
        return Appended(descriptor, room)


def reserve(descriptor: int, size: int) -> None:
    """Make the file that long, and the disk's room its own; raises OSError."""
    if _fallocate is None or _kind(descriptor) in MOVES_PAGES:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    if _fallocate(descriptor, 0, 0, size):
        _raise()


def _kind(descriptor: int) -> int:
    """The magic number of the file system; 0 if it cannot be told."""
    told = ctypes.create_string_buffer(512)         # struct statfs, which begins with it
    if _fstatfs is None or _fstatfs(descriptor, told):
        return 0
    return ctypes.c_long.from_buffer(told).value & 0xFFFFFFFF


def write(descriptor: int, data: bytes) -> int:
    """write(2) without letting other threads in; returns the bytes written, raises OSError."""
    written: int = _libc.write(descriptor, data, len(data))
    if written < 0:
        _raise()
    return written


def used(descriptor: int) -> int:
    """How many bytes of a file of either kind are in use."""
    size = os.fstat(descriptor).st_size
    if size < TRAILER:
        return size
    trailer = os.pread(descriptor, TRAILER, size - TRAILER)
    if not trailer.startswith(MARK):
        return size
    return min(int.from_bytes(trailer[len(MARK):], sys.byteorder), size - TRAILER)


def _raise() -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))

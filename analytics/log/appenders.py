"""Appends bytes to a file, in two ways that survive kill -9.

`MappedAppender` copies them into a memory map of the file: no system call, so no thread switch, which under
load costs more than the rest. Disk space is reserved when the file is created, because writing to a
mapped page without disk space kills the process (so does one after the end of a truncated file:
nothing may truncate it). Where space cannot be reserved, or the file system moves pages when they
are written, `WriteAppender` uses write().

A mapped file has its full length from the start; its last 16 bytes say how much is used, and are
changed in one store after the data. A file without that mark is used up to its end.
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
_fallocate = getattr(_libc, "fallocate64", None)        # Linux; posix_fallocate may only emulate it
if _fallocate is not None:
    _fallocate.argtypes, _fallocate.restype = (ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64), ctypes.c_int
_fstatfs = getattr(_libc, "fstatfs64", None)


class Appender(Protocol):
    """Appends to one file; not safe across threads."""

    def append(self, data: bytes) -> bool:
        """Append bytes. False when the file is full: nothing was written. Raises OSError when writing fails."""

    def close(self) -> None:
        """Close the file and release its lock."""


class MappedAppender:
    """Appends by copying into a memory map."""

    def __init__(self, descriptor: int, room: int):
        """Takes over the descriptor, unless it raises OSError."""
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
        self._used = ctypes.c_uint64()              # the former refers to the memory
        self._memory.close()
        os.close(self._descriptor)


class WriteAppender:
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
            self._remove_partial()
            raise
        if written != len(data):
            self._remove_partial()
            raise OSError(f"only {written} of {len(data)} bytes could be written: is the disk full?")
        self._size += written
        return True

    def close(self) -> None:
        os.close(self._descriptor)

    def _remove_partial(self) -> None:
        """Cut off an incomplete record, so that the next one can be read; failing that, begin a new file."""
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError:
            self._room = 0


def appender(descriptor: int, room: int) -> Appender:
    """A MappedAppender for this empty file where possible, else an WriteAppender, whose writes raise any error."""
    try:
        return MappedAppender(descriptor, room)
    except OSError:
        os.ftruncate(descriptor, 0)
        return WriteAppender(descriptor, room)


def reserve(descriptor: int, size: int) -> None:
    """Give the file this length and reserve its disk space; raises OSError."""
    if _fallocate is None or _kind(descriptor) in MOVES_PAGES:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
    if _fallocate(descriptor, 0, 0, size):
        _raise()


def _kind(descriptor: int) -> int:
    """The magic number of the file system; 0 if unknown."""
    found = ctypes.create_string_buffer(512)         # struct statfs, which begins with it
    if _fstatfs is None or _fstatfs(descriptor, found):
        return 0
    return ctypes.c_long.from_buffer(found).value & 0xFFFFFFFF


def write(descriptor: int, data: bytes) -> int:
    """write(2) without releasing the interpreter lock; returns the bytes written, raises OSError."""
    written: int = _libc.write(descriptor, data, len(data))
    if written < 0:
        _raise()
    return written


def used(descriptor: int) -> int:
    """The number of used bytes in a file of either kind."""
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

"""Allows only one server per instance folder while rate limits are counted in memory."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from database.sqlite import lock_file
from operations.errors import OperationRefused

LOCK = "serve.lock"
WAIT = 1.0                                       # seconds to wait for processes of a killed server to end


@contextmanager
def only_server(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raises OperationRefused while another server has it.

    The kernel releases it when the last process of the server has ended, for any reason.
    """
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(descriptor, True)             # the program that waits for the children takes it over
    try:
        _take(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    if lock_file(descriptor, time.monotonic() + WAIT, pause=0.05):
        return
    holder = os.pread(descriptor, 32, 0).decode() or "unknown"
    raise OperationRefused(
        f"A server is already running on {folder} (process {holder}): a second one would count rate limits separately. "
        "Stop that one, give this one another COUNTINGHOUSE_INSTANCE, or set COUNTINGHOUSE_REDIS_URL for both."
    )

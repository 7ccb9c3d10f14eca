"""Checks whether requests can be served: many times a minute, so only what serving needs."""

import os
import shutil

from sqlalchemy.exc import SQLAlchemyError

from config import Settings
from database import db, ping
from operations import revisions

DISK_OUT = 64 << 20                                  # bytes
UNREACHABLE = "cannot be reached"


def complaints(settings: Settings) -> dict[str, str]:
    """Each thing that serving needs, with "ok" or the problem."""
    found = {"database": _complaint_of(None)}
    # Do not wait twice for one server that does not answer.
    shared = found["database"] == UNREACHABLE and _server_of(None) == _server_of("log")
    found["log_database"] = UNREACHABLE if shared else _complaint_of("log")
    reachable = set(found.values()) == {"ok"}
    found["migrations"] = (revisions.complaint() or "ok") if reachable else "unknown"
    found["spool"] = _spool_complaint(settings)
    return found


def _server_of(bind: str | None) -> tuple[str | None, int | None, str]:
    url = (db.engine if bind is None else db.engines[bind]).url
    return url.host, url.port, "" if url.host else str(url.database)


def _complaint_of(bind: str | None) -> str:
    path = (db.engine if bind is None else db.engines[bind]).url.database
    if path and path.startswith("/") and not _same_file(path):
        return "its file was deleted or replaced"    # open descriptors would still work
    try:
        ping(bind)
    except SQLAlchemyError:
        return UNREACHABLE                           # only the log and `check` say why
    return "ok"


_met: dict[str, int] = {}


def _same_file(path: str) -> bool:
    """Whether this is still the file of the first check."""
    try:
        inode = os.stat(path).st_ino
    except OSError:
        return False
    return _met.setdefault(path, inode) == inode


def _spool_complaint(settings: Settings) -> str:
    try:
        settings.spool.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.spool).free
    except OSError:
        return "the folder cannot be used"
    if not os.access(settings.spool, os.W_OK):
        return "the folder cannot be written"
    return "ok" if free > DISK_OUT else "the disk is full"

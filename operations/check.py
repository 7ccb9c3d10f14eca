"""Checks the installation and says how to fix problems.

Checks everything, which may be slow; readiness.py checks what serving needs, many times a minute.
"""

import os
import resource
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib import import_module
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from config import Settings, command_line
from database import db, ping
from domain import clock
from domain.outbox import tasks
from models.audit import AuditEntry
from models.budget import Budget, BudgetStatus
from models.user import User
from models.webhook import Endpoint, EndpointStatus
from operations import files, keyless_rows, readable_secrets, readiness, revisions

OK, WARNING, WRONG = "ok", "warning", "wrong"
DISK_LOW = 1 << 30                                   # bytes
WORKER_QUIET = 90.0                                  # seconds without a heartbeat
SPOOL_LONG = 64 << 20                                # bytes that wait for the worker
FILES_FEW = 1024
OUTBOX_LATE = 300.0                                  # seconds that a due task may wait for the worker
NETWORK_FILE_SYSTEMS = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs"})
HEARTBEAT = "worker.seen"
KEYLESS_NAMED = 10

Pending = Callable[[], int]                          # bytes of the request log that wait for the worker


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `mend` says what to do unless it is ok."""

    name: str
    status: str
    message: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def check(settings: Settings, pending: Pending) -> list[Finding]:
    """Run all checks."""
    findings = [*_configuration(settings), *_disk(settings)]
    reachable = True
    for name, bind in (("database", None), ("log database", "log")):
        found = _reachable(name, bind)
        reachable = reachable and found.status == OK
        findings.append(found)
    if not reachable:
        return findings
    migrated = _migrations()
    findings.append(migrated)
    if migrated.status == OK:
        findings += [_sealed(), *_clock(), *_pending(settings, pending), _operators(), _text_keys()]
    return findings


def last_seen(settings: Settings) -> float | None:
    """Seconds since the background worker's last heartbeat; None: never."""
    try:
        return max(0.0, time.time() - (settings.instance / HEARTBEAT).stat().st_mtime)
    except OSError:
        return None


def _configuration(settings: Settings) -> Iterator[Finding]:
    path = settings.instance / "secret_key"
    if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield Finding("secret", WRONG, f"{path} can be read by others.", f"chmod 600 {path}")
    else:
        yield Finding("secret", OK, "Set by the environment." if not path.exists() else f"In {path}.")
    if settings.require_https == "never":
        yield Finding(
            "https", WARNING, "The Public API answers over plain HTTP.",
            "Put a proxy with TLS in front and remove COUNTINGHOUSE_REQUIRE_HTTPS.",
        )
    yield from _files(settings)
    yield _redis(settings)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES_FEW:
        yield Finding("open files", WARNING, f"At most {soft} files may be open.", "Raise it, e.g. ulimit -n 4096.")


def _files(settings: Settings) -> Iterator[Finding]:
    """Check that others cannot read the databases."""
    folder = settings.instance
    found = files.open_to_all(folder)
    if found:
        yield Finding(
            "files", WARNING, f"Everybody on this machine can read {', '.join(found)} in {folder}.",
            f"chmod 700 {folder}",
        )


def _redis(settings: Settings) -> Finding:
    if settings.redis_url is None:
        return Finding("redis", OK, "Not configured: limits are counted in the memory of one server.")
    problem = import_module("operations.redis_answers").problem(settings.redis_url)     # loads Redis's client
    if problem:
        return Finding(
            "redis", WRONG, f"Does not answer: {problem}. Stricter limits are counted in each process meanwhile.",
            "Start Redis, or correct COUNTINGHOUSE_REDIS_URL.",
        )
    return Finding("redis", OK, "Answers.")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.instance
    free = shutil.disk_usage(folder).free
    words = f"{free / (1 << 30):.1f} GiB free at {folder}."
    if not os.access(folder, os.W_OK):
        yield Finding("disk", WRONG, f"{folder} cannot be written.", "Make the user that runs the server its owner.")
    elif free < DISK_LOW:
        yield Finding(
            "disk", WRONG if free < readiness.DISK_OUT else WARNING, words,
            "Free disk space, or shorten COUNTINGHOUSE_LOG_RETENTION_DAYS and run logs prune.",
        )
    else:
        yield Finding("disk", OK, words)
    kind = files.file_system_of(folder)
    if kind in NETWORK_FILE_SYSTEMS and settings.database_url.startswith("sqlite"):
        yield Finding(
            "file system", WRONG, f"{folder} is on {kind}, where SQLite's locks cannot be relied on.",
            "Move the instance folder to a local disk, or use PostgreSQL.",
        )


def _reachable(name: str, bind: str | None) -> Finding:
    engine = db.engine if bind is None else db.engines[bind]
    where = engine.url.render_as_string(hide_password=True)
    try:
        ping(bind)
        if engine.dialect.name == "sqlite":
            with engine.connect() as connection:
                sound = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
            if sound != "ok":
                return Finding(name, WRONG, f"{where} is damaged: {sound}.", "Restore the last backup.")
    except SQLAlchemyError as problem:
        reason = str(getattr(problem, "orig", problem)).strip().splitlines()[0]
        return Finding(name, WRONG, f"{where} cannot be used: {reason}", "Start it, or correct the setting.")
    return Finding(name, OK, f"{where} answers.")


def _migrations() -> Finding:
    complaint = revisions.complaint()
    if complaint is None:
        return Finding("migrations", OK, f"Both databases are at {revisions.newest()}.")
    sentence, _, mend = complaint.partition(": ")
    return Finding("migrations", WRONG, f"{sentence}.", mend)


def _sealed() -> Finding:
    """Check that the secret decrypts tokens and webhook secrets: a changed one makes keys and tokens useless."""
    good, count = readable_secrets.count()
    if good == count:
        return Finding("stored secrets", OK, "The secret decrypts them." if count else "There are none yet.")
    return Finding(
        "stored secrets", WARNING if good else WRONG, f"The secret decrypts {good} of {count}; the others are lost.",
        "Set COUNTINGHOUSE_SECRET_KEY, or secret_key in the instance folder, to the secret they were made under.",
    )


def _clock() -> Iterator[Finding]:
    """Check the clock: time that runs backwards would keep expired keys valid and break limits."""
    now = clock.now()
    newest = db.session.scalar(select(func.max(AuditEntry.at)))
    if newest and newest > now + timedelta(minutes=2):
        yield Finding(
            "clock", WRONG, f"The last change is dated {newest:%Y-%m-%d %H:%M}, after now ({now:%Y-%m-%d %H:%M}) UTC.",
            "Set the system's clock, and keep it with NTP.",
        )
        return
    theirs = None
    if db.engine.dialect.name == "postgresql":
        theirs = db.session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
    off = abs(float(theirs) - time.time()) if theirs is not None else 0.0
    if off > 60:
        yield Finding("clock", WRONG, f"The database's clock differs by {off:.0f} s.", "Keep both with NTP.")
    else:
        yield Finding("clock", OK, f"{now:%Y-%m-%d %H:%M:%S} UTC.")


def _pending(settings: Settings, pending: Pending) -> Iterator[Finding]:
    quiet = last_seen(settings)
    start = f"Start it: {command_line('worker')}, or serve without --no-worker."
    if quiet is None:
        yield Finding("worker", WARNING, "No background worker has run yet.", start)
    elif quiet > WORKER_QUIET:
        ago = timedelta(seconds=int(quiet))
        yield Finding("worker", WARNING, f"The background worker was last seen {ago} ago.", start)
    else:
        yield Finding("worker", OK, f"Seen {quiet:.0f} s ago.")
    waiting = pending()
    late = waiting > SPOOL_LONG
    yield Finding(
        "request log", WARNING if late else OK, f"{waiting} bytes are not stored yet.",
        "The worker cannot keep up or does not run; see its log." if late else "",
    )
    yield _outbox(start)
    overdue = db.session.scalar(
        select(func.count()).select_from(Budget).where(
            Budget.status == BudgetStatus.PENDING, Budget.deleted_at.is_(None),
            Budget.valid_until < clock.now() - timedelta(hours=2),
        )
    )
    words = f"{overdue} budgets are not marked as expired yet."
    yield Finding("budgets", WARNING if overdue else OK, words, start if overdue else "")


def _outbox(start: str) -> Finding:
    """Check for due deliveries and mail."""
    state = tasks.state()
    disabled = db.session.scalar(
        select(func.count()).select_from(Endpoint)
        .where(Endpoint.status == EndpointStatus.DISABLED, Endpoint.deleted_at.is_(None))
    )
    words = (
        f"{state.pending} tasks are pending, {state.held} are held, {state.failed} failed in the last day; "
        f"{disabled} webhook endpoints are disabled."
    )
    if state.late_seconds > OUTBOX_LATE:
        late = timedelta(seconds=int(state.late_seconds))
        return Finding("outbox", WARNING, f"{words} The oldest is overdue by {late}.", start)
    return Finding("outbox", OK, words)


def _operators() -> Finding:
    users = db.session.scalar(select(func.count()).select_from(User).where(User.active.is_(True)))
    if users:
        return Finding("users", OK, f"{users} can sign in.")
    return Finding(
        "users", WARNING, "No users yet.",
        command_line("user create --email E --role admin_user --all-merchants"),
    )


def _text_keys() -> Finding:
    """Check for rows from before texts were compared without case: they are found and sorted as if without it."""
    found = keyless_rows.find()
    if not found:
        return Finding("text keys", OK, "Every text can be compared, sorted and found.")
    named = ", ".join(found[:KEYLESS_NAMED]) + (", …" if len(found) > KEYLESS_NAMED else "")
    return Finding(
        "text keys", WARNING, f"{len(found)} texts count as equal to an older row's, or have nothing visible: {named}.",
        "Change each named field, in the dashboard or by an API.",
    )


def summary(findings: list[Finding]) -> dict[str, Any]:
    """The findings as a document; with `error` when something is wrong."""
    wrong = [each for each in findings if each.status == WRONG]
    listed = [each.as_dict() for each in findings]
    if not wrong:
        return {"ok": True, "checks": listed}
    error = f"{len(wrong)} of {len(findings)} checks failed: " + ", ".join(each.name for each in wrong)
    return {"ok": False, "error": error, "details": {"checks": [each.as_dict() for each in wrong]}, "checks": listed}

"""Imports access logs: each line once, however often its file is imported.

A line that occurs twice in a file is two requests. So a source stores how many copies of a line it
has, and only more copies are new; rows, roll-ups and those counts are one transaction.
"""

import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TextIO

from sqlalchemy import select

from analytics.formats import Hit, template
from analytics.formats.entries import FORMATS, Entry, entries, opened
from analytics.log import bulk
from analytics.log.drain import CHUNK
from analytics.log.masking import clean
from analytics.rollups import rollup
from analytics.rollups.periods import EPOCH
from analytics.store import imported_lines
from database import db, transaction
from database.ip_addresses import caller_in
from database.sqlite import owner_only

MOST_ENDPOINTS = 500                # of one import; others count together, so that random paths add no more
MOST_UNKNOWN = 100                  # of those, with no response but 404: scans
NOT_FOUND = 404
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error)
Progress = Callable[[int, int, int], None]


@dataclass(slots=True)
class Result:
    """The result of an import. `rejects_path` is None when nothing was rejected."""

    read: int = 0
    imported: int = 0
    rejected: int = 0
    duplicate: int = 0
    without_duration: int = 0           # of the imported
    first: datetime | None = None
    last: datetime | None = None
    rejects_path: Path | None = None


@dataclass(slots=True)
class _Import:
    source: str
    merchant_id: int | None
    trusted_proxies: int | None = None
    result: Result = field(default_factory=Result)
    occurrences: dict[int, int] = field(default_factory=dict)       # of a line in this file so far
    stored: dict[int, int] = field(default_factory=dict)            # copies stored before this import
    endpoints: set[str] = field(default_factory=set)                # with another status than 404
    unknown: set[str] = field(default_factory=set)                  # with 404 only so far


def import_file(
    path: Path, *, format: str = "auto", merchant_id: int | None = None, source: str | None = None,
    trusted_proxies: int | None = None, progress: Progress | None = None, rejects_folder: Path | None = None,
) -> Result:
    """Import an access log (plain or .gz) into the request log, under `import:SOURCE`.

    `progress` gets lines read, bytes read and all bytes. Raises OSError for a file that cannot be
    read and ValueError for an unknown format or a damaged archive. Of a list of addresses the
    left-most public one is the caller, or the one before `trusted_proxies` from the right. Invalid
    lines go to a file.
    """
    if format not in FORMATS:
        raise ValueError(f"{format} is not a format; known are {', '.join(FORMATS)}")
    name = source or path.name.split(".")[0]
    work = _Import(f"import:{name}"[:80], merchant_id, trusted_proxies)
    rejects = (rejects_folder or Path.cwd()) / f"{path.name}.rejected"
    size = path.stat().st_size
    with ExitStack() as stack:
        raw, lines = stack.enter_context(opened(path))
        reject = stack.enter_context(_rejecting(rejects, work.result))
        for chunk in _chunks(entries(lines, format)):
            _store(work, chunk, reject)
            if progress:
                progress(work.result.read, min(size, raw.tell()), size)
    return work.result


def _chunks(found: Iterator[Entry]) -> Iterator[list[Entry]]:
    """The entries in parts; raises ValueError for a damaged archive, after what could be read of it."""
    chunk: list[Entry] = []
    count = 0
    try:
        for entry in found:
            chunk.append(entry)
            count += 1
            if len(chunk) == CHUNK:
                yield chunk
                chunk = []
    except DAMAGE as problem:
        yield chunk
        raise ValueError(f"the archive is damaged after {count} lines, which are imported: {problem}") from None
    yield chunk


@contextmanager
def _rejecting(path: Path, result: Result) -> Iterator[Callable[[str, str], None]]:
    """A function that writes a rejected line; the file is created with the first."""
    with ExitStack() as stack:
        opened: list[TextIO] = []

        def reject(text: str, reason: str) -> None:
            if not opened:
                path.unlink(missing_ok=True)
                opened.append(stack.enter_context(
                    open(path, "w", encoding="utf-8", errors="backslashreplace", opener=owner_only)
                ))
                result.rejects_path = path
            opened[0].write(f"{text}\t# {reason}\n")
            result.rejected += 1

        yield reject


def _digest(text: str) -> int:
    data = text.encode("utf-8", "backslashreplace")
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "big", signed=True)


def _store(work: _Import, chunk: list[Entry], reject: Callable[[str, str], None]) -> None:
    hits: list[tuple[int, Hit]] = []
    for text, hit in chunk:
        work.result.read += 1
        if isinstance(hit, str):
            reject(text, hit)
        else:
            hits.append((_digest(text), hit))
    engine = db.engines["log"]
    try:
        with transaction("log") as session:
            connection = session.connection()
            batch = rollup.begin(connection, engine)
            copies = _new_copies(work, connection, hits, batch)
            rollup.store(connection, batch)
            bulk.put_imported_lines(connection, [(work.source, digest, count) for digest, count in copies.items()])
    except BaseException:
        rollup.forget(engine)
        raise


def _new_copies(work: _Import, connection: Any, hits: list[tuple[int, Hit]], batch: rollup.Batch) -> dict[int, int]:
    """Add new lines to the batch. Returns the lines that now have more copies."""
    unmet = {digest for digest, _ in hits if digest not in work.occurrences}
    query = select(imported_lines.c.digest, imported_lines.c.copies).where(
        imported_lines.c.source == work.source, imported_lines.c.digest.in_(unmet))
    work.stored.update(connection.execute(query).all())
    copies: dict[int, int] = {}
    for digest, hit in hits:
        count = work.occurrences[digest] = work.occurrences.get(digest, 0) + 1
        if count <= work.stored.get(digest, 0):
            work.result.duplicate += 1
            continue
        batch.add(_record(work, hit))
        copies[digest] = count
        work.result.imported += 1
        work.result.without_duration += hit.duration_us is None
        _widen(work.result, hit)
    return copies


def _widen(result: Result, hit: Hit) -> None:
    moment = EPOCH + timedelta(microseconds=hit.at_us)
    result.first = min(result.first or moment, moment)
    result.last = max(result.last or moment, moment)


def _endpoint(work: _Import, hit: Hit) -> str:
    """The endpoint that the request counts as; paths answered only by 404 have a limit of their own."""
    endpoint = hit.endpoint or template(hit.path)
    if endpoint in work.endpoints:
        return endpoint
    if hit.status != NOT_FOUND and len(work.endpoints) < MOST_ENDPOINTS:
        work.endpoints.add(endpoint)
        return endpoint
    if hit.status == NOT_FOUND and (endpoint in work.unknown or len(work.unknown) < MOST_UNKNOWN):
        work.unknown.add(endpoint)
        return endpoint
    return "(other)"


def _record(work: _Import, hit: Hit) -> dict[str, Any]:
    refused = f"http_{hit.status}" if hit.status >= 400 else None
    return {
        "at_us": hit.at_us, "duration_us": hit.duration_us, "contract": "other", "operation": "",
        "method": clean(hit.method, 16), "endpoint": clean(_endpoint(work, hit), 200), "path": clean(hit.path, 300),
        "query": clean(hit.query, 500), "status": hit.status,
        "error_code": clean(hit.error_code, 80) or refused, "request_bytes": hit.request_bytes,
        "response_bytes": hit.response_bytes, "ip": clean(caller_in(hit.ip, work.trusted_proxies), 45),
        "user_agent": clean(hit.user_agent, 300), "request_id": "", "merchant_id": work.merchant_id,
        "source": work.source, "mode": "live"}

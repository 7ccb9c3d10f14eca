"""Chains the entries of the audit trail by hashes, one chain for each merchant and one for what concerns none.

At the end of a transaction its entries are appended: the digest of each covers the entry, and the digest before it.
The chain's row is locked last of all rows, in the order of the merchants, so that no two transactions wait for each
other.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import event, exists, func, select
from sqlalchemy.orm import Session, SessionTransaction

from database import db, direct
from database.inserting import flush_new
from models.audit import AuditChain, AuditEntry, AuditLink

WRITTEN = "audit_entries"                # in the session: by id, what this transaction wrote
NONE = 0                                 # stands for "no merchant"
BATCH = 1000
# Fixed: a column that is added later is not part of the form, or old digests would change.
FORM = (
    "id", "at", "merchant_id", "test", "user_id", "credential_id", "actor", "action", "object_type", "object_id",
    "before", "after", "source", "request_id", "ip",
)
TAKEN_BACK = "audit_taken_back"          # in the session: whether a savepoint was, and perhaps entries with it


@dataclass(frozen=True, slots=True)
class Statements:
    """What appends to a chain, in the words of one database."""

    lock: str
    begin: str
    link: str
    end: str


SQLITE = Statements(
    "SELECT length, digest FROM audit_chains WHERE chain = ?",       # the write lock is held already
    "INSERT INTO audit_chains (chain, length, digest, first_entry_id) VALUES (?, 0, '', ?) ON CONFLICT DO NOTHING",
    "INSERT INTO audit_links (entry_id, chain, position, digest) VALUES (?, ?, ?, ?)",
    "UPDATE audit_chains SET length = ?, digest = ? WHERE chain = ?",
)
STATEMENTS = {"sqlite": SQLITE, "postgresql": Statements(
    SQLITE.lock.replace("?", "%s") + " FOR UPDATE",
    *(words.replace("?", "%s") for words in (SQLITE.begin, SQLITE.link, SQLITE.end)),
)}
COLUMNS = AuditEntry.__table__.c
ENTRIES = select(*(COLUMNS[name] for name in FORM)).order_by(COLUMNS.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """The first entry that does not fit, and why."""

    merchant_id: int | None
    id: int | None
    reason: str


@dataclass(slots=True)
class Verified:
    """How many entries were verified, and the first that does not fit."""

    rows: int = 0
    misfit: Misfit | None = None


def written(session: Session, entry: Mapping[str, Any]) -> None:
    """Remember an entry of this transaction, as it is now, to be chained at its end."""
    session.info.setdefault(WRITTEN, {})[entry["id"]] = entry["merchant_id"] or NONE, form_of(entry)


def form_of(entry: Mapping[str, Any]) -> bytes:
    """The entry in a form that is the same before it is stored and after it is read."""
    return orjson.dumps([_plain(entry[name]) for name in FORM], option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)


def digest(before: str, position: int, form: bytes) -> str:
    """SHA-256 of an entry at its place, as hexadecimal digits."""
    return hashlib.sha256(f"{before} {position} ".encode() + form).hexdigest()


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


# Appending -------------------------------------------------------------------------------------------


@event.listens_for(Session, "before_commit")
def _append(session: Session) -> None:
    """Append what the transaction wrote."""
    if session.in_nested_transaction() or not session.info.get(WRITTEN):
        return
    flush_new(session)                   # locks all other rows, and writes their entries
    entries = session.info.pop(WRITTEN)
    if session.info.pop(TAKEN_BACK, False):
        kept = select(COLUMNS.id).where(COLUMNS.id.in_(list(entries)))
        entries = {key: entries[key] for key in session.scalars(kept)}
    by_chain: dict[int, list[tuple[int, bytes]]] = {}
    for key in sorted(entries):
        chain, form = entries[key]
        by_chain.setdefault(chain, []).append((key, form))
    for chain in sorted(by_chain):
        _link(session, chain, by_chain[chain])


@event.listens_for(Session, "after_soft_rollback")
def _note_savepoint(session: Session, previous: SessionTransaction) -> None:
    if previous.nested:
        session.info[TAKEN_BACK] = True


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what a transaction wrote, when it ends as a whole, not at a savepoint."""
    if transaction.parent is None:
        session.info.pop(WRITTEN, None)
        session.info.pop(TAKEN_BACK, None)


def _link(session: Session, chain: int, entries: Sequence[tuple[int, bytes]]) -> None:
    """Append entries to a chain. Statements as the driver has them: every write pays for them."""
    words = STATEMENTS[session.get_bind().dialect.name]
    found = direct.run(session, words.lock, (chain,)).fetchone()
    if found is None:
        direct.run(session, words.begin, (chain, entries[0][0]))
        found = direct.run(session, words.lock, (chain,)).fetchone()
    length, last = found
    for key, form in entries:
        length, last = length + 1, digest(last, length + 1, form)
        direct.run(session, words.link, (key, chain, length, last))
    direct.run(session, words.end, (length, last, chain))


# Verifying -------------------------------------------------------------------------------------------


def verify(told: Callable[[int], None] = lambda rows: None) -> Verified:
    """Follow all chains from their beginnings; `told` hears how many entries are done."""
    done = Verified()
    for chain in db.session.scalars(select(AuditChain).order_by(AuditChain.chain)).all():
        done.misfit = _follow(chain, done, told) or _left_out(chain)
        if done.misfit is not None:
            break
    return done


def _follow(chain: AuditChain, done: Verified, told: Callable[[int], None]) -> Misfit | None:
    last, position = "", 0
    merchant_id, length, end = chain.chain or None, chain.length, chain.digest
    for links in _batches(chain.chain, length):
        rows = {row.id: row for row in db.session.execute(
            ENTRIES.where(COLUMNS.id.in_([one.entry_id for one in links])))}
        for link in links:
            position += 1
            reason = _reason(link, position, rows.get(link.entry_id), last, merchant_id)
            if reason is not None:
                return Misfit(merchant_id=merchant_id, id=link.entry_id, reason=reason)
            last = link.digest
            done.rows += 1
        told(done.rows)
    if (position, last) != (length, end):
        reason = f"the chain ends with entry {position}, and should end with {length}"
        return Misfit(merchant_id=merchant_id, id=None, reason=reason)
    return None


def _reason(link: Any, position: int, entry: Any, last: str, merchant_id: int | None) -> str | None:
    """Why an entry does not fit; None where it does."""
    if link.position != position:
        return f"link {position} of the chain is missing"
    if entry is None:
        return "the entry is missing"
    if entry.merchant_id != merchant_id or link.digest != digest(last, position, form_of(entry._mapping)):
        return "the entry was changed after it was written"
    return None


def _batches(key: int, end: int) -> Iterator[Sequence[Any]]:
    """The links up to the chain's end when it was read: meanwhile others may be appended."""
    columns, last = AuditLink.__table__.c, 0
    while True:
        statement = select(AuditLink.__table__).order_by(columns.position).limit(BATCH).where(
            columns.chain == key, columns.position > last, columns.position <= end)
        links = db.session.execute(statement).all()
        if not links:
            return
        last = links[-1].position
        yield links


def _left_out(chain: AuditChain) -> Misfit | None:
    """The first entry of a chain's merchant, since the chain began, that is not in it."""
    linked = exists().where(AuditLink.entry_id == AuditEntry.id)
    statement = select(func.min(AuditEntry.id)).where(
        func.coalesce(AuditEntry.merchant_id, NONE) == chain.chain, AuditEntry.id >= chain.first_entry_id, ~linked)
    found = db.session.scalar(statement)
    if found is None:
        return None
    return Misfit(merchant_id=chain.chain or None, id=found, reason="the entry is not in the chain")

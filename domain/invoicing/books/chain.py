"""The chain of the books: one for each merchant and world, to which everything that is booked is appended.

Its row is locked until the end of the transaction. Rows of invoices, orders and payments are locked before it, never
after it, so that no two transactions wait for each other.
"""

from typing import Any

from sqlalchemy import event, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from database import db
from domain import clock
from domain.invoicing.books import contents
from models.books import BookChain, BookEntry, BookKind

PENDING = "to_book"                      # in the session: what is booked when the transaction ends


def lock(merchant_id: int, *, test: bool) -> BookChain:
    """The chain, locked; a new one is empty."""
    session = db.session()
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(BookChain)
    values = {"merchant_id": merchant_id, "test": test, "length": 0, "digest": "", "began_at": clock.now()}
    session.execute(insert.values(values).on_conflict_do_nothing(index_elements=["merchant_id", "test"]))
    statement = select(BookChain).where(BookChain.merchant_id == merchant_id, BookChain.test.is_(test))
    return session.execute(
        statement.with_for_update().execution_options(populate_existing=True)
    ).scalar_one()


def append(kind: BookKind, row: Any) -> None:
    """Book a row that will not change any more."""
    db.session.flush()           # its id, and those of its lines, are part of what is booked
    chain = lock(row.merchant_id, test=row.test)
    position = chain.length + 1
    digest = contents.digest(chain.digest, kind, position, row)
    db.session.add(BookEntry(
        merchant_id=row.merchant_id, test=row.test, position=position, kind=kind, row_id=row.id,
        number=getattr(row, "number", None), digest=digest, created_at=clock.now(),
    ))
    chain.length, chain.digest = position, digest
    db.session.flush()           # the next one is read under the same lock


def append_last(kind: BookKind, row: Any) -> None:
    """Book a row at the end of the transaction, which may lock other rows until then."""
    db.session.info.setdefault(PENDING, []).append((kind, row))


@event.listens_for(Session, "before_commit", insert=True)       # before the audit trail, which is locked last
def _append_pending(session: Session) -> None:
    for kind, row in session.info.pop(PENDING, ()):
        append(kind, row)


@event.listens_for(Session, "after_rollback")
def _forget_pending(session: Session) -> None:
    session.info.pop(PENDING, None)


def entry(kind: BookKind, row_id: int) -> BookEntry | None:
    """Where a row is booked; None where it is not."""
    return db.session.scalar(select(BookEntry).where(BookEntry.kind == kind, BookEntry.row_id == row_id))


def has(kind: BookKind, row_id: int) -> bool:
    """Whether a row is booked."""
    statement = select(BookEntry.id).where(BookEntry.kind == kind, BookEntry.row_id == row_id)
    return db.session.scalar(statement) is not None

"""Verifies the books: every entry follows from its row and the entry before it, and every issued row is there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, true
from sqlalchemy.orm import selectinload

from database import db
from domain.invoicing.books import contents
from models.books import BookChain, BookEntry, BookKind
from models.credit_note import CreditNote
from models.invoice import Invoice, InvoiceState
from models.payment import Payment, PaymentStatus

BATCH = 500
WITH_ITEMS = {Invoice: Invoice.items, CreditNote: CreditNote.items}


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """The first row that does not fit, and why."""

    merchant_id: int
    kind: str
    id: int
    number: str | None
    reason: str


@dataclass(slots=True)
class Verified:
    """How many rows were verified, and the first that does not fit."""

    rows: int = 0
    misfit: Misfit | None = None


def verify(merchant_id: int | None = None, told: Callable[[int], None] = lambda rows: None) -> Verified:
    """Verify the books of one merchant, or of all, in both worlds; `told` hears how many rows are done."""
    done = Verified()
    statement = select(BookChain).order_by(BookChain.merchant_id, BookChain.test)
    if merchant_id is not None:
        statement = statement.where(BookChain.merchant_id == merchant_id)
    for chain in db.session.scalars(statement).all():
        done.misfit = _chain(chain, done, told)
        if done.misfit is not None:
            return done
    done.misfit = next(_left_out(merchant_id), None)
    return done


def _chain(chain: BookChain, done: Verified, told: Callable[[int], None]) -> Misfit | None:
    """Follow one chain from its beginning."""
    digest, position = "", 0
    for entries in _batches(chain):
        rows = _rows(entries)
        for entry in entries:
            position += 1
            reason = _reason(entry, position, rows.get((entry.kind, entry.row_id)), digest)
            if reason is not None:
                return Misfit(
                    merchant_id=entry.merchant_id, kind=entry.kind.value, id=entry.row_id, number=entry.number,
                    reason=reason,
                )
            digest = entry.digest
            done.rows += 1
        told(done.rows)
        db.session.expunge_all()                 # what was read is not needed again
    if (position, digest) != (chain.length, chain.digest):
        return Misfit(
            merchant_id=chain.merchant_id, kind="chain", id=chain.id, number=None,
            reason=f"it ends with entry {position}, and should end with {chain.length}",
        )
    return None


def _reason(entry: BookEntry, position: int, row: Any, previous: str) -> str | None:
    """Why an entry does not fit; None where it does."""
    if entry.position != position:
        return f"entry {position} of the books is missing"
    if row is None or (row.merchant_id, row.test) != (entry.merchant_id, entry.test):
        return "the row is missing"
    if entry.number != getattr(row, "number", None):
        return "its number is another one"
    if entry.digest != contents.digest(previous, entry.kind, position, row):
        return "the row was changed after it was booked"
    return None


def _batches(chain: BookChain) -> Iterator[Sequence[BookEntry]]:
    """The entries up to the chain's end when it was read: meanwhile others may be appended."""
    last, merchant_id, test, end = 0, chain.merchant_id, chain.test, chain.length
    while True:
        entries = db.session.scalars(
            select(BookEntry).where(
                BookEntry.merchant_id == merchant_id, BookEntry.test.is_(test), BookEntry.position > last,
                BookEntry.position <= end,
            ).order_by(BookEntry.position).limit(BATCH)
        ).all()
        if not entries:
            return
        last = entries[-1].position
        yield entries


def _rows(entries: Sequence[BookEntry]) -> dict[tuple[BookKind, int], Any]:
    """The rows that some entries book."""
    found: dict[tuple[BookKind, int], Any] = {}
    for kind, (model, _) in contents.READERS.items():
        keys = [one.row_id for one in entries if one.kind is kind]
        if keys:
            statement = select(model).where(model.id.in_(keys)).execution_options(populate_existing=True)
            if model in WITH_ITEMS:
                statement = statement.options(selectinload(WITH_ITEMS[model]))
            found |= {(kind, one.id): one for one in db.session.scalars(statement)}
    return found


def _is_booked_payment() -> Any:
    """The payments that have to be in the books: what pays invoices, and since the first one was booked all."""
    of_payments = select(func.min(BookEntry.created_at)).where(
        BookEntry.kind == BookKind.PAYMENT, BookEntry.merchant_id == Payment.merchant_id,
        BookEntry.test == Payment.test,
    ).correlate(Payment).scalar_subquery()
    is_later = and_(Payment.test_clock_id.is_(None), Payment.executed_at >= of_payments)
    return and_(Payment.status == PaymentStatus.APPROVED, or_(Payment.order_id.is_(None), is_later))


def _left_out(merchant_id: int | None) -> Iterator[Misfit]:
    """The issued rows that are not in the books."""
    issued: tuple[tuple[BookKind, Any, Any], ...] = (
        (BookKind.INVOICE, Invoice, Invoice.state == InvoiceState.ISSUED),
        (BookKind.CREDIT_NOTE, CreditNote, true()),
        (BookKind.PAYMENT, Payment, _is_booked_payment()),
    )
    for kind, model, is_final in issued:
        booked = exists().where(BookEntry.kind == kind, BookEntry.row_id == model.id)
        statement = select(model).where(is_final, ~booked).order_by(model.id).limit(1)
        if merchant_id is not None:
            statement = statement.where(model.merchant_id == merchant_id)
        for row in db.session.scalars(statement):
            yield Misfit(
                merchant_id=row.merchant_id, kind=kind.value, id=row.id, number=getattr(row, "number", None),
                reason="it is not in the books",
            )

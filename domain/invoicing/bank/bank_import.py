"""Stores the movements of a statement, each once, and books those whose match is sure."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace

from sqlalchemy import select

from database import db
from domain import audit
from domain.actor import Actor
from domain.invoicing.bank import bank_booking, bank_match, bank_matching
from domain.invoicing.bank.bank_match import Match, unsure
from domain.payments.bank import ibans
from domain.payments.bank.formats import bank_statements
from domain.payments.bank.formats.bank_csv import CsvForm
from domain.payments.bank.formats.bank_rows import BankRow, StatementFile
from models.merchant import Merchant
from models.statement_row import StatementRow, StatementState

PORTION = 50                           # movements of one transaction: nobody else waits long for the lock


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's movements; pending ones are not counted as read."""

    read: int = 0
    booked: int = 0
    unsure: int = 0
    known: int = 0
    ignored: int = 0
    pending: int = 0

    @property
    def words(self) -> str:
        """What became of them, as the pages and the command say it."""
        noun = "movement" if self.read == 1 else "movements"
        return (
            f"{self.read} {noun} read: {self.booked} booked, {self.unsure} to be assigned, {self.ignored} ignored, "
            f"{self.known} already known")

    def __add__(self, other: "Imported") -> "Imported":
        return Imported(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


@dataclass(frozen=True, slots=True)
class Statement:
    """A file that was read, to be stored in portions."""

    file: StatementFile
    file_name: str
    digest: str

    def portions(self) -> Iterator[Sequence[BankRow]]:
        """The movements in portions, each to be stored in a transaction of its own; a last, empty one if none."""
        rows = self.file.rows
        yield from (rows[start:start + PORTION] for start in range(0, max(len(rows), 1), PORTION))


def read(actor: Actor, raw: bytes, file_name: str, form: CsvForm | None = None) -> Statement:
    """Read a statement of the actor's merchant, outside of any transaction: a large one takes seconds.

    Invalid refuses the whole file. A CSV file without a currency is in the merchant's.
    """
    form = form or CsvForm()
    if not form.currency:
        currency = db.session.scalar(select(Merchant.currency).where(Merchant.id == actor.merchant_id))
        form = replace(form, currency=currency or "")
    return Statement(bank_statements.read(raw, form), file_name, hashlib.sha256(raw).hexdigest())


def store(actor: Actor, statement: Statement, rows: Sequence[BankRow]) -> Imported:
    """Store a portion: what is new, each once. What is sure is booked as a payment of the gateway `manual`.

    When it is interrupted, the same statement read again goes on where it stopped.
    """
    merchant = _locked(actor)
    known = _known(actor, rows)
    fresh = [row for row in rows if row.identity not in known]
    states = [_store(actor, row, statement).state for row in fresh]
    counts = {state: states.count(state) for state in StatementState}
    is_last = not rows or rows[-1] is statement.file.rows[-1]
    done = Imported(
        read=len(rows), booked=counts[StatementState.BOOKED], unsure=counts[StatementState.UNSURE],
        known=len(rows) - len(fresh), ignored=counts[StatementState.IGNORED],
        pending=statement.file.pending if is_last else 0,
    )
    audit.record(actor, "statement_row.imported", None, merchant_id=merchant.id, after={
        "file": statement.file_name[:255], "read": done.read, "booked": done.booked, "unsure": done.unsure,
        "known": done.known,
    })
    return done


def _locked(actor: Actor) -> Merchant:
    """The merchant, locked: two imports of one file at once would both find their movements unknown."""
    statement = select(Merchant).where(Merchant.id == actor.merchant_id).with_for_update(key_share=True)
    merchant: Merchant = db.session.execute(statement).scalar_one()
    return merchant


def _known(actor: Actor, rows: Sequence[BankRow]) -> set[str]:
    return set(db.session.scalars(select(StatementRow.identity).where(
        StatementRow.merchant_id == actor.merchant_id, StatementRow.test.is_(actor.test),
        StatementRow.identity.in_([row.identity for row in rows]),
    )))


def _store(actor: Actor, row: BankRow, statement: Statement) -> StatementRow:
    movement = StatementRow(
        **actor.ownership(), identity=row.identity, file_name=statement.file_name[:255],
        file_digest=statement.digest, place=row.place[:40], booked_on=row.booked_on, currency=row.currency,
        amount_minor=row.amount_minor, payer_name=row.payer_name,
        payer_account=ibans.masked(row.payer_account) if row.payer_account else None,
        texts="\n".join(row.texts) or None, bank_id=row.bank_id, is_reversal=row.is_reversal,
        state=StatementState.UNSURE,
    )
    found = _checked(movement, bank_matching.match(actor, movement))
    bank_match.note(movement, found)
    movement.state = StatementState.UNSURE if found.state is StatementState.BOOKED else found.state
    bank_booking.LIFE.add(actor, movement)
    if found.state is StatementState.BOOKED:
        bank_booking.book(actor, movement)
    return movement


def _checked(movement: StatementRow, found: Match) -> Match:
    """A sure match becomes unsure where a file of another form has told a movement like this one already."""
    if found.state is not StatementState.BOOKED:
        return found
    alike = select(StatementRow.order_id, StatementRow.invoice_ids).where(
        StatementRow.merchant_id == movement.merchant_id, StatementRow.test.is_(movement.test),
        StatementRow.booked_on == movement.booked_on, StatementRow.currency == movement.currency,
        StatementRow.amount_minor == movement.amount_minor, StatementRow.file_digest != movement.file_digest,
    )
    invoices, order_id = {one.id for one in found.invoices}, found.order.id if found.order is not None else None
    for other_order, others in db.session.execute(alike):
        if (order_id is not None and other_order == order_id) or invoices & set(others or ()):
            said = "Another file has a movement like this one: check that it came twice."
            return unsure(said, found.row, invoices=found.invoices)
    return found

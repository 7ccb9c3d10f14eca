"""Stores the movements of a statement, each once, and books those whose match is sure."""

import hashlib
from dataclasses import dataclass, replace

from sqlalchemy import select

from database import db
from domain import audit
from domain.actor import Actor
from domain.payments.bank import bank_booking, bank_matching, bank_statements, ibans
from domain.payments.bank.bank_csv import CsvForm
from domain.payments.bank.bank_matching import Match
from domain.payments.bank.bank_rows import BankRow, StatementFile
from models.merchant import Merchant
from models.statement_row import StatementRow, StatementState

AT_ONCE = 500                          # identities that are looked for in one statement


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file's movements; pending ones are not counted as read."""

    read: int
    booked: int
    unsure: int
    known: int
    ignored: int
    pending: int


def import_file(actor: Actor, raw: bytes, file_name: str, form: CsvForm | None = None) -> Imported:
    """Read a statement of the actor's merchant and store what is new. Invalid refuses the whole file.

    What is sure is booked as an approved payment of the gateway `manual`.
    """
    merchant = _locked(actor)
    form = form or CsvForm()
    file = bank_statements.read(raw, form if form.currency else replace(form, currency=merchant.currency))
    digest = hashlib.sha256(raw).hexdigest()
    known = _known(actor, file)
    fresh = [row for row in file.rows if row.identity not in known]
    states = [_store(actor, row, file_name, digest).state for row in fresh]
    counts = {state: states.count(state) for state in StatementState}
    done = Imported(
        read=len(file.rows), booked=counts[StatementState.BOOKED], unsure=counts[StatementState.UNSURE],
        known=len(file.rows) - len(fresh), ignored=counts[StatementState.IGNORED], pending=file.pending,
    )
    audit.record(actor, "statement_row.imported", None, merchant_id=merchant.id, after={
        "file": file_name[:255], "read": done.read, "booked": done.booked, "unsure": done.unsure, "known": done.known,
    })
    return done


def _locked(actor: Actor) -> Merchant:
    """The merchant, locked: two imports of one file at once would both find their movements unknown."""
    statement = select(Merchant).where(Merchant.id == actor.merchant_id).with_for_update(key_share=True)
    merchant: Merchant = db.session.execute(statement).scalar_one()
    return merchant


def _known(actor: Actor, file: StatementFile) -> set[str]:
    identities = [row.identity for row in file.rows]
    found: set[str] = set()
    for start in range(0, len(identities), AT_ONCE):
        found |= set(db.session.scalars(select(StatementRow.identity).where(
            StatementRow.merchant_id == actor.merchant_id, StatementRow.test.is_(actor.test),
            StatementRow.identity.in_(identities[start:start + AT_ONCE]),
        )))
    return found


def _store(actor: Actor, row: BankRow, file_name: str, digest: str) -> StatementRow:
    movement = StatementRow(
        **actor.ownership(), identity=row.identity, file_name=file_name[:255], file_digest=digest, place=row.place[:40],
        booked_on=row.booked_on, currency=row.currency, amount_minor=row.amount_minor, payer_name=row.payer_name,
        payer_account=ibans.masked(row.payer_account) if row.payer_account else None,
        texts="\n".join(row.texts) or None, bank_id=row.bank_id, is_reversal=row.is_reversal,
        state=StatementState.UNSURE,
    )
    found = _checked(movement, bank_matching.match(actor, movement))
    movement.reason = found.reason
    movement.order_id = found.order.id if found.order is not None else None
    movement.scheduled_payment_id = found.row.id if found.row is not None else None
    movement.state = StatementState.UNSURE if found.state is StatementState.BOOKED else found.state
    bank_booking.LIFE.add(actor, movement)
    if found.state is StatementState.BOOKED:
        bank_booking.book(actor, movement)
    return movement


def _checked(movement: StatementRow, found: Match) -> Match:
    """A sure match becomes unsure where a file of another form has told a movement like this one already."""
    if found.state is not StatementState.BOOKED or found.order is None:
        return found
    alike = select(StatementRow.id).where(
        StatementRow.merchant_id == movement.merchant_id, StatementRow.test.is_(movement.test),
        StatementRow.booked_on == movement.booked_on, StatementRow.currency == movement.currency,
        StatementRow.amount_minor == movement.amount_minor, StatementRow.order_id == found.order.id,
        StatementRow.file_digest != movement.file_digest,
    )
    if db.session.scalar(alike.limit(1)) is None:
        return found
    return bank_matching.unsure("Another file has a movement like this one: check that it came twice.", found.row)

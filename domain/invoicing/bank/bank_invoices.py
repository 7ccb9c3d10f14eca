"""Finds the invoices that a bank's movement pays, by their numbers in its texts.

Sure is that it names invoices of one customer and that exactly what is open of them all has come. All else is shown
to a person with the reason.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, case, or_, select

from database import db
from domain import list_search
from domain.actor import Actor
from domain.invoicing.bank import invoice_numbers
from domain.invoicing.bank.bank_match import Match, unsure
from domain.invoicing.bank.invoice_numbers import Written
from domain.invoicing.invoice_listing import BALANCE, LISTING, OPEN
from domain.invoicing.paying import allocating, invoice_checkouts
from domain.payments import locking
from models.customer import Customer
from models.invoice import Invoice
from models.money import Money
from models.statement_row import StatementRow, StatementState

LEFT: Any = BALANCE
MOST = 100                               # invoices of one movement
MOST_LIKE_IT = 2                         # open invoices of an amount that are looked at
MOST_OFFERED = 20                        # to a person who chooses one
MOST_SAID = 5                            # numbers in a reason


def written(movement: StatementRow) -> Written:
    """What in its texts may be a number of an invoice."""
    return invoice_numbers.found_in((movement.texts or "").splitlines())


def named(actor: Actor, found: Written) -> list[Invoice]:
    """The actor's issued invoices with these numbers, the oldest first."""
    if not found.keys:
        return []
    clauses, values = LISTING.owned(actor)
    statement = select(Invoice).where(Invoice.number_key.in_(sorted(found.keys)), *clauses)
    return list(db.session.scalars(statement.order_by(Invoice.issue_on, Invoice.id).limit(MOST + 1), values))


def of_amount(actor: Actor, movement: StatementRow) -> list[Invoice]:
    """Open invoices of exactly this amount, at most two."""
    clauses, values = LISTING.owned(actor)
    same: Any = movement.amount_minor == LEFT
    statement = select(Invoice).where(
        OPEN, same, Invoice.currency == movement.currency, *clauses)
    return list(db.session.scalars(statement.order_by(Invoice.id).limit(MOST_LIKE_IT), values))


def candidates(actor: Actor, movement: StatementRow, words: str = "") -> list[Invoice]:
    """Open invoices of the movement's merchant in its currency: those of its amount first, then the earliest.

    `words` are a number, or part of the customer's name.
    """
    clauses, values = LISTING.owned(actor.for_row(movement))
    fits = case((movement.amount_minor == LEFT, 0), else_=1)
    statement = (
        select(Invoice).join(Customer, Customer.id == Invoice.customer_id)
        .where(OPEN, Invoice.currency == movement.currency, *clauses)
        .order_by(fits, Invoice.due_on, Invoice.id).limit(MOST_OFFERED)
    )
    if words := words.strip().replace("\x00", "")[:200]:
        keys = invoice_numbers.found_in([words]).keys
        searched = list_search.words_of(words)
        by_words = and_(*list_search.clauses(Invoice, LISTING.search, searched))
        statement = statement.where(or_(by_words, Invoice.number_key.in_(sorted(keys))))
        values = values | list_search.values(searched)
    return list(db.session.scalars(statement, values))


def match(movement: StatementRow, found: Written, rows: Sequence[Invoice]) -> Match:
    """What a movement is that names these invoices. Where it is sure, they are locked with their customer's account."""
    wrong = _why_not(movement, found, rows)
    if wrong is None:
        locking.lock_account(rows[0].customer_id)
        rows = allocating.lock_invoices(Invoice.id.in_([one.id for one in rows]))
        wrong = _why_not_open(movement, rows)            # they may have been paid meanwhile
    if wrong is not None:
        return unsure(wrong, invoices=_bookable(movement, rows))
    return Match(StatementState.BOOKED, invoices=rows)


def _bookable(movement: StatementRow, rows: Sequence[Invoice]) -> Sequence[Invoice]:
    """What a person may book it on as it is: invoices of one customer, in its currency."""
    is_one = {(one.customer_id, one.currency) for one in rows} == {(rows[0].customer_id, movement.currency)}
    return rows if is_one and len(rows) <= MOST else ()


def _why_not(movement: StatementRow, found: Written, rows: Sequence[Invoice]) -> str | None:
    if len(rows) > MOST:
        return f"It names more than {MOST} invoices."
    if len({one.number_key for one in rows}) < len(rows):
        return f"It may name several invoices that are written alike: {_numbers(rows)}."
    if len({one.customer_id for one in rows}) > 1:
        return f"It names invoices of several customers: {_numbers(rows)}."
    foreign = [one for one in rows if one.currency != movement.currency]
    if foreign:
        return f"Invoice {foreign[0].number} is in {foreign[0].currency}."
    doubtful = [one for one in rows if not found.is_surely(str(one.number))]
    if doubtful:
        return f"It may name invoice {doubtful[0].number}, or something else that is written like it."
    return _why_not_open(movement, rows)


def _why_not_open(movement: StatementRow, rows: Sequence[Invoice]) -> str | None:
    for one in rows:
        if one.refunded_minor:
            return f"What was paid of invoice {one.number} was paid back."
        if one.balance_minor <= 0:
            how = "credited" if one.credited_minor >= one.total_minor > 0 else "paid"
            return f"Invoice {one.number} has nothing open: it is {how} already."
    if invoice_checkouts.running_of([one.id for one in rows]) is not None:
        return f"A payment of {_of(rows)} is under way."
    due = sum(one.balance_minor for one in rows)
    if due != movement.amount_minor:
        return f"{Money(due, movement.currency)} is open of {_of(rows)}, not this amount."
    return None


def _of(rows: Sequence[Invoice]) -> str:
    return f"{'invoice' if len(rows) == 1 else 'invoices'} {_numbers(rows)}"


def _numbers(rows: Sequence[Invoice]) -> str:
    more = f" and {len(rows) - MOST_SAID} more" if len(rows) > MOST_SAID else ""
    return ", ".join(str(one.number) for one in rows[:MOST_SAID]) + more

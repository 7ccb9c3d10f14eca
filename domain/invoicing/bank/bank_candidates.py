"""Finds the scheduled payments that a movement of a bank account may pay, for a person who chooses one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_, select

from database import db
from domain import list_search
from domain.actor import Actor
from domain.invoicing.bank.bank_matching import PAYABLE
from domain.payments.attempts import owed
from domain.payments.bank import creditor_references
from domain.payments.schedule.scheduled_listing import LISTING
from domain.sales.orders.order_status import FINAL
from models.money import LIMIT, to_minor
from models.order import Order, OrderStatus, ScheduledPayment
from models.statement_row import StatementRow

MOST = 20
LEFT: Any = ScheduledPayment.amount_minor - ScheduledPayment.paid_minor


@dataclass(frozen=True, slots=True)
class Candidate:
    """An open scheduled payment in the movement's currency."""

    id: int
    order_id: int
    sequence: int
    customer_name: str
    due_at: datetime
    currency: str
    open_minor: int
    fits: bool                          # the movement pays exactly what is open


def find(actor: Actor, movement: StatementRow, words: str = "") -> list[Candidate]:
    """Open payments of the movement's merchant: those of its amount first, then the earliest.

    `words` are a payment reference, an amount, the number of an order, or part of the customer's name.
    """
    own = actor.for_row(movement)
    clauses, values = LISTING.owned(own)
    fits = case((movement.amount_minor == LEFT, 0), else_=1)
    statement = (
        select(ScheduledPayment, Order.customer_name).join(Order, Order.id == ScheduledPayment.order_id)
        .where(
            *clauses, ScheduledPayment.status.in_(sorted(PAYABLE)), ScheduledPayment.currency == movement.currency,
            LEFT > 0, Order.status.not_in(sorted((*FINAL, OrderStatus.DRAFT))),
        )
        .order_by(fits, ScheduledPayment.due_at, ScheduledPayment.id).limit(MOST)
    )
    if words := words.strip().replace("\x00", "")[:200]:
        statement = statement.where(_wanted(words, movement.currency))
        values = values | list_search.values(list_search.words_of(words))
    return [_candidate(row, name, movement) for row, name in db.session.execute(statement, values)]


def _candidate(row: ScheduledPayment, name: str, movement: StatementRow) -> Candidate:
    left = owed(row)
    return Candidate(
        id=row.id, order_id=row.order_id, sequence=row.sequence, customer_name=name, due_at=row.due_at,
        currency=row.currency, open_minor=left, fits=left == movement.amount_minor,
    )


def _wanted(words: str, currency: str) -> ColumnElement[bool]:
    found: Sequence[Any] = [
        and_(*list_search.clauses(ScheduledPayment, LISTING.search, list_search.words_of(words))),
        *(ScheduledPayment.order_id == one.order_id for one in creditor_references.found_in([words])),
    ]
    amount = _amount(words, currency)
    return or_(*found, amount == LEFT) if amount is not None else or_(*found)


def _amount(words: str, currency: str) -> int | None:
    """The words as an amount in minor units: 1,234.50 or 1234.5; None for anything else."""
    try:
        minor = to_minor(Decimal(words.replace(",", "").removesuffix(currency).strip()), currency)
    except (InvalidOperation, ValueError):
        return None
    return minor if 0 < minor < LIMIT else None

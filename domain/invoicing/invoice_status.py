"""The status of invoices: one table, from which both the program's values and the database's are derived.

The first condition that holds decides. An invoice is overdue from the end of its last day on, without anybody doing
anything; one that is paid by its order's schedule as `paying.lateness` says.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, case, literal

from models.invoice import Invoice, InvoiceState, InvoiceStatus

S = InvoiceStatus
# Conditions over a row or over the table, by operators that both have.
TABLE: tuple[tuple[InvoiceStatus, Callable[[Any, Any], Any]], ...] = (
    (S.DRAFT, lambda one, now: one.state == InvoiceState.DRAFT),
    (S.CANCELLED, lambda one, now: one.state == InvoiceState.CANCELLED),
    # What was paid was paid back, whether or not a credit note took it off.
    (S.REFUNDED, lambda one, now: (one.refunded_minor > 0) & (one.paid_minor == 0)),
    (S.CANCELLED, lambda one, now: (
        (one.credited_minor > 0) & (one.paid_minor == 0) & (one.credited_minor == one.total_minor))),
    (S.PAID, lambda one, now: one.paid_minor + one.credited_minor >= one.total_minor),
    (S.OVERDUE, lambda one, now: one.late_at is not None and one.late_at <= now),
    (S.PARTIALLY_PAID, lambda one, now: one.paid_minor > 0),
)
OTHERWISE = S.UNPAID

NOW = bindparam("now", type_=Invoice.late_at.type)
EFFECTIVE = case(
    *((condition(Invoice, NOW), literal(status.value, String)) for status, condition in TABLE),
    else_=literal(OTHERWISE.value, String),
)


def of(row: Any, now: datetime) -> InvoiceStatus:
    """The status of a row at a moment."""
    return next((status for status, condition in TABLE if condition(row, now)), OTHERWISE)

"""What a movement of a bank account is: sure, to be decided by a person, or no payment."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.invoice import Invoice
from models.order import Order, ScheduledPayment
from models.statement_row import StatementRow, StatementState


@dataclass(frozen=True, slots=True)
class Match:
    """What a movement is. Booked without a reason is sure; unsure may name what it could pay."""

    state: StatementState
    reason: str | None = None
    row: ScheduledPayment | None = None
    order: Order | None = None
    invoices: Sequence[Invoice] = ()


def unsure(
    reason: str, row: ScheduledPayment | None = None, order: Order | None = None, invoices: Sequence[Invoice] = (),
) -> Match:
    return Match(StatementState.UNSURE, reason, row, order or (row.order if row is not None else None), invoices)


def note(movement: StatementRow, found: Match) -> None:
    """Write what was found into the movement, but for its state."""
    movement.reason = found.reason
    movement.order_id = found.order.id if found.order is not None else None
    movement.scheduled_payment_id = found.row.id if found.row is not None else None
    movement.invoice_ids = [one.id for one in found.invoices] or None

"""Says which scheduled payment of its order an invoice waits for: what people are told instead of its own due date."""

from dataclasses import dataclass
from datetime import date, datetime

from domain import clock
from domain.invoicing.paying import lateness
from domain.payments import attempts
from domain.payments.checkout import checkout_states
from domain.payments.schedule import schedules
from domain.sales.orders import payment_links
from domain.sales.orders.order_status import LIVE
from models.invoice import Invoice
from models.order import Order, ScheduledPayment


@dataclass(frozen=True, slots=True)
class NextPayment:
    """The payment: its day, how much, whether it is late, and whether a stored method pays it by itself."""

    due_at: datetime
    minor: int
    is_late: bool
    by_itself: bool
    path: str                            # of the page on which the customer pays it; empty where it is not to be paid


def of(invoice: Invoice) -> NextPayment | None:
    """The payment that is late for longest, else the next one; None where the invoice's own due date counts."""
    order = _order_of(invoice)
    rows = _rows(order) if order is not None else []
    if order is None or not rows:
        return None
    is_late = invoice.late_at is not None and invoice.late_at <= clock.now()
    row = min(rows, key=lambda one: (is_late and one.declined_at is None, one.due_at))
    payable = checkout_states.payable(order)
    path = payment_links.path_of(order.link_token) if payable is not None else None
    return NextPayment(row.due_at, attempts.owed(row), is_late, order.payment_method_id is not None, path or "")


def parts_of(invoice: Invoice) -> list[tuple[date, int]]:
    """The days and amounts of all that is still to be paid by the schedule of its order, the first one first."""
    order = _order_of(invoice)
    rows = _rows(order) if order is not None else []
    return sorted((row.due_at.date(), attempts.owed(row)) for row in rows)


def page_of(invoice: Invoice) -> str | None:
    """The path of the page on which only what is late of an invoice is paid; None where that is all of it."""
    found = of(invoice)
    return found.path or None if found is not None and found.is_late else None


def _order_of(invoice: Invoice) -> Order | None:
    order = lateness.order_of(invoice) if invoice.balance_minor > 0 else None
    return order if order is not None and order.status in LIVE else None


def _rows(order: Order) -> list[ScheduledPayment]:
    """What is asked for, or will be."""
    return [row for row in schedules.seen_rows(order) if row.sequence and lateness.is_asked(order, row)]

"""Lowers what an order still collects by what was credited of its invoice.

Of instalments the last payments are lowered first: the next ones stay as they were agreed, and the plan ends sooner.
Of a subscription the invoice is one period's, whose payment is the oldest that is open. What is being collected stays:
it is lowered once it was declined. An order that nobody has paid yet, and of which nothing is left, is cancelled.
"""

from domain.actor import Actor
from domain.payments import attempts, booking
from domain.payments.orders import order_verbs
from domain.payments.schedule import scheduled_status, schedules
from domain.payments.schedule.scheduled_status import EDITABLE
from domain.sales.orders import order_amounts, order_status
from domain.sales.orders.order_status import PRELIMINARY
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.product import Billing

LOWERED = EDITABLE | {ScheduledStatus.PAUSED}


def lower(actor: Actor, order: Order, minor: int) -> int:
    """Collect this much less of a locked order that has not ended; returns what of it could not be taken off yet."""
    rows = schedules.open_rows(order)
    for row in reversed(rows) if order.billing in schedules.ENDING else rows:
        part = min(minor, attempts.owed(row))
        if row.status in LOWERED and not row.awaits_count and part > 0:
            _lower(actor, order, row, part)
            minor -= part
    if order.status not in PRELIMINARY:
        schedules.settle(actor, order)
    elif not any(attempts.owed(row) for row in schedules.open_rows(order)):
        order_verbs.cancel(actor, order)
    is_asked = any(row.status is ScheduledStatus.PROCESSING for row in schedules.open_rows(order))
    return minor if is_asked else 0


def _lower(actor: Actor, order: Order, row: ScheduledPayment, minor: int) -> None:
    is_all = minor == attempts.owed(row)
    amount = row.amount_minor - minor
    tax = order_amounts.part_of(row.tax_minor, amount, row.amount_minor)
    if order.billing is Billing.INSTALMENT:
        with order_status.LIFE.changing(actor, order):
            order.total_minor -= minor
            order.tax_minor -= row.tax_minor - tax
    if is_all and not row.paid_minor and row.sequence:
        scheduled_status.move(actor, row, ScheduledStatus.CANCELLED)
        return
    with scheduled_status.LIFE.changing(actor, row, "credited", "updated"):
        row.amount_minor, row.tax_minor = amount, tax
        row.price_minor = None if row.price_minor is None else max(0, row.price_minor - minor)
    if is_all and row.paid_minor:
        booking.paid(actor, order, row, 0)

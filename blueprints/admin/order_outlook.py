"""What a list of orders says about each: what is collected next, and why it needs a person."""

from datetime import timedelta
from typing import Any

from markupsafe import Markup

from blueprints.pages.format import day
from domain import clock
from domain.payments.orders.order_payments import next_of, refused_of
from domain.sales.orders.order_status import FINAL
from models.order import OrderStatus, ScheduledStatus, SuspendedFor
from models.product import Billing

S = OrderStatus
WAITING = {
    S.DRAFT: "None: a draft", S.PENDING: "By the customer", S.REJECTED: "By the customer",
    S.PAUSED: "When it is resumed",
}
SUSPENDED = {SuspendedFor.UNPAID: "When invoices are paid", SuspendedFor.MERCHANT: "When it goes on"}
STOPPED = {SuspendedFor.UNPAID: "Invoices overdue", SuspendedFor.MERCHANT: "Suspended by staff"}
A_DAY = timedelta(days=1)
BY_USE = "By use"


def priced(row: Any) -> int | str:
    """What an order costs: its total in minor units, or that it depends on use."""
    by_use = row.billing == Billing.METERED and not row.total_minor
    return BY_USE if by_use else int(row.total_minor)


def owed(row: Any) -> int | str:
    """The same of a scheduled payment, which depends on use until its calls are counted."""
    return BY_USE if row.awaits_count else int(row.amount_minor)


def next_payment(row: Any) -> str | Markup:
    """When the order is collected from next, or what that waits for."""
    if row.status in FINAL:
        return ""
    if row.status in WAITING:
        return WAITING[row.status]
    if row.status == S.SUSPENDED:
        return SUSPENDED.get(row.suspended_for, "When a card is saved")
    found = next_of(row)
    if found is None or (row.cancels_at_period_end and row.billing != Billing.METERED):
        return "None"
    return _of(found)


def _of(found: Any) -> str | Markup:
    """The day of a payment, and how it is collected where that is not as usual."""
    if found.status == ScheduledStatus.PROCESSING:
        return "Being collected"
    if found.collect_at is not None:
        again = f" · retry {found.retry_count + 1}" if found.status == ScheduledStatus.SOFT_DECLINED else ""
        return Markup("{}{}").format(day(found.collect_at), again)
    if found.status == ScheduledStatus.SCHEDULED:
        return Markup("{} · {}").format(day(found.due_at), "by use" if found.awaits_count else "by hand")
    return "No retry is left" if found.status == ScheduledStatus.SOFT_DECLINED else "None"


def why(row: Any) -> str | Markup:
    """Why the order needs a person, in a few words; empty where it does not."""
    if row.status == S.REVIEW:
        return "Paid too much"
    if row.status == S.SUSPENDED and row.suspended_for is not None:
        return STOPPED[row.suspended_for]
    refused = refused_of(row)
    if refused is not None and row.status not in FINAL:
        return str(refused.message or "Declined").rstrip(".")
    return _overdue(row)


def _overdue(row: Any) -> str | Markup:
    """Since when a payment is overdue that nothing collects by itself; a day is given for a transfer."""
    found = next_of(row)
    if row.status not in (S.ACTIVE, S.FAILED) or found is None:
        return ""
    is_by_hand = found.status == ScheduledStatus.SCHEDULED and found.collect_at is None and not found.awaits_count
    now = found.clock_at or clock.now()
    return Markup("Overdue since {}").format(day(found.due_at)) if is_by_hand and found.due_at < now - A_DAY else ""

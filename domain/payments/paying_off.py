"""Collects all that is left of instalments with one charge.

While it runs, every payment that it covers reads `processing`, so that none is collected twice. Approved, they are
merged into the first of them, which holds the attempt; declined, each is as it was before, and so is the order: that
somebody could not pay early is no default.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.payments import attempts, gateway_accounts
from domain.payments.attempts import Attempt
from domain.payments.collecting import retrying
from domain.payments.schedule import scheduled_merging, scheduled_status, schedules
from domain.payments.schedule.scheduled_status import EDITABLE
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL
from models.money import Money
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Decline, Payment, PaymentReason
from models.product import Billing

PAYABLE = frozenset({OrderStatus.ACTIVE, OrderStatus.FAILED, OrderStatus.SUSPENDED})


def left(order: Order) -> list[ScheduledPayment]:
    """The instalments that can be paid together now; none while one is being collected or has to be looked at."""
    rows = schedules.seen_rows(order) if order.billing == Billing.INSTALMENT and order.status in PAYABLE else []
    if any(row.status in (ScheduledStatus.PROCESSING, ScheduledStatus.REVIEW) for row in rows):
        return []
    return [row for row in rows if row.sequence and row.status in EDITABLE and attempts.owed(row)]


def total(rows: Sequence[ScheduledPayment]) -> int:
    """What they cost together."""
    return sum(attempts.owed(row) for row in rows)


def begin(actor: Actor, order: Order) -> Attempt:
    """Begin to collect what is left of a locked order; Conflict where that is not possible."""
    _check(order)
    schedules.open_rows(order)                           # locks them
    attempts.must_be_free(actor, order)
    _check(order)                                        # what pays its invoice may have left nothing
    first, *others = rows = left(order)
    scheduled_merging.must_fit(total(rows))
    attempt = attempts.begin(actor, order, first, PaymentReason.REST, amount_minor=total(rows))
    for row in others:
        scheduled_status.move(actor, row, ScheduledStatus.PROCESSING)
    return attempt


def _check(order: Order) -> None:
    if order.billing is not Billing.INSTALMENT:
        raise order_status.refused("is not paid in instalments")
    if order.status not in PAYABLE:
        raise order_status.refused(f"is {order.status}")
    if order.payment_method is None:
        message = "The order has no payment method."
        raise Conflict(message, fields={"payment_method": Problem("missing", "is missing")})
    if not left(order):
        raise order_status.refused("has no payments that could be collected together now")


def approved(actor: Actor, order: Order, row: ScheduledPayment) -> None:
    """The money was taken: what is left of the order's payments is part of the row that was charged."""
    for one in schedules.open_rows(order):
        if one.id != row.id and one.sequence and one.status in EDITABLE | {ScheduledStatus.PROCESSING}:
            scheduled_status.move(actor, one, ScheduledStatus.MERGED)
            scheduled_merging.join(actor, one, row)


def release(actor: Actor, order: Order, payment: Payment) -> None:
    """Nothing was taken: the payments that were covered are as before."""
    for row in schedules.open_rows(order):
        if row.status is ScheduledStatus.PROCESSING:
            before = _before(order, row)
            scheduled_status.move(actor, row, before)
            row.collect_at = schedules.collect_at(order, row)
            if row.collect_at is not None and before is ScheduledStatus.SOFT_DECLINED:
                account = gateway_accounts.find(order.merchant_id, payment.gateway, test=order.test)
                row.collect_at = retrying.next_try(row, gateway_accounts.retry_days(account), now_of(order))


def _before(order: Order, row: ScheduledPayment) -> ScheduledStatus:
    """What a row was before: the order may have ended while the gateway was asked."""
    if order.status in FINAL:
        return ScheduledStatus.CANCELLED
    if row.declined_at is None:
        return ScheduledStatus.SCHEDULED
    refused = select(Payment.decline).where(
        Payment.scheduled_payment_id == row.id, Payment.decline.is_not(None), Payment.reason != PaymentReason.REST
    )
    last = db.session.scalar(refused.order_by(Payment.id.desc()).limit(1))
    return ScheduledStatus.HARD_DECLINED if last is Decline.HARD else ScheduledStatus.SOFT_DECLINED


def is_offered(actor: Actor, row: Any) -> bool:
    """Whether pages offer it, for an entity or a row of the listing."""
    is_possible = row.billing == Billing.INSTALMENT and row.status in PAYABLE and row.payment_method_id is not None
    return is_possible and (row.count_to_pay if hasattr(row, "count_to_pay") else len(left(row))) > 1


def told(row: Any) -> tuple[str, ...]:
    """What the dialog says that it does."""
    rows = left(row)
    amount = f"{Money(total(rows), row.currency).decimal:,} {row.currency}"
    return (
        f"{len(rows)} payments are collected now as one of {amount}, from the order's payment method.",
        "If it is declined, they stay on their days and the order is as before.",
    )

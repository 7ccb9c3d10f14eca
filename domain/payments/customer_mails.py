"""Puts mails about payments into the outbox: a receipt, one that failed, one that comes soon, one that was disputed.

Mails about rows of the test world are kept and not sent.
"""

from datetime import timedelta

from sqlalchemy import String, cast, exists, literal, select

from database import db
from domain import clock
from domain.errors import Conflict
from domain.payments.schedule import schedules
from domain.people import merchant_mails
from domain.people.merchant_mails import CARD, CARD_EXPIRES, CONFIRM, DISPUTE, DISPUTED, FAILED, RECEIPT, REMINDER
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.outbox import Task
from models.payment import Decline, Dispute, Payment, PaymentReason
from models.product import IntervalUnit

AHEAD = timedelta(days=5)                        # a reminder before its payment
ASKED_AGAIN = timedelta(days=1)                 # after a mail that asks for another card
REMINDED = frozenset({IntervalUnit.MONTH, IntervalUnit.YEAR})       # shorter intervals need none


def receipt(order: Order, payment: Payment) -> None:
    """The customer paid."""
    _put(RECEIPT, order, payment_id=payment.id, row_id=payment.scheduled_payment_id, name=f"receipt_{payment.id}")


def failed(order: Order, row: ScheduledPayment, payment: Payment) -> None:
    """A payment that the customer did not make on a page was declined: once softly, and when it is final."""
    is_news = row.declined_at == row.executed_at or payment.decline is Decline.HARD
    if payment.reason is not PaymentReason.CHECKOUT and is_news:
        _put(FAILED, order, payment_id=payment.id, row_id=row.id, name=f"payment_failed_{payment.id}")


def confirm(order: Order, payment: Payment) -> None:
    """The customer's bank asks for one more step, and the customer is not on the page."""
    if payment.reason is not PaymentReason.CHECKOUT:
        row_id = payment.scheduled_payment_id
        _put(CONFIRM, order, payment_id=payment.id, row_id=row_id, name=f"{CONFIRM}_{payment.id}")


def ask_for_card(order: Order, row: ScheduledPayment) -> None:
    """A person asks for another card, for a locked row; Conflict without an address, and on the same day again."""
    if not order.customer_email:
        raise Conflict("The customer has no e-mail address.")
    name, since = f"{CARD}_{row.id}", clock.now() - ASKED_AGAIN
    if db.session.scalar(select(Task.id).where(Task.lane == name, Task.created_at > since).limit(1)) is not None:
        raise Conflict("The customer was asked for another card within the last 24 hours.")
    _put(CARD, order, row_id=row.id, name=name)


def card_expires(order: Order, row: ScheduledPayment) -> None:
    """The card with which the payment would be made expires before."""
    _put(CARD_EXPIRES, order, row_id=row.id, name=f"{CARD_EXPIRES}_{row.id}", method_id=order.payment_method_id)


def disputed(order: Order, payment: Payment, dispute: Dispute) -> None:
    """The customer disputed a payment at the bank: told to the customer, and to the merchant."""
    row_id = payment.scheduled_payment_id
    _put(DISPUTE, order, payment_id=payment.id, row_id=row_id, name=f"{DISPUTE}_{dispute.id}", dispute_id=dispute.id)
    merchant_mails.put(
        DISPUTED, lane=f"{DISPUTED}_{dispute.id}", merchant_id=order.merchant_id, test=order.test,
        about=f"order_{order.id}", dispute_id=dispute.id,
    )


def remind_due(limit: int = 500) -> int:
    """Put reminders of the payments that are collected within five days, one each; the hourly job. Returns how many."""
    lane = literal(f"{REMINDER}_") + cast(ScheduledPayment.id, String)
    now = clock.now()
    found = db.session.execute(
        select(ScheduledPayment, Order).join(Order, Order.id == ScheduledPayment.order_id).where(
            ScheduledPayment.collect_at > now, ScheduledPayment.collect_at <= now + AHEAD,
            ScheduledPayment.test_clock_id.is_(None), ScheduledPayment.status == ScheduledStatus.SCHEDULED,
            ScheduledPayment.sequence > 0, ScheduledPayment.amount_minor > 0, Order.customer_email.is_not(None),
            Order.interval_unit.in_(REMINDED), schedules.goes_on(),
            Order.merchant_id.not_in(merchant_mails.merchants_without(REMINDER)),
            ~exists().where(Task.lane == lane),
        ).order_by(ScheduledPayment.id).limit(limit)
    ).all()
    for row, order in found:
        _put(REMINDER, order, row_id=row.id, name=f"{REMINDER}_{row.id}")
    return len(found)


def _put(
    kind: str, order: Order, *, name: str, row_id: int | None, payment_id: int | None = None,
    **more: int | None,
) -> None:
    if order.customer_email:
        merchant_mails.put(
            kind, lane=name, merchant_id=order.merchant_id, test=order.test, order_id=order.id, payment_id=payment_id,
            scheduled_payment_id=row_id, **more, about=f"order_{order.id}",
        )

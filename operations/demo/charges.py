"""Collects payments of the demonstration at the moments they were due, with given outcomes instead of a bank's."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select, update

from database import db
from domain.actor import Actor
from domain.payments import attempts, booking, paying, payment_methods
from domain.payments.attempts import Attempt
from domain.payments.gateways import Answer, Outcome
from domain.payments.schedule import schedules
from domain.sales.orders import orders
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.outbox import Task, TaskStatus
from models.payment import Decline, Payment, PaymentReason

APPROVED, SOFT, HARD, LOST = "approved", "soft", "hard", "lost"
SAID = {SOFT: (Decline.SOFT, "Insufficient funds"), HARD: (Decline.HARD, "The card was reported stolen")}
CARDS = ("Visa ending 4242", "Mastercard ending 4444", "Visa ending 1881", "American Express ending 0005")


def first(actor: Actor, order: Order, gateway: str, token: str, label: str) -> None:
    """The customer pays the first payment on the order's page, and keeps the payment method."""
    method = payment_methods.stored(actor, order, gateway, token, label)
    attempt = paying.pay(actor, orders.locked(order.id), method)
    if attempt is not None:
        answer(attempt, APPROVED)


def next_due(order: Order) -> ScheduledPayment | None:
    """The row that is collected next."""
    row: ScheduledPayment | None = db.session.scalar(
        select(ScheduledPayment)
        .where(ScheduledPayment.order_id == order.id, ScheduledPayment.collect_at.is_not(None))
        .order_by(ScheduledPayment.collect_at, ScheduledPayment.id).limit(1))
    return row


def collect(order: Order, row: ScheduledPayment, outcomes: Iterator[str]) -> None:
    """Collect one row, as the worker would at this moment."""
    actor = Actor.system().for_row(row).in_world(test=row.test)
    again = row.status is ScheduledStatus.SOFT_DECLINED
    attempt = attempts.begin(actor, order, row, PaymentReason.RETRY if again else PaymentReason.SCHEDULE)
    schedules.follow(actor, order)
    answer(attempt, next(outcomes, APPROVED))


def answer(attempt: Attempt, outcome: str) -> None:
    """Book what the gateway is said to have answered; lost is no answer at all."""
    actor, asked = Actor.system(), attempt.request
    if outcome == LOST:
        booking.unknown(actor, attempt.payment_id, "The gateway did not answer within 30 seconds.")
        return
    decline, message = SAID.get(outcome, (None, None))
    booking.book(actor, attempt.payment_id, Answer(
        outcome=Outcome.DECLINED if decline else Outcome.APPROVED, amount_minor=asked.amount_minor, decline=decline,
        currency=asked.currency, message=message, reference=f"demo_{attempt.payment_id}",
    ))


def look_up_later(order: Order, at: datetime) -> None:
    """Ask about the order's lost answers at this time, and not at once."""
    db.session.flush()
    db.session.execute(
        update(Payment).where(Payment.order_id == order.id, Payment.look_up_at.is_not(None)).values(look_up_at=at))


def send_mails(order: Order) -> None:
    """The mails about the order were sent; those of the test world were kept."""
    db.session.flush()
    values = (
        {"status": TaskStatus.CANCELLED, "last_error": "Not sent: it is about a row of the test world."}
        if order.test else {"status": TaskStatus.DONE}
    )
    for task in db.session.scalars(select(Task).where(Task.about == f"order_{order.id}", Task.kind == "mail")):
        task.attempts, task.finished_at = 1, task.created_at + timedelta(seconds=2)
        for name, value in values.items():
            setattr(task, name, value)

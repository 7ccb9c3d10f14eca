"""Processes notifications of gateways: each once, and none whose signature is wrong."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.payments import booking, customer_mails, disputes, refunds
from domain.payments.checkout import setups
from domain.payments.exceptions import dispute_refunds
from domain.payments.gateways import LONGEST_MESSAGE, Account, Answer, Asked, DisputeNotice, Notification, Outcome
from domain.payments.locking import LIFE, lock_payment
from domain.sales.orders.order_clock import now_of
from models.money import LIMIT
from models.payment import Dispute, DisputeStatus, GatewayNotification, Payment, Refund

LONGEST_KIND = 64
LONGEST = 255
SENTENCES = frozenset({"message", "reason"})    # what a person reads


def check(told: Notification) -> None:
    """Raises ValueError for values that no row can hold: whoever has the secret of an account signs what they like."""
    for part in (told, told.answer, told.dispute, told.refund, told.charge):
        for one in fields(part) if part is not None else ():
            _check(one.name, getattr(part, one.name))


def _check(name: str, value: object) -> None:
    if name.endswith("_minor"):
        if not isinstance(value, int) or not 0 <= value < LIMIT:
            raise ValueError(f"{name} is no amount")
    elif isinstance(value, str):
        value.encode()
        most = LONGEST_MESSAGE if name in SENTENCES else LONGEST
        if "\0" in value or (len(value) > most and name != "kind"):
            raise ValueError(f"{name} is no text that can be kept")
    elif isinstance(value, int | float | list | dict):
        raise ValueError(f"{name} has a wrong type")


def take(actor: Actor, gateway: str, account: Account, told: Notification) -> bool:
    """Process a notification whose signature was checked; False for a known one, or one about no row of ours."""
    found = _subject(gateway, account, told)
    if found is None:
        return told.answer is not None and _set_up(actor, gateway, account, told.key, told.answer)
    payment_id, refund_id = found
    order, _, payment = lock_payment(payment_id)          # of the same one at once the second waits here
    known = select(GatewayNotification.id).where(
        GatewayNotification.gateway == gateway, GatewayNotification.merchant_id == payment.merchant_id,
        GatewayNotification.test.is_(payment.test), GatewayNotification.reference == told.reference,
    )
    if db.session.scalar(known) is not None:
        return False
    db.session.add(GatewayNotification(
        gateway=gateway, merchant_id=payment.merchant_id, test=payment.test, reference=told.reference,
        kind=told.kind[:LONGEST_KIND], received_at=clock.now(),
    ))
    if told.charge is not None and told.charge.outcome is Outcome.APPROVED:
        booking.book(actor, payment.id, told.charge)      # what is about it came before it
    if told.refund is not None:
        refunds.told(actor, payment, told.refund)
    if told.answer is not None and refund_id is not None:
        refunds.book(actor, refund_id, told.answer)
    elif told.answer is not None:
        booking.book(actor, payment.id, told.answer)
    if told.dispute is not None:
        dispute(actor, payment, told.dispute, opened_at=now_of(order))
    return True


def _set_up(actor: Actor, gateway: str, account: Account, key: str, answer: Answer) -> bool:
    """A checkout kept a payment method, or ended without one; once, because its key is forgotten then."""
    order_id = setups.of_key(gateway, account, key)
    return order_id is not None and setups.finish(actor, order_id, key, answer)


def _subject(gateway: str, account: Account, told: Notification) -> tuple[int, int | None] | None:
    """The payment that a notification is about, and the refund; None for nothing of this merchant and world."""
    statement: Any = select(Payment.id, literal(None)).where(Payment.gateway == gateway)
    if told.about is Asked.REFUND:
        statement = select(Payment.id, Refund.id).join(Refund, Refund.payment_id == Payment.id).where(
            Payment.gateway == gateway, Refund.key == told.key)
    else:
        statement = statement.where(Payment.key == told.key)
    if account.merchant_id:                               # the test bank signs for all
        statement = statement.where(Payment.merchant_id == account.merchant_id, Payment.test.is_(account.test))
    found = db.session.execute(statement).first()
    return (found[0], found[1]) if found is not None else None


def dispute(actor: Actor, payment: Payment, told: DisputeNotice, *, opened_at: datetime) -> Dispute:
    """A customer disputed a payment at the bank, or the bank has decided about it."""
    known = select(Dispute).where(Dispute.payment_id == payment.id, Dispute.reference == told.reference)
    row: Dispute | None = db.session.scalar(known)
    if row is None:
        row = Dispute(
            merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, status=told.status,
            currency=told.currency, amount_minor=told.amount_minor, reference=told.reference, reason=told.reason,
            answer_due_at=told.answer_due_at, created_at=opened_at,
            closed_at=None if told.status is DisputeStatus.OPEN else opened_at,
        )
        disputes.LIFE.add(actor, row)
        with LIFE.changing(actor, payment, "disputed"):
            pass
        dispute_refunds.follow(actor, row, payment)
        if row.status is DisputeStatus.OPEN and payment.order is not None:
            customer_mails.disputed(payment.order, payment, row)
        return row
    if told.status is not DisputeStatus.OPEN and told.status is not row.status:      # what is decided stays so
        disputes.decided(actor, row, told.status)
    return row

"""Obeys what gateways tell by themselves: each notification once, and none whose signature is wrong."""

from datetime import datetime

from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.lifecycle import Lifecycle
from domain.payments import booking
from domain.payments.gateways import Asked, DisputeNotice, Notification
from domain.payments.locking import LIFE, lock_payment
from domain.sales.orders.order_clock import now_of
from models.payment import Dispute, DisputeStatus, GatewayNotification, Payment

DISPUTES = Lifecycle(noun="dispute")


def take(actor: Actor, gateway: str, told: Notification) -> bool:
    """Obey a notification whose signature was checked; False when it was known, or is about nothing of ours."""
    if told.about is not Asked.CHARGE:
        return False
    payment = db.session.scalar(select(Payment).where(Payment.key == told.key, Payment.gateway == gateway))
    if payment is None:
        return False
    order, _, payment = lock_payment(payment.id)          # of the same one at once the second waits here
    known = select(GatewayNotification.id).where(
        GatewayNotification.gateway == gateway, GatewayNotification.merchant_id == payment.merchant_id,
        GatewayNotification.test.is_(payment.test), GatewayNotification.reference == told.reference,
    )
    if db.session.scalar(known) is not None:
        return False
    db.session.add(GatewayNotification(
        gateway=gateway, merchant_id=payment.merchant_id, test=payment.test, reference=told.reference, kind=told.kind,
        received_at=clock.now(),
    ))
    if told.answer is not None:
        booking.book(actor, payment.id, told.answer)
    if told.dispute is not None:
        dispute(actor, payment, told.dispute, opened_at=now_of(order))
    return True


def dispute(actor: Actor, payment: Payment, told: DisputeNotice, *, opened_at: datetime) -> Dispute:
    """A customer's bank asks a payment back, or has decided about it."""
    known = select(Dispute).where(Dispute.payment_id == payment.id, Dispute.reference == told.reference)
    row: Dispute | None = db.session.scalar(known)
    if row is None:
        row = Dispute(
            merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, status=told.status,
            currency=told.currency, amount_minor=told.amount_minor, reference=told.reference, reason=told.reason,
            created_at=opened_at,
        )
        DISPUTES.add(actor, row)
        with LIFE.changing(actor, payment, "disputed"):
            return row
    with DISPUTES.changing(actor, row):
        row.status = told.status
        row.closed_at = None if told.status is DisputeStatus.OPEN else clock.now()
    return row

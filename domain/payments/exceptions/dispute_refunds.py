"""Books what a bank takes back with a lost dispute, as a refund: the payment, its invoices and the books follow.

No gateway is asked: the money is gone when the dispute is lost. What is decided otherwise later comes back, as a
refund does that a bank could not hand on.
"""

import secrets

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.payments import refunds
from domain.payments.gateways import Answer, Outcome
from domain.sales.orders.order_clock import now_of
from models.payment import Dispute, DisputeStatus, Payment, PaymentStatus, Refund, RefundStatus

REASON = "Dispute lost"


def follow(actor: Actor, dispute: Dispute, payment: Payment) -> None:
    """Book what the status of a dispute says of the money of its locked payment, once."""
    taken = _taken(dispute)
    if dispute.status is DisputeStatus.LOST and taken is None:
        _take(actor, dispute, payment)
    elif dispute.status is not DisputeStatus.LOST and taken is not None:
        words = "The dispute was won." if dispute.status is DisputeStatus.WON else "The dispute was reopened."
        answer = Answer(outcome=Outcome.DECLINED, reference=dispute.reference, message=words)
        refunds.book(actor, taken.id, answer)


def _taken(dispute: Dispute) -> Refund | None:
    """What was booked for the dispute, unless it came back."""
    found: Refund | None = db.session.scalar(select(Refund).where(
        Refund.payment_id == dispute.payment_id, Refund.reference == dispute.reference,
        Refund.status == RefundStatus.APPROVED))
    return found


def _take(actor: Actor, dispute: Dispute, payment: Payment) -> None:
    """Book the disputed amount, at most what is left of the payment; nothing where that was refunded before."""
    minor = min(dispute.amount_minor, refunds.left(payment))
    if payment.status is not PaymentStatus.APPROVED or dispute.currency != payment.currency or minor <= 0:
        return
    refund = Refund(
        merchant_id=payment.merchant_id, test=payment.test, payment_id=payment.id, status=RefundStatus.PENDING,
        currency=payment.currency, amount_minor=minor, key=secrets.token_hex(16), reference=dispute.reference,
        reason=REASON, created_at=now_of(payment.order), look_up_at=None, look_ups=0,
        test_clock_id=payment.test_clock_id,
    )
    refunds.LIFE.add(actor, refund)
    refunds.book(actor, refund.id, Answer(
        outcome=Outcome.APPROVED, amount_minor=minor, currency=payment.currency, reference=dispute.reference))

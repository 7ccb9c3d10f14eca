"""Payments and refunds as rows, for tests of what they add up to."""

import secrets

from database import db, transaction
from domain import clock
from models.payment import Payment, PaymentReason, PaymentStatus, Refund, RefundStatus
from tests.ordered import make_order


def make_payment(merchant_id, minor, at, *, status=PaymentStatus.APPROVED, refunded=0, order_id=None, **more):
    """The id of a payment of an order of its own; `refunded` minor units of it were given back at once."""
    order_id = order_id or make_order(merchant_id, **more)
    with transaction():
        now = clock.now()
        known = {"merchant_id": merchant_id, "test": False, "currency": more.get("currency", "EUR"),
                 "created_at": now, "updated_at": now, "executed_at": at}
        payment = Payment(**known, order_id=order_id, gateway="test", reason=PaymentReason.SCHEDULE, status=status,
                          amount_minor=minor, refunded_minor=refunded, key=secrets.token_hex(16))
        db.session.add(payment)
        db.session.flush()
        if refunded:
            db.session.add(Refund(**known, payment_id=payment.id, status=RefundStatus.APPROVED, amount_minor=refunded,
                                  key=secrets.token_hex(16)))
        return payment.id

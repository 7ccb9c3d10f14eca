"""Creates payments and refunds in any status, as rows: what leads to them is tested elsewhere."""

import secrets

from database import db, transaction
from domain import clock
from models.order import Order
from models.payment import Payment, PaymentReason, PaymentStatus, Refund, RefundStatus
from tests.ordered import make_order


def customer_of(order_id):
    """The id of an order's customer."""
    return db.session.query(Order.customer_id).filter_by(id=order_id).scalar()


def columns(merchant_id, order_id, minor=1000, at=None, **more):
    """The columns of an approved payment in the live world; `at` is when it was executed."""
    now = clock.now()
    known = {
        "merchant_id": merchant_id, "test": False, "order_id": order_id, "customer_id": customer_of(order_id),
        "gateway": "test", "version": 1,
        "reason": PaymentReason.SCHEDULE, "status": PaymentStatus.APPROVED, "currency": "EUR", "amount_minor": minor,
        "key": secrets.token_hex(16), "executed_at": at or now, "created_at": now, "updated_at": now,
    }
    return known | more


def make_payment(merchant_id, minor=1000, at=None, *, order_id=None, refunded=0, **more):
    """The id of a payment, of a pending order of its own if none is named; `refunded` of it were given back at once."""
    of_order = {name: more[name] for name in ("test", "currency") if name in more}
    order_id = order_id or make_order(merchant_id, **of_order)
    with transaction():
        payment = Payment(**columns(merchant_id, order_id, minor, at, refunded_minor=refunded, **more))
        db.session.add(payment)
        db.session.flush()
        if refunded:
            same = ("merchant_id", "test", "currency", "created_at", "updated_at", "executed_at")
            db.session.add(Refund(**{name: getattr(payment, name) for name in same}, payment_id=payment.id,
                                  status=RefundStatus.APPROVED, amount_minor=refunded, key=secrets.token_hex(16)))
        return payment.id

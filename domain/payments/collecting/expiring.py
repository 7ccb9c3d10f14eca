"""Finds cards that may expire before the next payment, and tells their customers.

No expiry date is stored: the gateway is asked within two weeks before a payment, which also knows of cards that the
bank has renewed meanwhile.
"""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String, exists, literal, or_, select, update
from sqlalchemy import cast as as_type

from database import db
from domain import zones
from domain.payments import customer_mails, gateway_accounts
from domain.payments.gateways import Account, registry
from domain.payments.schedule import schedules
from domain.people import merchant_mails
from domain.people.merchant_mails import CARD_EXPIRES
from domain.sales.orders.order_status import LIVE
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.outbox import Task
from models.payment_method import PaymentMethod

AHEAD = timedelta(days=14)                       # before the payment
AGAIN = timedelta(days=1)                        # when the gateway gave no answer


def _concerned(now: datetime) -> Any:
    """The payments to come from a stored method whose customers can be told, and were not."""
    lane = literal(f"{CARD_EXPIRES}_") + as_type(ScheduledPayment.id, String)
    return (
        select(ScheduledPayment, Order).join(Order, Order.id == ScheduledPayment.order_id)
        .where(
            ScheduledPayment.collect_at > now, ScheduledPayment.collect_at <= now + AHEAD,
            ScheduledPayment.test_clock_id.is_(None), ScheduledPayment.status == ScheduledStatus.SCHEDULED,
            ScheduledPayment.sequence > 0, ScheduledPayment.amount_minor > 0, Order.customer_email.is_not(None),
            Order.status.in_(LIVE), schedules.goes_on(),
            Order.merchant_id.not_in(merchant_mails.merchants_without(CARD_EXPIRES)),
            ~exists().where(Task.lane == lane),
        )
    )


def to_ask(now: datetime, limit: int) -> list[int]:
    """The payment methods whose gateway is to be asked, each once in two weeks."""
    concerned = _concerned(now).with_only_columns(Order.payment_method_id).subquery()
    statement = select(PaymentMethod.id).where(
        PaymentMethod.id.in_(select(concerned.c.payment_method_id)), PaymentMethod.removed_at.is_(None),
        or_(PaymentMethod.expiry_asked_at.is_(None), PaymentMethod.expiry_asked_at <= now - AHEAD),
    )
    return list(db.session.scalars(statement.order_by(PaymentMethod.id).limit(limit)))


def take(method_id: int, now: datetime) -> tuple[str, str, Account] | None:
    """Mark a method as asked about: its gateway, its token and the account. None where another worker was faster."""
    taken = db.session.execute(
        update(PaymentMethod).where(
            PaymentMethod.id == method_id,
            or_(PaymentMethod.expiry_asked_at.is_(None), PaymentMethod.expiry_asked_at <= now - AHEAD),
        ).values(expiry_asked_at=now).returning(PaymentMethod.id)
    ).first()
    method = db.session.get(PaymentMethod, method_id)
    if taken is None or method is None or registry.find(method.gateway) is None:
        return None
    account = gateway_accounts.for_gateway(method.merchant_id, method.gateway, test=method.test)
    return method.gateway, method.token, account


def unanswered(method_id: int, now: datetime) -> None:
    """Ask again tomorrow."""
    db.session.execute(
        update(PaymentMethod).where(PaymentMethod.id == method_id).values(expiry_asked_at=now - AHEAD + AGAIN))


def tell(method_id: int, valid_until: date, now: datetime) -> int:
    """Mail the customer about each payment that comes after the card's last day; returns how many."""
    told = 0
    for row, order in db.session.execute(
        _concerned(now).where(Order.payment_method_id == method_id).order_by(ScheduledPayment.id)
    ).all():
        if row.due_at.astimezone(zones.of_merchant(order.merchant_id)).date() > valid_until:
            customer_mails.card_expires(order, row)
            told += 1
    return told

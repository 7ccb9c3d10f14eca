"""Stores how customers pay: a gateway's token with the name it is shown by, never a card number."""

from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.lifecycle import Lifecycle
from domain.payments.gateways import Answer, registry
from domain.payments.schedule import schedules
from domain.sales.orders import order_status
from domain.sales.orders.order_status import FINAL
from models.order import Order, OrderStatus
from models.payment import Payment
from models.payment_method import PaymentMethod

LIFE = Lifecycle(noun="payment_method")


def stored(actor: Actor, order: Order, gateway: str, token: str, label: str) -> PaymentMethod:
    """The customer's payment method with this token; a new one if there is none."""
    statement = select(PaymentMethod).where(
        PaymentMethod.customer_id == order.customer_id, PaymentMethod.gateway == gateway, PaymentMethod.token == token,
        PaymentMethod.test.is_(order.test), PaymentMethod.removed_at.is_(None),
    )
    known: PaymentMethod | None = db.session.scalar(statement.order_by(PaymentMethod.id).limit(1))
    if known is not None:
        return known
    method = PaymentMethod(
        merchant_id=order.merchant_id, test=order.test, customer_id=order.customer_id, gateway=gateway, token=token,
        label=label[:100], created_at=clock.now(), updated_at=clock.now(), version=1,
    )
    LIFE.add(actor, method)
    return method


def keep(actor: Actor, order: Order, payment: Payment, answer: Answer) -> None:
    """Keep the method that the customer paid with on the page for later payments."""
    if payment.payment_method_id is None and answer.method_token is not None:
        label = answer.method_label or answer.method_token
        method = stored(actor, order, payment.gateway, answer.method_token, label)
        payment.payment_method_id = method.id
    if payment.payment_method_id is not None:
        order.payment_method_id, order.gateway = payment.payment_method_id, payment.gateway
        db.session.flush()                           # the order's payment method is read by its id
        db.session.expire(order, ["payment_method"])


def test_method(actor: Actor, order: Order, token: str) -> PaymentMethod:
    """A payment method of the test bank, by its name; raises Invalid outside of the test world."""
    gateway = registry.find("test")
    if not order.test or gateway is None:
        raise Invalid.field("payment_method", "exists in the test world only", "unknown")
    label = gateway.label_of(token)
    if label is None:
        raise Invalid.field("payment_method", "is no test payment method", "inclusion")
    return stored(actor, order, "test", token, label)


def of_customer(order: Order) -> list[PaymentMethod]:
    """The stored payment methods of the order's customer in its world, the newest first."""
    statement = select(PaymentMethod).where(
        PaymentMethod.customer_id == order.customer_id, PaymentMethod.test.is_(order.test),
        PaymentMethod.removed_at.is_(None),
    )
    return list(db.session.scalars(statement.order_by(PaymentMethod.id.desc())))


def token_at(order: Order, gateway: str) -> str | None:
    """The token of the payment method that the customer last entered at this gateway."""
    return next((one.token for one in of_customer(order) if one.gateway == gateway), None)


def change(actor: Actor, order: Order, method: PaymentMethod) -> Order:
    """Collect later payments from another payment method; this collects nothing.

    An order that a hard decline had suspended is collected again: what was declined is left to a person. One that was
    suspended for another reason stays so.
    """
    if order.status in FINAL:
        raise Conflict(f"The order is {order.status}.", details={"status": str(order.status)})
    with order_status.LIFE.changing(actor, order, "updated"):
        order.payment_method_id, order.gateway, order.payment_method = method.id, method.gateway, method
    if order.status is OrderStatus.SUSPENDED and order.suspended_for is None:
        order_status.move(actor, order, OrderStatus.ACTIVE)
        schedules.release(order)
        schedules.follow(actor, order)
    return order

"""An order that was paid, answers to attempts at its payments, and the mails that wait."""

from sqlalchemy import select

from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.payments import attempts, booking, payment_methods
from domain.payments.gateways import Answer, Outcome
from domain.payments.orders import ordering
from domain.sales.orders import orders
from domain.sales.orders.orders import OrderInput
from models.merchant import Merchant
from models.order import ScheduledPayment
from models.outbox import Task
from models.payment import PaymentReason
from tests import cast

BASE = "https://pay.example.com"


def make_order(alder):
    """A live order, whose first payment was paid."""
    with transaction():
        db.session.get(Merchant, alder).email = "hello@alder.example"
    actor = cast.actor_for(alder)
    customer = cast.make_customer(alder, "Ada", email="ada@example.org")
    product = cast.make_product(alder, "Candle <Club>", 30, billing="subscription")
    sent = {"customer_id": customer, "items": [{"product_id": product}], "interval_unit": "MONTH", "interval_count": 1}
    with transaction():
        key = ordering.create(actor, inputs.parse(OrderInput, sent)).id
    collect(key, 0, Answer(outcome=Outcome.APPROVED, amount_minor=3000, currency="EUR"), PaymentReason.CHECKOUT)
    return key


def collect(order_id, sequence, answer, reason=PaymentReason.SCHEDULE):
    """Book an answer to an attempt for a row."""
    with transaction():
        order = orders.locked(order_id)
        actor = Actor.system().for_row(order)
        statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order_id)
        row = db.session.scalars(statement.where(ScheduledPayment.sequence == sequence)).one()
        method = payment_methods.stored(actor, order, "stripe", "pm_1", "Visa ending in 4242")
        payment = attempts.add(actor, order, row, reason, gateway="stripe", method=method)
        booking.book(actor, payment.id, answer)


def waiting(kind):
    found = db.session.scalars(select(Task).where(Task.kind == "mail").order_by(Task.id))
    return [one for one in found if one.payload.get("mail") == kind]

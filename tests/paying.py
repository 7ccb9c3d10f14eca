"""Orders that were paid by the test bank, for tests of what follows."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.payments import paying, payment_methods
from domain.payments import payments as by_hand
from domain.payments.collecting import test_clocks
from domain.payments.orders import ordering
from domain.sales.orders import order_clock, orders
from domain.sales.orders.orders import OrderInput
from models.order import Order, ScheduledPayment
from models.payment import Payment
from models.test_clock import TestClock
from outbound.gateways.test_bank import test_bank
from outbound.payments import collecting, gateway_calls, refunding
from tests import cast

START = datetime(2026, 1, 31, 12, tzinfo=UTC)


def actor_of(merchant_id, *, test=True):
    return cast.actor_for(merchant_id).in_world(test=test)


def make_order(merchant_id, billing="subscription", price="10.00", clock_id=None, *, test=True,
               customer_name="Ada Lovelace", email=None, **more):
    """The id of a pending order, by default of a monthly subscription of the test world."""
    actor = actor_of(merchant_id, test=test)
    customer = cast.make_customer(merchant_id, customer_name, actor=actor, email=email)
    product = cast.make_product(merchant_id, actor=actor, price=Decimal(price), billing=billing)
    schedule = {} if billing == "single_payment" else {"interval_unit": "MONTH", "interval_count": 1}
    schedule |= {"instalments": 3} if billing == "instalment" else {}
    sent = {
        "customer_id": customer, "test_clock_id": clock_id, "items": [{"product_id": product}], **schedule, **more,
    }
    with transaction():
        return ordering.create(actor, inputs.parse(OrderInput, sent)).id


def pay(order_id, method="test_ok"):
    """Pay the order's first payment as its page would."""
    with transaction():
        order = orders.locked(order_id)
        actor = actor_of(order.merchant_id)
        attempt = paying.pay(actor, order, payment_methods.test_method(actor, order, method))
    if attempt is not None:
        gateway_calls.finish(attempt)


def active(merchant_id, method="test_ok", **more):
    """The id of an order whose first payment was approved, and what follows is collected by the method."""
    order_id = make_order(merchant_id, **more)
    pay(order_id)
    change(order_id, method)
    return order_id


def declined(merchant_id, **more):
    """The id of a scheduled payment that was declined softly, of an order whose payment method pays now."""
    order_id = active(merchant_id, "test_soft_decline", **more)
    with transaction():
        order = orders.locked(order_id)
        attempt = paying.execute(actor_of(merchant_id), rows_of(order_id)[1])
    gateway_calls.finish(attempt)
    change(order.id, "test_ok")
    return rows(order_id)[1].id


def unknown(merchant_id):
    """The id of a first payment that the gateway took, and whose answer was lost."""
    order_id = make_order(merchant_id)
    pay(order_id, "test_answer_lost")
    return payments(order_id)[0].id


def paid_by_hand(merchant_id, reference="by hand"):
    """The id of an order of the live world whose first payment was recorded by hand."""
    order_id = make_order(merchant_id, test=False)
    with transaction():
        new = by_hand.PaymentInput(order_id=order_id, amount=Decimal("10.00"), reference=reference)
        by_hand.record(actor_of(merchant_id, test=False), new)
    return order_id


def change(order_id, method):
    with transaction():
        order = orders.locked(order_id)
        paying.change_method(actor_of(order.merchant_id), order, method)


def of(order_id):
    """The order as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get(Order, order_id)


def rows(order_id):
    """Its scheduled payments by their period, as they are now."""
    of(order_id)
    return rows_of(order_id)


def rows_of(order_id):
    return list(db.session.scalars(
        select(ScheduledPayment).where(ScheduledPayment.order_id == order_id).order_by(ScheduledPayment.sequence)))


def payments(order_id):
    of(order_id)
    return list(db.session.scalars(select(Payment).where(Payment.order_id == order_id).order_by(Payment.id)))


def statuses(order_id):
    """The statuses of its scheduled payments."""
    return [str(one.status) for one in rows(order_id)]


def charged(order_id):
    """What the test bank took for each scheduled payment."""
    found = {}
    for one in test_bank.book.charges([order_id]):
        if one.status == "approved":
            found.setdefault(one.scheduled_payment_id, []).append(one.amount_minor)
    return found


def make_clock(merchant, at=START):
    """The id of a new test clock."""
    with transaction():
        new = inputs.parse(test_clocks.TestClockInput, {"now_at": at.isoformat()})
        return test_clocks.create(actor_of(merchant), new).id


def clock(clock_id):
    """The test clock as it is now."""
    db.session.rollback()
    return db.session.get(TestClock, clock_id)


def target(clock_id, to):
    """Have the clock moved there by whoever advances clocks."""
    with transaction():
        own, row = order_clock.LISTING.lock(Actor.operator().in_world(test=True), clock_id)
        test_clocks.advance(own, row, to)


def collect_due():
    """What the worker does in one round: collect what is due, and look up what has no outcome."""
    while collecting.Collector().round():
        pass
    while collecting.look_up_due():
        pass
    while refunding.look_up_due():
        pass


SYSTEM = Actor.system()

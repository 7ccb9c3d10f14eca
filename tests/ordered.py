"""Creates orders and scheduled payments in any status, as rows: what leads to a status is tested elsewhere."""

import secrets

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.payments.schedule import schedules
from domain.sales.orders import orders
from models.order import Order, OrderSource, OrderStatus, ScheduledPayment, ScheduledStatus
from models.product import Billing, IntervalUnit
from models.test_clock import TestClock
from tests import cast


def make_test_clock(merchant_id, now_at, *, test=True, name=None):
    with transaction():
        now = clock.now()
        row = TestClock(
            merchant_id=merchant_id, test=test, name=name, now_at=now_at, created_at=now, updated_at=now)
        db.session.add(row)
        db.session.flush()
        return row.id


def make_order(merchant_id, **more):
    """The id of a new order of 10.00 EUR a month; pending unless said otherwise."""
    who = cast.actor_for(merchant_id).in_world(test=more.get("test", False))
    customer_id = more.pop("customer_id", None) or cast.make_customer(merchant_id, actor=who, email=None)
    with transaction():
        now = clock.now()
        known = {
            "merchant_id": merchant_id, "test": "test_clock_id" in more, "customer_id": customer_id,
            "billing": Billing.SUBSCRIPTION, "status": OrderStatus.PENDING, "source": OrderSource.API,
            "currency": "EUR", "total_minor": 1000, "initial_minor": 1000, "later_minor": 1000,
            "interval_unit": IntervalUnit.MONTH, "interval_count": 1, "customer_name": "Ada Lovelace",
            "link_digest": secrets.token_hex(32), "link_token": "-", "created_at": now, "updated_at": now,
        }
        order = Order(**(known | more))
        db.session.add(order)
        db.session.flush()
        return order.id


def reload_order(key):
    db.session.expire_all()
    return db.session.get(Order, key)


def make_row(merchant_id, order_id=None, *, status=ScheduledStatus.SCHEDULED, collected=False, **more):
    """The id of a new scheduled payment of 10.00 EUR, due now; `collected` gives it the time of the next attempt."""
    order_id = order_id or make_order(merchant_id, status=OrderStatus.ACTIVE)
    with transaction():
        now = clock.now()
        known = {
            "merchant_id": merchant_id, "test": False, "order_id": order_id, "sequence": 1, "currency": "EUR",
            "amount_minor": 1000, "status": status, "due_at": now, "collect_at": now if collected else None,
            "created_at": now, "updated_at": now,
        }
        row = ScheduledPayment(**(known | more))
        db.session.add(row)
        db.session.flush()
        return row.id


def bring(order_id, verb):
    """Give an order, by its row alone, the state in which the verb is possible."""
    states = {"publish": OrderStatus.DRAFT, "pause": OrderStatus.ACTIVE, "resume": OrderStatus.PAUSED}
    if verb not in states:
        return
    with transaction():
        order, now = db.session.get(Order, order_id), clock.now()
        db.session.query(ScheduledPayment).filter_by(order_id=order_id).delete()
        order.billing, order.interval_unit, order.interval_count = Billing.SUBSCRIPTION, IntervalUnit.MONTH, 1
        order.status, order.anchor_at, order.paused_at = states[verb], now, now if verb == "resume" else None


def bring_service(order_id, verb):
    """Give a service the state in which the verb is possible."""
    if verb in ("suspend", "unsuspend"):
        with transaction():
            schedules.activate(Actor.operator(), orders.locked(order_id), clock.now())


def make_waiting(actor, customer_name=""):
    """The id of a scheduled payment that waits, of an active subscription of the actor's merchant and world."""
    order_id = make_order(
        actor.merchant_id, test=actor.test, status=OrderStatus.ACTIVE, anchor_at=clock.now(), next_sequence=2,
        customer_name=customer_name or "Ada Lovelace")
    return make_row(actor.merchant_id, order_id, test=actor.test)


def reload_row(key):
    db.session.expire_all()
    return db.session.get(ScheduledPayment, key)

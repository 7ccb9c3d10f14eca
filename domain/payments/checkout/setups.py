"""Keeps a payment method without a payment: where nothing is due today and something later, and for a change of card.

The checkout's key is committed before the gateway is asked. Whoever hears first that the customer has finished, a
notification, the customer's way back or the worker, ends it: under the order's lock, and once.
"""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict
from domain.payments import attempts, booking, gateway_accounts, payment_methods
from domain.payments.checkout import checkout_states
from domain.payments.checkout.checkouts import Begun
from domain.payments.gateways import Account, Answer, CheckoutRequest, Outcome, registry
from domain.sales.orders import orders, payment_links
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import LIVE, PRELIMINARY
from models.order import Order, ScheduledPayment
from models.product import Billing

GRACE = timedelta(minutes=1)                     # after the end of a checkout, before the gateway is asked about it
GIVEN_UP = timedelta(days=3)                     # after it, where the gateway gives no answer
OVER = frozenset({Outcome.ABANDONED, Outcome.DECLINED, Outcome.NOT_FOUND})


def ways(order: Order, row: ScheduledPayment | None) -> list[str]:
    """The gateways that keep a payment method of an order whose first payment is nothing; none where none is needed."""
    is_needed = row is not None and row.sequence == 0 and attempts.owed(row) == 0
    if not is_needed or order.status not in PRELIMINARY or order.billing is Billing.SINGLE_PAYMENT:
        return []
    return [name for name in checkout_states.ways(order) if (one := registry.find(name)) is not None and one.sets_up]


def ways_to_change(order: Order) -> list[str]:
    """The gateways at whose page the customer of a live order enters another card."""
    if order.status not in LIVE:
        return []
    known = {name: registry.find(name) for name in checkout_states.ways(order)}
    # The test bank's cards are all there to be chosen: none is entered.
    return [name for name, one in known.items() if one is not None and one.sets_up and one.hosts]


def begin(actor: Actor, order: Order, gateway: str, return_url: str) -> Begun:
    """The checkout of a locked order that keeps a payment method; pressed again it is the same one."""
    row = checkout_states.payable(order)
    if row is None or gateway not in ways(order, row):
        raise Conflict("No payment method can be kept like that.")
    order.gateway = gateway
    return _begun(order, row, gateway, return_url)


def begin_change(actor: Actor, order: Order, gateway: str, return_url: str) -> Begun:
    """The checkout of a locked live order, at which another card is entered; it collects nothing."""
    if gateway not in ways_to_change(order):
        raise Conflict("No card can be entered there.")
    return _begun(order, None, gateway, return_url)


def _begun(order: Order, row: ScheduledPayment | None, gateway: str, return_url: str) -> Begun:
    if order.checkout_until is None or checkout_states.is_over(order):
        payment_links.begin_checkout(order)
        _forget(order)
    order.setup_key = order.setup_key or f"{gateway}-{secrets.token_hex(16)}"
    if not order.setup_key.startswith(f"{gateway}-"):
        _forget(order)
        order.setup_key = f"{gateway}-{secrets.token_hex(16)}"
    assert order.checkout_until is not None
    return Begun(
        payment_id=None, gateway=gateway,
        account=gateway_accounts.for_gateway(order.merchant_id, gateway, test=order.test),
        request=CheckoutRequest(
            key=order.setup_key, order_id=order.id, scheduled_payment_id=row.id if row is not None else None,
            amount_minor=0, reference=order.setup_reference, customer_token=payment_methods.token_at(order, gateway),
            currency=order.currency, at=now_of(order), until=order.checkout_until, return_url=return_url,
            cancel_url=return_url, test_clock_id=order.test_clock_id,
            description=order.description or f"Order {order.id}", customer_email=order.customer_email,
        ),
    )


def started(order_id: int, key: str, reference: str) -> None:
    """Keep the gateway's own id of a checkout, by which it is looked up."""
    order = orders.locked(order_id)
    if order.setup_key == key:
        order.setup_reference = reference


def is_waiting(order: Order) -> bool:
    """Whether the customer was sent to a page that keeps a payment method, and nothing has been heard since."""
    return order.setup_key is not None and order.status in PRELIMINARY | LIVE


def gateway_of(order: Order) -> str:
    """The gateway of the checkout that waits; keys of before did not name it."""
    name, mark, _ = str(order.setup_key).rpartition("-")
    return name if mark else str(order.gateway)


def of_key(gateway: str, account: Account, key: str) -> int | None:
    """The order whose checkout has this key; None for nothing of this merchant and world."""
    return db.session.scalar(select(Order.id).where(
        Order.setup_key == key, Order.merchant_id == account.merchant_id, Order.test.is_(account.test),
    )) if key.startswith(f"{gateway}-") else None


def unfinished(now: datetime, limit: int) -> list[int]:
    """The orders whose checkout is over, and of which nothing was heard."""
    statement = select(Order.id).where(
        Order.setup_key.is_not(None), Order.test_clock_id.is_(None), Order.checkout_until <= now - GRACE,
        Order.status.in_(PRELIMINARY | LIVE),
    )
    return list(db.session.scalars(statement.order_by(Order.checkout_until.desc(), Order.id).limit(limit)))


def finish(actor: Actor, order_id: int, key: str, answer: Answer) -> bool:
    """Keep the payment method that the gateway names, and go on with it; False where there is none (any more)."""
    order = orders.locked(order_id)
    if order.setup_key != key:
        return False                                 # it was heard of before, or another one was begun
    if answer.outcome in OVER or not is_waiting(order):
        _forget(order)
        return False
    if answer.outcome is not Outcome.APPROVED or answer.method_token is None:
        return False
    gateway = gateway_of(order)
    _forget(order)
    method = payment_methods.stored(actor, order, gateway, answer.method_token, answer.method_label or "Card")
    if order.status in LIVE:
        payment_methods.change(actor, order, method)
        return True
    order.payment_method_id, order.payment_method, order.gateway = method.id, method, gateway
    row = checkout_states.payable(order)
    if row is not None and attempts.owed(row) == 0:
        booking.paid(actor, order, row, 0)
    return True


def give_up(order_id: int, key: str, now: datetime) -> None:
    """Forget a checkout about which the gateway has given no answer for days."""
    order = orders.locked(order_id)
    if order.setup_key == key and order.checkout_until is not None and order.checkout_until <= now - GIVEN_UP:
        _forget(order)


def _forget(order: Order) -> None:
    order.setup_key = order.setup_reference = None

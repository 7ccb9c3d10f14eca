"""Keeps a payment method without a payment: where nothing is due today and something later, as in a trial."""

import secrets

from domain.actor import Actor
from domain.errors import Conflict
from domain.payments import attempts, booking, gateway_accounts, payment_methods
from domain.payments.checkout import checkout_states
from domain.payments.checkout.checkouts import Begun
from domain.payments.gateways import Answer, CheckoutRequest, Outcome, registry
from domain.sales.orders import orders, payment_links
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import PRELIMINARY
from models.order import Order, ScheduledPayment
from models.product import Billing


def ways(order: Order, row: ScheduledPayment | None) -> list[str]:
    """The gateways that keep a payment method of an order whose first payment is nothing; none where none is needed."""
    is_needed = row is not None and row.sequence == 0 and attempts.owed(row) == 0
    if not is_needed or order.status not in PRELIMINARY or order.billing is not Billing.SUBSCRIPTION:
        return []
    return [name for name in checkout_states.ways(order) if (one := registry.find(name)) is not None and one.sets_up]


def begin(actor: Actor, order: Order, gateway: str, return_url: str) -> Begun:
    """The checkout of a locked order that keeps a payment method; pressed again it is the same one."""
    row = checkout_states.payable(order)
    if row is None or gateway not in ways(order, row):
        raise Conflict("No payment method can be kept like that.")
    if order.checkout_until is None or checkout_states.is_over(order):
        payment_links.begin_checkout(order)
        order.setup_key = None
    order.setup_key = order.setup_key or secrets.token_hex(16)
    order.gateway = gateway
    assert order.checkout_until is not None
    return Begun(
        payment_id=None, gateway=gateway,
        account=gateway_accounts.for_gateway(order.merchant_id, gateway, test=order.test),
        request=CheckoutRequest(
            key=order.setup_key, order_id=order.id, scheduled_payment_id=row.id, amount_minor=0,
            currency=order.currency, at=now_of(order), until=order.checkout_until, return_url=return_url,
            cancel_url=return_url, test_clock_id=order.test_clock_id,
            description=order.description or f"Order {order.id}", customer_email=order.customer_email,
        ),
    )


def is_waiting(order: Order) -> bool:
    """Whether the customer was sent to a page that keeps a payment method, and the order was not taken yet."""
    return order.setup_key is not None and order.status in PRELIMINARY


def finish(actor: Actor, order_id: int, answer: Answer) -> bool:
    """Keep the payment method that the gateway names, and take the order; False where there is none yet."""
    order = orders.locked(order_id)
    if not is_waiting(order) or answer.outcome is not Outcome.APPROVED or answer.method_token is None:
        return False
    row = checkout_states.payable(order)
    assert order.gateway is not None             # the checkout was begun with it
    label = answer.method_label or answer.method_token
    method = payment_methods.stored(actor, order, order.gateway, answer.method_token, label)
    order.payment_method_id, order.payment_method = method.id, method
    order.setup_key = None
    if row is not None and attempts.owed(row) == 0:
        booking.paid(actor, order, row, 0)
    return True

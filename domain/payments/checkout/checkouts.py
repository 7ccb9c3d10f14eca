"""Begins the payments that customers make on a gateway's own page.

An attempt's row is committed before its checkout is started, with the key that the gateway gets. A checkout that
was left open is found again by this key, so that a second press leads to the same one and pays once.
"""

from dataclasses import dataclass
from datetime import timedelta

from domain.actor import Actor
from domain.errors import Conflict
from domain.payments import attempts, booking, gateway_accounts, locking, payment_methods
from domain.payments.checkout.checkout_states import TRANSFER, is_held, is_over, is_unfinished, latest, payable, ways
from domain.payments.gateways import Account, CheckoutRequest
from domain.payments.schedule.scheduled_status import PAID
from domain.sales.orders import order_status, payment_links
from domain.sales.orders.order_clock import now_of
from models.credential import Mode
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason

GRACE = timedelta(minutes=1)                     # after the end of a checkout, before the gateway is asked about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A checkout to be started, in plain values: usable after the transaction that committed its attempt."""

    payment_id: int | None           # none where only a payment method is kept
    gateway: str
    account: Account
    request: CheckoutRequest


def customer_of(order: Order, *, ip: str | None = None, request_id: str | None = None) -> Actor:
    """The actor of a caller who has the order's link: of its merchant and customer, without scopes."""
    return by_link(order.merchant_id, order.customer_id, test=order.test, ip=ip, request_id=request_id)


def by_link(
    merchant_id: int, customer_id: int, *, test: bool, ip: str | None = None, request_id: str | None = None
) -> Actor:
    """The actor of a caller who has a link of this customer: without scopes."""
    return Actor(
        label="customer (by link)", merchant_ids=frozenset({merchant_id}), source="link", kind="link",
        customer_id=customer_id, mode=Mode.TEST if test else Mode.LIVE, ip=ip, request_id=request_id,
    )


def by_transfer(actor: Actor, order: Order) -> None:
    """Choose bank transfer: the order waits for the customer's money."""
    _locked_row(order)
    if TRANSFER not in ways(order):
        raise Conflict("This order cannot be paid by bank transfer.")
    with order_status.LIFE.changing(actor, order):
        order.gateway = TRANSFER


def accept_free(actor: Actor, order: Order) -> None:
    """Accept an order for which nothing is due now, as in a trial."""
    row = _locked_row(order)
    if attempts.owed(row):
        raise Conflict("There is something to pay.")
    booking.paid(actor, order, row, 0)


def begin(actor: Actor, order: Order, gateway: str, return_url: str) -> Begun:
    """The checkout of the row to pay of a locked order: a new attempt, or the one that was left open.

    Raises Conflict when there is nothing to pay, the page has timed out, or an attempt runs.
    """
    row = _locked_row(order)
    if gateway == TRANSFER or gateway not in ways(order):
        raise Conflict("This order cannot be paid like that.")
    payment = latest(row)
    if is_over(order) and is_held(order, payment):
        raise Conflict("The page has timed out. Nothing was charged.")
    if order.checkout_until is None or is_over(order):
        payment_links.begin_checkout(order)
    assert order.checkout_until is not None
    if row.status is not ScheduledStatus.PROCESSING:
        payment = attempts.add(
            actor, order, row, PaymentReason.CHECKOUT, gateway=gateway, look_up_at=order.checkout_until + GRACE
        )
    if payment is None or not is_unfinished(payment):
        raise Conflict("A payment is under way. Please do not pay again.")
    return _begun(order, row, payment, return_url)


def _locked_row(order: Order) -> ScheduledPayment:
    row = payable(order)
    if row is None or row.status in PAID:
        raise Conflict("There is nothing to pay.")
    found: ScheduledPayment = locking.lock(ScheduledPayment, row.id)
    return found


def _begun(order: Order, row: ScheduledPayment, payment: Payment, return_url: str) -> Begun:
    assert order.checkout_until is not None
    return Begun(
        payment_id=payment.id, gateway=payment.gateway,
        account=gateway_accounts.for_gateway(order.merchant_id, payment.gateway, test=order.test),
        request=CheckoutRequest(
            key=payment.key, order_id=order.id, scheduled_payment_id=row.id, amount_minor=payment.amount_minor,
            currency=payment.currency, at=now_of(order), until=order.checkout_until, return_url=return_url,
            cancel_url=return_url, test_clock_id=order.test_clock_id,
            description=order.description or f"Order {order.id}", customer_email=order.customer_email,
            customer_token=payment_methods.token_at(order, payment.gateway), reference=payment.reference,
        ),
    )


def started(payment_id: int, reference: str) -> None:
    """Keep the gateway's own id of a checkout, by which it is looked up."""
    _, _, payment = locking.lock_payment(payment_id)
    if is_unfinished(payment):
        payment.reference = reference

"""Starts checkouts on gateways' own pages, and asks what became of them when the customer comes back."""

import logging

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.payments import booking, gateway_accounts
from domain.payments.attempts import OPEN
from domain.payments.checkout import checkouts, setups
from domain.payments.checkout.checkouts import Begun
from domain.payments.gateways import Answer, Asked, NoAnswer, Outcome, Refused, registry
from domain.sales.orders.order_clock import now_of
from models.order import Order
from models.payment import Decline, Payment
from outbound.payments import gateway_calls

log = logging.getLogger("countinghouse.collecting")


def start(begun: Begun) -> str | None:
    """The address of the gateway's page; None when the gateway does not answer. Asking again is safe.

    Raises Conflict where the gateway refuses: that attempt is declined, and nothing was charged.
    """
    try:
        checkout = registry.get(begun.gateway).start_checkout(begun.account, begun.request)
    except NoAnswer:
        return None
    except Refused as refused:
        answer = Answer(outcome=Outcome.DECLINED, decline=Decline.HARD, message=str(refused))
        if begun.payment_id is not None:
            with transaction():
                booking.book(Actor.system(), begun.payment_id, answer)
        raise Conflict(f"This cannot be paid by card. {refused}") from None
    except Exception:
        log.exception("a checkout could not be started")
        return None
    if checkout.reference is not None:
        with transaction():
            if begun.payment_id is not None:
                checkouts.started(begun.payment_id, checkout.reference)
            elif begun.request.order_id is not None:
                setups.started(begun.request.order_id, begun.request.key, checkout.reference)
    return checkout.url


def come_back(payment_id: int) -> None:
    """Ask the gateway what became of a checkout, and book it, known or unknown. One that is open stays as it is."""
    payment = db.session.get(Payment, payment_id)
    if payment is None or payment.status not in OPEN:
        return
    name, key, reference, at = payment.gateway, payment.key, payment.reference, now_of(payment.order)
    account = gateway_accounts.for_gateway(payment.merchant_id, name, test=payment.test)
    db.session.rollback()                            # nothing is read while the gateway is asked
    gateway = registry.find(name)
    if gateway is None:
        return
    answer, problem = gateway_calls.answered(lambda: gateway.look_up(account, key, Asked.CHARGE, at, reference))
    if answer is not None and is_open(answer):
        return
    with transaction():
        if answer is not None:
            booking.book(Actor.system(), payment_id, answer)
        else:
            booking.unknown(Actor.system(), payment_id, str(problem) or "no answer")


def is_open(answer: Answer) -> bool:
    """Whether the customer has not chosen yet how to pay: nothing has happened."""
    waits = answer.outcome is Outcome.REQUIRES_ACTION and answer.method_token is None
    return waits or answer.outcome is Outcome.NOT_FOUND


def come_back_with_card(order_id: int) -> None:
    """Ask the gateway whether a checkout without a payment kept a payment method, and go on with it."""
    order = db.session.get(Order, order_id)
    if order is None or not setups.is_waiting(order):
        return
    gateway = registry.find(setups.gateway_of(order))
    if gateway is None:
        return
    key, reference, at = str(order.setup_key), order.setup_reference, now_of(order)
    is_over = order.checkout_until is not None and order.checkout_until <= at
    account = gateway_accounts.for_gateway(order.merchant_id, gateway.name, test=order.test)
    db.session.rollback()                            # nothing is read while the gateway is asked
    answer, _ = gateway_calls.answered(lambda: gateway.look_up(account, key, Asked.SETUP, at, reference))
    with transaction():
        if answer is not None and (is_over or answer.outcome is not Outcome.NOT_FOUND):
            setups.finish(Actor.system(), order_id, key, answer)
        setups.give_up(order_id, key, at)


def finish_setups(limit: int = 100) -> bool:
    """Ask about checkouts that are over and of which nothing was heard; the worker's part. True while more may be."""
    keys = setups.unfinished(clock.now(), limit)
    db.session.rollback()
    for key in keys:
        come_back_with_card(key)
    return False

"""Asks gateways to give money back, and looks up refunds whose outcome is not known."""

from database import transaction
from domain import clock
from domain.actor import Actor
from domain.payments import attempts, refunds
from domain.payments.collecting import due
from domain.payments.gateways import Asked, Outcome, registry
from domain.payments.refunds import RefundAttempt
from domain.sales.orders.order_clock import now_of
from models.payment import Refund
from outbound.payments import gateway_calls


def finish(attempt: RefundAttempt) -> None:
    """Ask for a refund whose row is committed; one of money that no gateway holds was paid back by a person."""
    gateway = registry.find(attempt.gateway)
    if gateway is None:
        with transaction():
            refunds.given_by_hand(Actor.system(), attempt.refund_id)
        return
    answer, problem = gateway_calls.answered(lambda: gateway.refund(attempt.account, attempt.request))
    with transaction():
        if answer is not None:
            refunds.book(Actor.system(), attempt.refund_id, answer)
        else:
            refunds.unknown(Actor.system(), attempt.refund_id, str(problem) or "no answer")


def look_up_due(limit: int = 20) -> bool:
    """Ask the gateways about refunds whose outcome is not known. True while more may be due."""
    keys = due.to_look_up(Refund, clock.now(), limit)
    for key in keys:
        look_up(key)
    return len(keys) == limit


def look_up(refund_id: int) -> None:
    """Ask what became of a refund; one that never arrived is asked for again with its key."""
    with transaction():
        payment, refund = refunds.lock_refund(refund_id)
        now = now_of(payment.order)
        if refund.status not in refunds.OPEN or refund.look_up_at is None or refund.look_up_at > now:
            return
        refund.look_up_at = attempts.next_look_up(refund, now)
        refund.look_ups += 1
        attempt = refunds.attempt_of(payment, refund, now)
    gateway = registry.find(attempt.gateway)
    if gateway is None:
        finish(attempt)
        return
    asked = attempt.request
    known = asked.reference or asked.charge_reference
    answer, problem = gateway_calls.answered(
        lambda: gateway.look_up(attempt.account, asked.key, Asked.REFUND, asked.at, known)
    )
    if answer is not None and answer.outcome is Outcome.NOT_FOUND:
        finish(attempt)
        return
    with transaction():
        if answer is not None:
            refunds.book(Actor.system(), refund_id, answer)
        else:
            refunds.unknown(Actor.system(), refund_id, str(problem) or "no answer")

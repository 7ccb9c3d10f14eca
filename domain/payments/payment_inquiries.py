"""Asks gateways at once about attempts without an outcome, when a person does not want to wait for the worker."""

from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.payments import locking
from domain.sales.orders.order_clock import now_of
from models.payment import Payment, PaymentStatus

WITHOUT_OUTCOME = frozenset({PaymentStatus.UNKNOWN, PaymentStatus.REQUIRES_ACTION})


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A payment that its gateway is asked about, after the transaction."""

    payment_id: int


def may_look_up(actor: Actor, row: Any) -> bool:
    """Whether the outcome is not known and nobody is asking just now."""
    return row.status in WITHOUT_OUTCOME


def look_up(actor: Actor, payment: Payment) -> Inquiry:
    """Make the question to the gateway due now; Conflict where the outcome is known or the gateway is being asked."""
    if payment.status not in WITHOUT_OUTCOME:
        is_asked = payment.status is PaymentStatus.PENDING
        message = "is being collected" if is_asked else f"is already {payment.status}"
        raise Conflict(f"The payment {message}.", fields={"status": Problem("locked", message)})
    payment.look_up_at = now_of(payment.order)
    locking.LIFE.note(actor, "looked_up", payment)
    return Inquiry(payment.id)

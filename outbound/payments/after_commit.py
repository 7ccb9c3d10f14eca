"""Calls the gateway for a charge, a refund or a question that a request began, once its row is committed."""

from domain.payments.attempts import Attempt
from domain.payments.payment_inquiries import Inquiry
from domain.payments.refunds import RefundAttempt
from outbound.payments import collecting, gateway_calls, refunding


def ask(begun: Attempt | RefundAttempt | Inquiry) -> None:
    """Ask the gateway and book the outcome, known or unknown."""
    if isinstance(begun, Attempt):
        gateway_calls.finish(begun)
    elif isinstance(begun, Inquiry):
        collecting.look_up(begun.payment_id)
    else:
        refunding.finish(begun)

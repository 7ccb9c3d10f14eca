"""Calls the gateway for a charge or a refund that an API request began, once its row is committed."""

from domain.payments.attempts import Attempt
from domain.payments.refunds import RefundAttempt
from outbound.payments import gateway_calls, refunding


def ask(begun: Attempt | RefundAttempt) -> None:
    """Ask the gateway and book the outcome, known or unknown."""
    if isinstance(begun, Attempt):
        gateway_calls.finish(begun)
    else:
        refunding.finish(begun)

"""Ends what a request began: asks the gateway for an attempt or a refund whose row is committed."""

from domain.payments.attempts import Attempt
from domain.payments.refunds import RefundAttempt
from outbound.payments import asking, refunding


def ask(begun: Attempt | RefundAttempt) -> None:
    """Ask the gateway and book the outcome, known or unknown."""
    if isinstance(begun, Attempt):
        asking.finish(begun)
    else:
        refunding.finish(begun)

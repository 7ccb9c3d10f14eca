"""Calls gateways, outside of any transaction, and books their answers. A call is repeated only with its key."""

import logging
from collections.abc import Callable

from database import transaction
from domain.actor import Actor
from domain.payments import booking
from domain.payments.attempts import Attempt
from domain.payments.gateways import Answer, NoAnswer, registry

log = logging.getLogger("countinghouse.collecting")


def finish(attempt: Attempt, actor: Actor | None = None) -> None:
    """Charge an attempt whose row is committed, and book the outcome, known or unknown."""
    gateway = registry.get(attempt.gateway)
    settle(attempt.payment_id, lambda: gateway.charge(attempt.account, attempt.request), actor)


def settle(payment_id: int, question: Callable[[], Answer], actor: Actor | None = None) -> Answer | None:
    """Call the gateway about an attempt and book the answer; None when there was none."""
    actor = actor or Actor.system()
    answer, problem = answered(question)
    with transaction():
        if answer is not None:
            booking.book(actor, payment_id, answer)
        elif problem is not None:
            booking.unknown(actor, payment_id, str(problem) or "no answer")
    return answer


def answered(question: Callable[[], Answer]) -> tuple[Answer | None, Exception | None]:
    """The answer, or why there is none: whatever goes wrong, the outcome is unknown and not failed."""
    try:
        return question(), None
    except NoAnswer as problem:
        return None, problem
    except Exception as problem:
        log.exception("a gateway could not be called")
        return None, problem

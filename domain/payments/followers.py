"""Tells areas above this one what became of payments: that one was approved, and that money was paid back."""

from collections.abc import Callable

from domain.actor import Actor
from models.payment import Payment, Refund

Approved = Callable[[Actor, Payment], None]
Refunded = Callable[[Actor, Payment, Refund], None]
_approved: list[Approved] = []
_refunded: list[Refunded] = []
_waiting: list[Approved] = []


def when_approved(follower: Approved) -> None:
    """Register what is called after a payment was approved or recorded; its rows are locked."""
    _approved.append(follower)


def when_refunded(follower: Refunded) -> None:
    """Register what is called after a refund was approved, or came back after that: its status says which."""
    _refunded.append(follower)


def when_waiting(follower: Approved) -> None:
    """Register what is called when the customer has to confirm a payment."""
    _waiting.append(follower)


def approved(actor: Actor, payment: Payment) -> None:
    for follower in _approved:
        follower(actor, payment)


def refunded(actor: Actor, payment: Payment, refund: Refund) -> None:
    for follower in _refunded:
        follower(actor, payment, refund)


def waiting(actor: Actor, payment: Payment) -> None:
    for follower in _waiting:
        follower(actor, payment)

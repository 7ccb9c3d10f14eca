"""Tells areas above this one what became of payments: that one was approved, and that money was paid back."""

from collections.abc import Callable

from domain.actor import Actor
from models.order import Order
from models.payment import Payment, Refund

Approved = Callable[[Actor, Payment], None]
Refunded = Callable[[Actor, Payment, Refund], None]
_approved: list[Approved] = []
_refunded: list[Refunded] = []
_declined: list[Approved] = []
_waiting: list[Approved] = []
_beginning: list[Callable[[Actor, Order], bool]] = []
_paid_otherwise: list[Callable[[Order], bool]] = []


def when_approved(follower: Approved) -> None:
    """Register what is called after a payment was approved or recorded; its rows are locked."""
    _approved.append(follower)


def when_refunded(follower: Refunded) -> None:
    """Register what is called after a refund was approved, or came back after that: its status says which."""
    _refunded.append(follower)


def when_waiting(follower: Approved) -> None:
    """Register what is called when the customer has to confirm a payment."""
    _waiting.append(follower)


def when_declined(follower: Approved) -> None:
    """Register what is called after a payment was declined or given up; its rows are locked."""
    _declined.append(follower)


def when_beginning(follower: Callable[[Actor, Order], bool]) -> None:
    """Register what is called before a payment of a locked order is begun: True where none is to be begun now."""
    _beginning.append(follower)


def when_asked_again(follower: Callable[[Order], bool]) -> None:
    """Register what says whether what an order's payment was to collect was paid otherwise meanwhile."""
    _paid_otherwise.append(follower)


def approved(actor: Actor, payment: Payment) -> None:
    for follower in _approved:
        follower(actor, payment)


def refunded(actor: Actor, payment: Payment, refund: Refund) -> None:
    for follower in _refunded:
        follower(actor, payment, refund)


def waiting(actor: Actor, payment: Payment) -> None:
    for follower in _waiting:
        follower(actor, payment)


def declined(actor: Actor, payment: Payment) -> None:
    for follower in _declined:
        follower(actor, payment)


def must_wait(actor: Actor, order: Order) -> bool:
    return any(follower(actor, order) for follower in _beginning)


def is_paid_otherwise(order: Order) -> bool:
    return any(follower(order) for follower in _paid_otherwise)

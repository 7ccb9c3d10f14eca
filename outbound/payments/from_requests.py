"""Calls gateways for people and programs that wait for the answer.

A gateway that is silent holds the thread of each such request until its time-out, so only few wait at once. For the
others it is as if the gateway did not answer: attempts and refunds are committed, and the worker asks for them later.
"""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from domain.errors import Unavailable
from domain.payments.attempts import Attempt
from domain.payments.checkout.checkouts import Begun
from domain.payments.payment_inquiries import Inquiry
from domain.payments.refunds import RefundAttempt
from outbound.payments import after_commit, gateway_checkouts, notifications

AT_ONCE = 3                          # threads per process that wait for gateways
PATIENCE = 3.0                       # seconds that a request waits for a place
SILENT = 3.0                         # seconds after which a call is not waited for: gateways answer sooner


class Places:
    """Some places for threads that wait for gateways, and since when each is taken."""

    def __init__(self) -> None:
        self._taken: list[float] = []
        self._changed = threading.Condition()

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Whether there was a place, which is kept inside the context."""
        since = self._enter()
        try:
            yield since is not None
        finally:
            if since is not None:
                with self._changed:
                    self._taken.remove(since)
                    self._changed.notify()

    def _enter(self) -> float | None:
        until = time.monotonic() + PATIENCE
        with self._changed:
            while len(self._taken) >= AT_ONCE:
                left = min(until, max(self._taken) + SILENT) - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    return None
            since = time.monotonic()
            self._taken.append(since)
            return since


places = Places()


def ask(begun: Attempt | RefundAttempt | Inquiry) -> None:
    """Ask for what a request began, or leave it to the worker."""
    with places.take() as free:
        if free:
            after_commit.ask(begun)


def start_checkout(begun: Begun) -> str | None:
    """The address of the gateway's page; None when the gateway does not answer."""
    with places.take() as free:
        return gateway_checkouts.start(begun) if free else None


def come_back(payment_id: int) -> None:
    """Ask what became of a checkout, or leave it to the worker."""
    with places.take() as free:
        if free:
            gateway_checkouts.come_back(payment_id)


def come_back_with_card(order_id: int) -> None:
    """Ask whether a checkout kept a payment method, or leave it to the worker."""
    with places.take() as free:
        if free:
            gateway_checkouts.come_back_with_card(order_id)


def take_notification(gateway: str, merchant_id: int | None, headers: Mapping[str, str], body: bytes) -> bool | None:
    """Take a notification, about which the gateway may be asked; raises Unavailable without a place."""
    with places.take() as free:
        if not free:
            raise Unavailable("The gateway could not be asked what this is about.")
        return notifications.received(gateway, merchant_id, headers, body)

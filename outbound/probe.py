"""Sends a test event while the caller waits; never inside a transaction, never repeated.

A receiver may block the caller's thread for the whole deadline, so only few may wait at once.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from database import db, transaction
from domain.actor import Actor
from domain.errors import Conflict, LimitExceeded
from domain.integrations import events, webhooks
from models.webhook import Endpoint
from outbound.client import DEADLINE
from outbound.webhooks import SignedRequest, send, sendable, signed, store_attempts

AT_ONCE = 2                          # threads per process that wait for a receiver
_places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of a test event; no delivery id without an endpoint."""

    delivery_id: int | None
    status_code: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


def probe_key(actor: Actor, event: str, data: Any) -> Probe:
    """Send a test event to the webhook URL of the calling key; at most ten seconds. Raises LimitExceeded."""
    with _place():
        with transaction():
            endpoint = webhooks.of_key(actor.credential_id) if actor.credential_id is not None else None
            one = _prepared(actor, endpoint, event, data) if endpoint is not None else None
        return _sent(one)


def probe_endpoint(actor: Actor, endpoint_id: int, event: str = webhooks.TEST_EVENT, data: Any = None) -> Probe:
    """Send a test event to one of the actor's endpoints; also raises NotFound."""
    with _place():
        with transaction():
            endpoint = webhooks.LISTING.get(actor, endpoint_id)
            one = _prepared(actor, endpoint, event, data)
        return _sent(one)


@contextmanager
def _place() -> Iterator[None]:
    """Reserve one of the few slots, or raise LimitExceeded at once."""
    if not _places.acquire(blocking=False):
        wait = int(DEADLINE)
        raise LimitExceeded(
            f"{AT_ONCE} test events are already being sent. Try again in {wait} seconds.",
            details={"limit": AT_ONCE, "remaining": 0, "reset": int(time.time()) + wait, "retry_after": wait},
        )
    try:
        yield
    finally:
        _places.release()


def _prepared(actor: Actor, endpoint: Endpoint, event: str, data: Any) -> SignedRequest:
    delivery = events.at_once(
        endpoint, event, "test", {} if data is None else data, source=events.SOURCES.get(actor.source, "system")
    )
    db.session.flush()               # plain statements read it
    request = signed(sendable([delivery.id])[0], 1)
    if request is None:
        raise Conflict(webhooks.UNREADABLE)
    return request


def _sent(one: SignedRequest | None) -> Probe:
    if one is None:
        return Probe(None, None, "No webhook URL configured")
    answer = send(one)
    with transaction():
        store_attempts([(one, answer)])
    return Probe(one.delivery_id, answer.status, answer.error)

"""A test event while the caller waits: stored, sent, noted; never inside a transaction, never repeated."""

from dataclasses import dataclass
from typing import Any

from database import db, transaction
from domain.actor import Actor
from domain.errors import Conflict
from domain.integrations import events, webhooks
from models.webhook import Endpoint
from outbound.webhooks import Order, letters, note, send, signed


@dataclass(frozen=True, slots=True)
class Probe:
    """What became of a test event; no delivery id when there was nowhere to send it."""

    delivery_id: int | None
    status_code: int | None
    error: str | None

    @property
    def delivered(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


def probe_key(actor: Actor, event: str, data: Any) -> Probe:
    """Send a test event to the webhook URL of the key that asks; at most ten seconds."""
    with transaction():
        endpoint = webhooks.of_key(actor.credential_id) if actor.credential_id is not None else None
        one = _prepared(actor, endpoint, event, data) if endpoint is not None else None
    return _sent(one)


def probe_endpoint(actor: Actor, endpoint_id: int, event: str = webhooks.TEST_EVENT, data: Any = None) -> Probe:
    """The same for one endpoint among the actor's; raises NotFound."""
    with transaction():
        endpoint = webhooks.LISTING.get(actor, endpoint_id)
        one = _prepared(actor, endpoint, event, data)
    return _sent(one)


def _prepared(actor: Actor, endpoint: Endpoint, event: str, data: Any) -> Order:
    delivery = events.at_once(
        endpoint, event, "test", {} if data is None else data, source=events.SOURCES.get(actor.source, "system")
    )
    db.session.flush()               # it is read with plain statements
    order = signed(letters([delivery.id])[0], 1)
    if order is None:
        raise Conflict(webhooks.UNREADABLE)
    return order


def _sent(one: Order | None) -> Probe:
    if one is None:
        return Probe(None, None, "No webhook URL configured")
    answer = send(one)
    with transaction():
        note([(one, answer)])
    return Probe(one.delivery_id, answer.status, answer.error)

"""Lists the events of webhooks; `emit` stores them in the transaction of their change.

An event is a delivery for each endpoint that subscribes to it: it exists if and only if the change was
committed. The resource is shown as in the Public API; app.py supplies the functions that do so,
because the domain knows no contract.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, event, select
from sqlalchemy.orm import Session, SessionTransaction

from database import db
from database.inserting import complete, flush_new
from database.reader import Reader
from database.statements import Prepared
from domain import clock
from domain.actor import Actor
from domain.listing import Listing
from domain.outbox import tasks
from domain.pages import Record
from models.credential import Credential
from models.webhook import Delivery, Endpoint, EndpointStatus

VERSION = "1.4.0"
LAST = "events_at_the_end"                # in the session: what `emit_last` stores when the transaction ends
DUMPS = orjson.OPT_UTC_Z | orjson.OPT_OMIT_MICROSECONDS
SOURCES = {"public": "api", "client": "api", "merchant": "api", "core": "api", "admin": "admin", "cli": "admin"}


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: its name, its meaning, and the first payload version that has it."""

    name: str
    meaning: str
    since: str = VERSION


EVENTS: tuple[EventType, ...] = (
    EventType("budget.created", "A budget was created; it is pending."),
    EventType("budget.updated", "A budget's lines, amounts, notes or date changed, or it was reopened or restored."),
    EventType("budget.approved", "A budget was approved; it can no longer change."),
    EventType("budget.rejected", "A budget was rejected; it can be reopened."),
    EventType("budget.expired", "A pending budget's last day passed."),
    EventType("budget.deleted", "A budget was deleted; `data` is how it was."),
    EventType("customer.created", "A customer was created."),
    EventType("customer.updated", "A customer changed, was archived, activated or restored."),
    EventType("customer.deleted", "A customer was deleted; `data` is how it was."),
    EventType("invoice.created", "A draft of an invoice was created."),
    EventType("invoice.updated", "A draft changed, or a payment of an invoice was booked."),
    EventType("invoice.deleted", "A draft was deleted; `data` is how it was."),
    EventType("invoice.issued", "An invoice was issued: it has a number and never changes."),
    EventType("invoice.paid", "Nothing is open of an invoice any more."),
    EventType("invoice.credited", "A credit note took something off an invoice; `amountCredited` is the sum so far."),
    EventType("invoice.cancelled", "A draft was cancelled, or all of an unpaid invoice was credited."),
    EventType("invoice.refunded", "All that was paid of an invoice was paid back."),
    EventType("order.created", "An order was created: pending, or a draft."),
    EventType("order.updated", "An order's texts, lines or amounts changed, or it became pending, or in review."),
    EventType("order.activated", "An order's payment was approved, or what it owed was paid."),
    EventType("order.failed", "A payment of an order was declined for the moment; it is tried again."),
    EventType("order.suspended", "A payment of an order was declined for good; nothing is collected."),
    EventType("order.paused", "A subscription was paused; nothing is collected."),
    EventType("order.resumed", "A paused subscription was resumed."),
    EventType("order.completed", "An order is complete: all of it was paid, or it was ended."),
    EventType("order.cancelled", "An order was cancelled before anything was paid."),
    EventType("scheduled_payment.created", "A payment of an order was scheduled."),
    EventType("scheduled_payment.updated", "A scheduled payment's amount, day or status changed."),
    EventType("scheduled_payment.skipped", "A scheduled payment was skipped; it will not be collected."),
    EventType("scheduled_payment.cancelled", "A scheduled payment was cancelled; it will not be collected."),
    EventType("payment.approved", "A payment was collected, or recorded by hand."),
    EventType("payment.declined", "A payment was declined; `decline` says whether it may succeed later."),
    EventType("payment.unknown", "The gateway gave no answer; it is asked again until the outcome is known."),
    EventType("payment.refunded", "A payment was refunded, or lost in a dispute; `refunded_amount` is the sum so far."),
    EventType("payment.disputed", "The customer disputed a payment at the bank."),
    EventType("product.created", "A product was created."),
    EventType("product.updated", "A product changed, was deactivated, activated or restored."),
    EventType("product.deleted", "A product was deleted; `data` is how it was."),
    EventType("ticket.created", "A ticket was opened, by a customer, by staff or by a mail."),
    EventType("ticket.updated", "A ticket's subject, customer, assignee, department, priority or links changed."),
    EventType("ticket.replied", "A customer or staff replied to a ticket; internal notes have no event."),
    EventType("ticket.held", "A ticket was put on hold."),
    EventType("ticket.closed", "A ticket was closed, by staff or because it was merged into another one."),
    EventType("ticket.reopened", "A ticket that was closed or on hold waits for an answer again."),
    EventType("ticket.merged", "Another ticket was merged into this one; `data` is the one that stays."),
    EventType("service.created", "A service began: it was paid, or created active. Provide it now."),
    EventType(
        "service.suspended",
        "A service was suspended or paused, or is not paid for; `suspended_for` says which. Stop it."),
    EventType("service.unsuspended", "A suspended service goes on."),
    EventType("service.cancelled", "A service was cancelled before it began."),
    EventType("service.terminated", "A service ended. Remove it."),
    EventType("service.renewed", "A further period of a service was paid."),
    EventType("api_key.expiring", "An API key expires in 14 days, or in 3."),
    EventType("api_key.leaked", "An API key was reported as leaked, and is paused until it is rotated or resumed."),
)
NAMES = frozenset(one.name for one in EVENTS)

_NEEDED = (
    Endpoint.id, Endpoint.merchant_id, Endpoint.test, Endpoint.events, Endpoint.status, Endpoint.credential_id,
    Credential.revoked_at, Credential.expires_at, Credential.scopes,
)
_ENDPOINTS: Any = (
    select(*_NEEDED)
    .outerjoin(Credential, Credential.id == Endpoint.credential_id)
    .where(
        Endpoint.merchant_id == bindparam("merchant_id"), Endpoint.test == bindparam("test"),
        Endpoint.deleted_at.is_(None))
    .order_by(Endpoint.id)
)
ENDPOINTS = Prepared(_ENDPOINTS)

Shape = Callable[[Record], dict[str, Any]]
_shapes: dict[str, tuple[Listing, Shape, str]] = {}


def shape(noun: str, listing: Listing, show: Shape, prefix: str) -> None:
    """How a noun is shown in payloads; `prefix` of its ids."""
    _shapes[noun] = (listing, show, prefix)


def resource_of(noun: str, key: int) -> str | None:
    """What deliveries call a row; None for a noun without events."""
    return f"{_shapes[noun][2]}{key}" if noun in _shapes else None


def emit(actor: Actor, name: str, row: Any, *, test: bool | None = None) -> int:
    """Store an event for the merchant's endpoints, before a row is marked as deleted; returns for how many.

    `test` is the world of a row that does not say it itself.
    """
    if name not in NAMES:
        raise LookupError(f"{name} is not an event: add it to EVENTS in {__name__}")
    test = row.test if test is None else test
    wanted = [one for one in endpoints_of(row.merchant_id, test=test) if not one.events or name in one.events]
    if not wanted:
        return 0
    flush_new(db.session())                  # the payload is read with plain statements
    listing, show, prefix = _shapes[name.partition(".")[0]]
    data = show(listing.read(Actor.system().in_world(test=test), row.id))
    made = _deliveries(wanted, name, f"{prefix}{row.id}", data, SOURCES.get(actor.source, "system"))
    _queue(made, wanted)
    return len(made)


def emit_last(actor: Actor, name: str, row: Any) -> None:
    """Store an event at the end of the transaction: it shows the row with all that is done to it until then."""
    session = db.session()
    session.info.setdefault(LAST, []).append((session.get_nested_transaction(), actor, name, row))


@event.listens_for(Session, "before_commit", insert=True)       # before the audit trail, which is locked last
def _emit_last(session: Session) -> None:
    if not session.in_nested_transaction():
        for _, actor, name, row in session.info.pop(LAST, ()):
            emit(actor, name, row)


@event.listens_for(Session, "after_soft_rollback")
def _take_back(session: Session, ended: SessionTransaction) -> None:
    """Forget what was to be stored in a savepoint that is taken back, or in the whole transaction."""
    if kept := [one for one in session.info.pop(LAST, ()) if ended.nested and not _is_within(one[0], ended)]:
        session.info[LAST] = kept


def _is_within(savepoint: SessionTransaction | None, ended: SessionTransaction) -> bool:
    while savepoint is not None and savepoint is not ended:
        savepoint = savepoint.parent
    return savepoint is ended


def has_endpoints() -> bool:
    """Whether any merchant has an endpoint."""
    return db.session.scalar(select(Endpoint.id).where(Endpoint.deleted_at.is_(None)).limit(1)) is not None


def endpoints_of(merchant_id: int, *, test: bool) -> list[Any]:
    """What events need of the endpoints of a world; a key's endpoint only while the key may receive."""
    found = Reader().rows(ENDPOINTS, {"merchant_id": merchant_id, "test": test})
    if not found:
        return []                            # few merchants have endpoints, and every change asks
    now = clock.now()
    return [one for one in found if one.credential_id is None or may_receive(one, now)]


def may_receive(key: Any, now: datetime) -> bool:
    """Whether the endpoint of this key may receive events: not if it is revoked, expired, or lacks the scope."""
    return (
        key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
        and "WEBHOOKS" in key.scopes
    )


def at_once(endpoint: Endpoint, name: str, resource: str, data: Any, *, source: str) -> Delivery:
    """A delivery without a task, which the caller sends."""
    return _deliveries([endpoint], name, resource, data, source)[0]


def deliver(endpoint: Endpoint, name: str, resource: str, data: Any, *, source: str) -> Delivery:
    """A delivery for one endpoint, with its task."""
    delivery = at_once(endpoint, name, resource, data, source=source)
    _queue([delivery], [endpoint])
    return delivery


def _deliveries(endpoints: Sequence[Any], name: str, resource: str, data: Any, source: str) -> list[Delivery]:
    now = clock.now()
    made = [
        Delivery(
            merchant_id=endpoint.merchant_id, test=endpoint.test, endpoint_id=endpoint.id,
            message_id="msg_" + secrets.token_hex(12), event=name, resource=resource, body="", created_at=now,
        )
        for endpoint in endpoints
    ]
    session = db.session()
    session.add_all(made)
    flush_new(session)                       # each body contains its id
    for delivery in made:
        complete(session, delivery, body=body_of(delivery, data, source).decode())
    return made


def _queue(deliveries: Sequence[Delivery], endpoints: Sequence[Any]) -> None:
    """Queue their tasks, held while the endpoint is paused."""
    lanes = [f"endpoint_{one.endpoint_id}:{one.resource}" for one in deliveries]
    retries = tasks.retries(lanes)
    queued = [
        tasks.put(
            "webhook", lane=lane, pool=f"endpoint_{endpoint.id}", payload={"delivery_id": delivery.id},
            merchant_id=endpoint.merchant_id, test=endpoint.test, held=endpoint.status is not EndpointStatus.ACTIVE,
            due_at=retries.get(lane),
        )
        for delivery, endpoint, lane in zip(deliveries, endpoints, lanes, strict=True)
    ]
    session = db.session()
    flush_new(session)                       # each delivery contains its task's id
    for delivery, task in zip(deliveries, queued, strict=True):
        complete(session, delivery, task_id=task.id)


def body_of(delivery: Delivery, data: Any, source: str) -> bytes:
    """The bytes that are sent and signed."""
    return orjson.dumps(
        {
            "event": delivery.event,
            "timestamp": delivery.created_at,
            "data": data,
            "metadata": {"source": source, "version": VERSION, "delivery_id": f"delivery_{delivery.id}"},
        },
        option=DUMPS,
    )

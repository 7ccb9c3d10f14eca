"""Deliveries: sign, send, note what came back, decide what follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import select

from database import db
from domain import clock, outbox, signatures, webhooks
from domain.outbox import Claimed
from domain.vault import vault
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus
from outbound import client
from outbound.client import Answer

LONGEST_WAIT = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Order:
    """All that an attempt needs, read before it begins: sending touches no database."""

    delivery_id: int
    endpoint_id: int
    number: int
    url: str
    body: bytes
    headers: dict[str, str]
    at: datetime


def orders(claimed: list[Claimed]) -> dict[int, Order]:
    """Orders by task; a delivery that is no more has none."""
    wanted = {one.payload["delivery_id"]: one for one in claimed}
    rows = db.session.execute(
        select(Delivery, Endpoint).join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(Delivery.id.in_(wanted), Endpoint.deleted_at.is_(None))
    )
    return {wanted[delivery.id].id: order(delivery, endpoint, wanted[delivery.id].attempts + 1)
            for delivery, endpoint in rows}


def order(delivery: Delivery, endpoint: Endpoint, number: int) -> Order:
    """One attempt of a delivery, signed now."""
    now = clock.now()
    body = delivery.body.encode()
    rotating = endpoint.previous_secret is not None and endpoint.previous_until and endpoint.previous_until > now
    previous = vault.decrypt(endpoint.previous_secret or "") if rotating else None
    headers = signatures.headers(
        secret=vault.decrypt(endpoint.secret) or "", previous=previous, message_id=delivery.message_id,
        event=delivery.event, delivery_id=delivery.id, body=body, at=now,
    )
    return Order(delivery.id, endpoint.id, number, endpoint.url, body, headers, now)


def send(one: Order) -> Answer:
    """The attempt itself; outside of any transaction."""
    return client.post(one.url, one.body, one.headers, allowed=webhooks.policy.allowed_hosts)


def note(one: Order, answer: Answer) -> None:
    """Keep the attempt."""
    db.session.add(
        Attempt(
            delivery_id=one.delivery_id, number=one.number, started_at=one.at, duration_ms=answer.duration_ms,
            address=answer.address, status_code=answer.status, error=answer.error, request_headers=one.headers,
            response_headers={name[:100]: value[:500] for name, value in list(answer.headers.items())[:40]},
            response_body=_text(answer.body),
        )
    )


def _text(body: bytes) -> str:
    return body.decode("utf-8", "replace").replace("\x00", "\ufffd")[: webhooks.KEPT_BODY]


def settle(task: Claimed, one: Order, answer: Answer) -> None:
    """What follows from the answer: done, again later, given up, or the endpoint disabled."""
    note(one, answer)
    endpoint = db.session.get(Endpoint, one.endpoint_id)
    assert endpoint is not None               # the delivery refers to it
    if answer.status is not None and 200 <= answer.status < 300:
        endpoint.failures_in_row = 0
        outbox.done([task.id])
        return
    error = answer.error or f"HTTP {answer.status}"
    endpoint.failures_in_row += 1
    if answer.status == 410:
        outbox.failed([task.id], error)
        _disable(endpoint, "The receiver answered 410 Gone.")
    elif answer.status is not None and 300 <= answer.status < 400:
        outbox.failed([task.id], f"{error}: redirects are not followed")
    else:
        outbox.again(task.id, task.attempts, error, after=_asked_to_wait(answer))
    if endpoint.failures_in_row >= webhooks.FAILURES:
        _disable(endpoint, f"{webhooks.FAILURES} attempts failed in a row; the last: {error}"[:200])


def _disable(endpoint: Endpoint, reason: str) -> None:
    if endpoint.status is EndpointStatus.ACTIVE:
        webhooks.disable(endpoint, reason)


def _asked_to_wait(answer: Answer) -> timedelta | None:
    """The receiver's Retry-After, as seconds or as a date, up to twelve hours."""
    value = next((text for name, text in answer.headers.items() if name.lower() == "retry-after"), "")
    if answer.status not in (429, 503) or not value:
        return None
    if value.isascii() and value.isdigit() and len(value) < 10:
        return min(timedelta(seconds=int(value)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(value)
        return min(max(moment - clock.now(), timedelta()), LONGEST_WAIT) if moment.tzinfo else None
    except (TypeError, ValueError):
        return None

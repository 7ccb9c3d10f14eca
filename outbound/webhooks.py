"""Delivers webhooks: signs, sends, stores the responses, schedules retries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from database import db
from domain import clock
from domain.integrations import events, signatures, webhooks
from domain.outbox import tasks
from domain.outbox.leases import Lease
from models.credential import Credential
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus
from outbound import client, retry_after
from outbound.client import Answer

GONE = "the endpoint was deleted"
RECOVERED = {"failures_in_row": 0, "failing_since": None}
NOT_PERMITTED = "the key of this endpoint may no longer receive events"

_SENDABLE = (
    select(
        Delivery.id.label("delivery_id"), Delivery.message_id, Delivery.event, Delivery.body,
        Endpoint.id.label("endpoint_id"), Endpoint.url, Endpoint.secret, Endpoint.previous_secret,
        Endpoint.previous_until, Endpoint.failures_in_row, Endpoint.waits_until, Endpoint.credential_id,
        Credential.revoked_at, Credential.expires_at, Credential.scopes,
        select(func.count(Attempt.id)).where(Attempt.delivery_id == Delivery.id).scalar_subquery().label("attempts"),
    )
    .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
    .outerjoin(Credential, Credential.id == Endpoint.credential_id)
    .where(Delivery.id.in_(bindparam("deliveries", expanding=True)), Endpoint.deleted_at.is_(None))
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """The data of an attempt, read before it begins: sending uses no database."""

    delivery_id: int
    endpoint_id: int
    number: int
    url: str
    body: bytes
    headers: dict[str, str]
    at: datetime
    failing: bool = False            # the endpoint's last attempt failed


@dataclass(frozen=True, slots=True)
class Result:
    """A task with its request and its response."""

    task: Lease
    request: SignedRequest
    answer: Answer

    @property
    def delivered(self) -> bool:
        return self.answer.status is not None and 200 <= self.answer.status < 300

    @property
    def error(self) -> str:
        return self.answer.error or f"HTTP {self.answer.status}"


def signed_requests(claimed: Sequence[Lease]) -> tuple[dict[int, SignedRequest], dict[int, str]]:
    """Orders by task, and the reason for tasks without one.

    Neither for an unreadable secret, nor for an endpoint whose receiver asked to wait.
    """
    now = clock.now()
    found = {row.delivery_id: row for row in sendable([one.payload["delivery_id"] for one in claimed])}
    ready: dict[int, SignedRequest] = {}
    refused: dict[int, str] = {}
    for one in claimed:
        row = found.get(one.payload["delivery_id"])
        if row is None:
            refused[one.id] = GONE
        elif row.credential_id is not None and not events.may_receive(row, now):
            refused[one.id] = NOT_PERMITTED
        elif row.waits_until is not None and row.waits_until > now:
            tasks.postpone(one.pool, row.waits_until)
        elif (request := signed(row, row.attempts + 1)) is not None:
            ready[one.id] = request
        else:
            _disable_unreadable(row.endpoint_id)
    return ready, refused


def sendable(delivery_ids: Sequence[int]) -> Sequence[Any]:
    """Bodies and endpoints of deliveries, without those of deleted endpoints."""
    return db.session.execute(_SENDABLE, {"deliveries": list(delivery_ids)}).all()


def signed(row: Any, number: int) -> SignedRequest | None:
    """One attempt of a delivery, signed now; None when the secret cannot be read."""
    now = clock.now()
    body = row.body.encode()
    secret = signatures.opened(row.secret)
    if secret is None:
        return None
    rotating = row.previous_secret and row.previous_until and row.previous_until > now
    headers = signatures.headers(
        secret=secret, previous=signatures.opened(row.previous_secret) if rotating else None,
        message_id=row.message_id, event=row.event, delivery_id=row.delivery_id, body=body, at=now,
    )
    return SignedRequest(
        row.delivery_id, row.endpoint_id, number, row.url, body, headers, now, bool(row.failures_in_row)
    )


def send(one: SignedRequest) -> Answer:
    """Send an attempt; outside of any transaction."""
    return client.post(one.url, one.body, one.headers, allowed=webhooks.policy.allowed_hosts)


def store_attempts(made: Sequence[tuple[SignedRequest, Answer]]) -> None:
    """Store the attempts."""
    if made:
        db.session.execute(insert(Attempt), [_attempt(one, answer) for one, answer in made])


def _attempt(one: SignedRequest, answer: Answer) -> dict[str, Any]:
    kept = {_text(name)[:100]: _text(value)[:500] for name, value in list(answer.headers.items())[:40]}
    return {
        "delivery_id": one.delivery_id, "number": one.number, "started_at": one.at,
        "duration_ms": answer.duration_ms, "address": answer.address, "status_code": answer.status,
        "error": _text(answer.error)[:300] if answer.error else None, "request_headers": one.headers,
        "response_headers": kept, "response_body": _text(answer.body.decode("utf-8", "replace"))[: webhooks.KEPT_BODY],
    }


def _text(value: str) -> str:
    """Text that both databases can store: no NUL, no lone surrogates."""
    return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def settle(results: Sequence[Result]) -> None:
    """End or retry deliveries by their responses, or disable the endpoint."""
    store_attempts([(one.request, one.answer) for one in results])
    good = [one for one in results if one.delivered]
    bad = [one for one in results if not one.delivered]
    # Endpoints before tasks, in order, as all code locks them.
    endpoints = _locked({one.request.endpoint_id for one in bad})
    recovered = {one.request.endpoint_id for one in good if one.request.failing or one.request.endpoint_id in endpoints}
    if recovered:
        db.session.execute(update(Endpoint).where(Endpoint.id.in_(sorted(recovered))).values(RECOVERED))
    tasks.done([one.task for one in good])
    for one in bad:
        _settle_failure(one, endpoints[one.request.endpoint_id])


def _locked(ids: set[int]) -> dict[int, Endpoint]:
    if not ids:
        return {}
    statement = select(Endpoint).where(Endpoint.id.in_(sorted(ids))).order_by(Endpoint.id).with_for_update()
    found = db.session.scalars(statement, execution_options={"populate_existing": True})
    return {endpoint.id: endpoint for endpoint in found}


def _settle_failure(one: Result, endpoint: Endpoint) -> None:
    status = one.answer.status
    if (wait := retry_after.asked(one.answer)) is not None:
        _wait(one, endpoint, wait)
        return
    endpoint.failures_in_row += 1
    endpoint.failing_since = endpoint.failing_since or one.request.at
    if status == 410:
        tasks.failed([one.task], one.error)
        _disable(endpoint, "The receiver responded with 410 Gone.")
    elif status is not None and 300 <= status < 400:
        tasks.failed([one.task], f"{one.error}: redirects are not followed")
    else:
        tasks.again(one.task, one.error)
    if endpoint.failures_in_row >= webhooks.FAILURES and clock.now() - endpoint.failing_since >= webhooks.FAILING:
        _disable(endpoint, f"{endpoint.failures_in_row} attempts failed in a row; the last: {one.error}"[:200])


def _wait(one: Result, endpoint: Endpoint, wait: timedelta) -> None:
    """Send nothing to the endpoint until then; this counts as no failure of endpoint or delivery."""
    until = clock.now() + wait
    if endpoint.waits_until is None or endpoint.waits_until < until:
        endpoint.waits_until, endpoint.wait_reason = until, f"The receiver responded with {one.answer.status}."
    tasks.interrupt(one.task, one.error)
    tasks.postpone(one.task.pool, endpoint.waits_until)


def _disable(endpoint: Endpoint, reason: str) -> None:
    if endpoint.status is EndpointStatus.ACTIVE and endpoint.deleted_at is None:
        webhooks.disable(endpoint, reason)


def _disable_unreadable(endpoint_id: int) -> None:
    """Disable endpoints with an unreadable secret: deliveries are held until it is rotated."""
    endpoint = db.session.get(Endpoint, endpoint_id)
    assert endpoint is not None               # its delivery was read before
    _disable(endpoint, webhooks.UNREADABLE)

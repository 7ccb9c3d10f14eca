"""Endpoints of merchants: where, which events, which secret; and what became of each delivery."""

from datetime import datetime, timedelta
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Text
from domain.integrations import addresses, events, signatures
from domain.list_parts import Children, Filter
from domain.listing import Listing, touch
from domain.outbox import tasks
from domain.resource import Resource
from domain.vault import vault
from models.credential import Credential
from models.outbox import Task, TaskStatus
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus

OVERLAP = timedelta(hours=24)                    # in which both secrets sign
FAILURES = 20                                    # in a row, then the endpoint is disabled
TEST_EVENT = "webhook.test"
KEPT_BODY = 1000                                 # characters of an answer
UNREADABLE = "The secret cannot be read with this installation's secret key; rotate it."


class Policy:
    """The operator's exceptions to what may be called; set by the composition root."""

    allowed_hosts: tuple[str, ...] = ()


policy = Policy()


class EndpointInput(Input):
    """An endpoint as callers may write it; no events named means all."""

    url: Annotated[str, Text(2048, 1)]
    description: Maybe[Annotated[str, Text(500)]] = None
    events: list[str] = []


LISTING = Listing(
    model=Endpoint,
    noun="webhook endpoint",
    columns={
        name: getattr(Endpoint, name)
        for name in (
            "id", "merchant_id", "credential_id", "url", "description", "events", "status", "disabled_reason",
            "failures_in_row", "previous_until", "created_at", "updated_at", "version",
        )
    },
    sort={"id": Endpoint.id, "created_at": Endpoint.created_at, "url": Endpoint.url, "updated_at": Endpoint.updated_at},
    filters={
        "id": Filter(list, lambda bound: Endpoint.id.in_(bound)),
        "status": Filter(EndpointStatus, lambda bound: Endpoint.status == bound),
        "merchant_id": Filter(list, lambda bound: Endpoint.merchant_id.in_(bound)),
    },
    search=(Endpoint.url, Endpoint.description),
)

DELIVERIES = Listing(
    model=Delivery,
    noun="delivery",
    columns={
        **{
            name: getattr(Delivery, name)
            for name in ("id", "merchant_id", "endpoint_id", "message_id", "event", "resource", "body", "created_at")
        },
        "status": Task.status, "attempts_made": Task.attempts, "due_at": Task.due_at,
        "finished_at": Task.finished_at, "last_error": Task.last_error, "url": Endpoint.url,
    },
    joins=((Task, Task.id == Delivery.task_id), (Endpoint, Endpoint.id == Delivery.endpoint_id)),
    children={
        "attempts": Children(
            Attempt.delivery_id,
            {
                name: getattr(Attempt, name)
                for name in (
                    "id", "number", "started_at", "duration_ms", "address", "status_code", "error", "request_headers",
                    "response_headers", "response_body",
                )
            },
            Attempt.number,
        )
    },
    sort={"id": Delivery.id, "created_at": Delivery.created_at},
    filters={
        "id": Filter(list, lambda bound: Delivery.id.in_(bound)),
        "endpoint_id": Filter(int, lambda bound: Delivery.endpoint_id == bound),
        "event": Filter(str, lambda bound: Delivery.event == bound),
        "resource": Filter(str, lambda bound: Delivery.resource == bound),
        "status": Filter(
            TaskStatus, lambda bound: Delivery.task_id.in_(select(Task.id).where(Task.status == bound))
        ),
        "merchant_id": Filter(list, lambda bound: Delivery.merchant_id.in_(bound)),
        "created_after": Filter("moment", lambda bound: Delivery.created_at >= bound),
        "created_before": Filter("day_end", lambda bound: Delivery.created_at <= bound),
    },
    search=(Delivery.event, Delivery.resource, Delivery.message_id),
)


def create(actor: Actor, new: EndpointInput, *, key: Credential | None = None) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which the receiver needs; it can be shown again."""
    now = clock.now()
    secret = signatures.new_secret()
    endpoint = Endpoint(
        merchant_id=key.merchant_id if key else actor.merchant_id, credential_id=key.id if key else None,
        url=addresses.check_url(new.url, policy.allowed_hosts), description=new.description,
        events=_events(new.events), status=EndpointStatus.ACTIVE, failures_in_row=0, secret=vault.encrypt(secret),
        created_by_user_id=actor.user_id, created_at=now, updated_at=now, version=1,
    )
    db.session.add(endpoint)
    db.session.flush()       # gives it its id
    audit.record(actor, "webhook.created", endpoint, after=snapshot(endpoint))
    return endpoint, secret


def update(actor: Actor, endpoint: Endpoint, changes: dict[str, Any]) -> Endpoint:
    """Change what was sent."""
    before = snapshot(endpoint)
    if "url" in changes:
        endpoint.url = addresses.check_url(changes["url"], policy.allowed_hosts)
    if "events" in changes:
        endpoint.events = _events(changes["events"])
    if "description" in changes:
        endpoint.description = changes["description"]
    touch(endpoint)
    audit.record(actor, "webhook.updated", endpoint, before=before, after=snapshot(endpoint))
    return endpoint


def pause(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """What happens from now on is held until the endpoint is resumed."""
    return _turn(actor, endpoint, EndpointStatus.PAUSED, "webhook.paused")


def activate(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Listening again; what was held is sent now, in its order."""
    endpoint.failures_in_row, endpoint.disabled_reason = 0, None
    return _turn(actor, endpoint, EndpointStatus.ACTIVE, "webhook.activated")


def disable(endpoint: Endpoint, reason: str) -> None:
    """The program's own decision; the owner is told, and what happens meanwhile is held."""
    endpoint.disabled_reason = reason
    _turn(Actor.system(), endpoint, EndpointStatus.DISABLED, "webhook.disabled")
    tasks.put(
        "mail", lane=f"endpoint_{endpoint.id}:disabled", pool="mail", merchant_id=endpoint.merchant_id,
        payload={"notice": "webhook_disabled", "endpoint_id": endpoint.id, "url": endpoint.url, "reason": reason},
    )


def _turn(actor: Actor, endpoint: Endpoint, status: EndpointStatus, action: str) -> Endpoint:
    before = snapshot(endpoint)
    endpoint.status = status
    touch(endpoint)
    db.session.flush()       # held tasks are moved by plain statements
    (tasks.resume if status is EndpointStatus.ACTIVE else tasks.hold)(pool_of(endpoint))
    audit.record(actor, action, endpoint, before=before, after=snapshot(endpoint))
    return endpoint


def delete(actor: Actor, endpoint: Endpoint) -> None:
    """Told no more; what still waited is cancelled, what was delivered stays in the record."""
    before = snapshot(endpoint)
    endpoint.deleted_at = clock.now()
    touch(endpoint)
    tasks.drop(pool_of(endpoint))
    audit.record(actor, "webhook.deleted", endpoint, before=before)


def rotate(actor: Actor, endpoint: Endpoint) -> str:
    """A new secret; for a day the old one signs too."""
    secret = signatures.new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, clock.now() + OVERLAP
    endpoint.secret = vault.encrypt(secret)
    touch(endpoint)
    audit.record(actor, "webhook.secret_rotated", endpoint)
    return secret


def reveal(actor: Actor, endpoint: Endpoint) -> str:
    """The secret in clear, noted in the audit trail."""
    secret = signatures.opened(endpoint.secret)
    if secret is None:
        raise Conflict(UNREADABLE)
    audit.record(actor, "webhook.secret_revealed", endpoint)
    return secret


def follow_key(actor: Actor, key: Credential) -> str | None:
    """Make the key's webhook URL an endpoint of its own, or end it; the secret of a new one."""
    endpoint = of_key(key.id)
    wanted = key.webhook_url if key.revoked_at is None and key.deleted_at is None else None
    if wanted is None:
        if endpoint is not None:
            delete(actor, endpoint)
        return None
    if endpoint is None:
        return create(actor, EndpointInput(url=wanted, description=f"Webhook of the key “{key.name}”"), key=key)[1]
    if endpoint.url != wanted:
        update(actor, endpoint, {"url": wanted})
    return None


def of_key(key_id: int) -> Endpoint | None:
    """The endpoint of a key's webhook URL."""
    return db.session.scalar(
        select(Endpoint).where(Endpoint.credential_id == key_id, Endpoint.deleted_at.is_(None))
    )


def secret_of_key(key_id: int) -> str | None:
    """The signing secret of a key's webhook URL, for whoever just made the key."""
    endpoint = of_key(key_id)
    return signatures.opened(endpoint.secret) if endpoint is not None else None


def redeliver(actor: Actor, delivery: Delivery) -> Delivery:
    """The same bytes again, with the same message id."""
    task = delivery.task
    if task is None:
        raise Conflict("This delivery was made at once and cannot be repeated.")
    if delivery.endpoint.deleted_at is not None:
        raise Conflict("Its endpoint was deleted.")
    if tasks.is_under_way(task):
        raise Conflict("This delivery is being made at the moment.")
    tasks.reopen(task, held=delivery.endpoint.status is not EndpointStatus.ACTIVE)
    audit.record(actor, "webhook.redelivered", delivery)
    return delivery


def redeliver_failed(actor: Actor, first: datetime, last: datetime, endpoint_id: int | None = None) -> int:
    """All failed deliveries of a period again; how many."""
    clauses, values = DELIVERIES.owned(actor)
    statement = (
        select(Task, Endpoint.status)
        .join(Delivery, Delivery.task_id == Task.id)
        .join(Endpoint, Endpoint.id == Delivery.endpoint_id)
        .where(
            *clauses, Task.status == TaskStatus.FAILED, Delivery.created_at.between(first, last),
            Endpoint.deleted_at.is_(None),
        )
        .order_by(Task.id)
        .with_for_update(of=Task)
    )
    if endpoint_id is not None:
        statement = statement.where(Delivery.endpoint_id == endpoint_id)
    found = db.session.execute(statement, values).all()
    for task, status in found:
        tasks.reopen(task, held=status is not EndpointStatus.ACTIVE)
    audit.record(actor, "webhook.redelivered_failed", None, after={"deliveries": len(found)})
    return len(found)


def disabled_count(actor: Actor) -> int:
    """How many endpoints the program has disabled: the pages' banner."""
    return LISTING.count(actor, status=EndpointStatus.DISABLED)


def pool_of(endpoint: Endpoint) -> str:
    return f"endpoint_{endpoint.id}"


def _events(names: list[str]) -> list[str]:
    if not set(names) <= events.NAMES:
        raise Invalid.field("events", "must be among " + ", ".join(sorted(events.NAMES)), "inclusion")
    return sorted(set(names))


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    """For the audit trail: everything but the secrets."""
    kept = audit.snapshot(endpoint)
    return {name: value for name, value in kept.items() if name not in ("secret", "previous_secret")}


RESOURCE = Resource(
    name="webhooks", noun="webhook endpoint", listing=LISTING, read_scope="READ_KEYS", write_scope="WRITE_KEYS",
    input=EndpointInput, create=create, update=update, delete=delete,
    secret_field="secret",  # noqa: S106 (the name of a field)
    actions={"archive": pause, "pause": pause, "activate": activate},
)
DELIVERY_RESOURCE = Resource(
    name="deliveries", noun="delivery", listing=DELIVERIES, read_scope="READ_KEYS", write_scope="WRITE_KEYS",
    actions={"redeliver": redeliver},
)

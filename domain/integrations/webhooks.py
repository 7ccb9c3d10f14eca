"""Manages merchants' webhook endpoints: URL, events, secret, status."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Text, schema_facts
from domain.inputs.schema_facts import one_of
from domain.integrations import addresses, deliveries, events, samples, signatures
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, common_filters
from domain.listing import Listing, touch
from domain.outbox import tasks
from domain.resource import Action, Resource, deletion, switch
from domain.vault import vault
from models.credential import Credential, Mode
from models.webhook import Endpoint, EndpointStatus

OVERLAP = timedelta(hours=24)                    # of a rotation, while both secrets sign
FAILURES, FAILING = 20, timedelta(hours=24)      # so many in a row over at least so long disable an endpoint
TEST_EVENT = "webhook.test"
TEST_OPERATION = "webhooks.test"
TESTS_PER_MINUTE = 10                # of a merchant, by all its keys and users
KEPT_BODY = 1000                                 # characters of a receiver's response
UNREADABLE = "The secret cannot be read with this installation's secret key; rotate it."


EventName = Annotated[str, one_of(*(one.name for one in events.EVENTS))]


class Policy:
    """The operator's exceptions to the addresses that may be called; set in app.py."""

    allowed_hosts: tuple[str, ...] = ()


policy = Policy()


class EndpointInput(Input):
    """An endpoint as callers may write it; no events named means all."""

    url: Annotated[str, Text(2048, 1), schema_facts.WEB_ADDRESS]
    description: Maybe[Annotated[str, Text(500)]] = None
    events: list[EventName] = []


LISTING = Listing(
    model=Endpoint,
    noun="webhook endpoint",
    columns={
        name: getattr(Endpoint, name)
        for name in (
            "id", "merchant_id", "credential_id", "url", "description", "events", "status", "disabled_reason",
            "failures_in_row", "failing_since", "waits_until", "wait_reason", "previous_until", "created_at",
            "updated_at", "version",
        )
    },
    sort={
        "id": Endpoint.id, "created_at": Endpoint.created_at, "url": Endpoint.url_sort,
        "updated_at": Endpoint.updated_at,
    },
    filters={
        **common_filters(Endpoint),
        "status": Filter(EndpointStatus, lambda bound: Endpoint.status == bound),
    },
    search=(Endpoint.search_text,),
)

def create(actor: Actor, new: EndpointInput, *, key: Credential | None = None) -> tuple[Endpoint, str]:
    """A new endpoint and its secret, which the receiver needs; it can be shown again."""
    secret = signatures.new_secret()
    whose = actor if key is None else actor.for_row(key).in_world(test=key.mode is Mode.TEST)
    endpoint = Endpoint(
        **whose.ownership(), credential_id=key.id if key else None,
        url=addresses.check_url(new.url, policy.allowed_hosts), description=new.description,
        events=_events(new.events), status=EndpointStatus.ACTIVE, failures_in_row=0, secret=vault.encrypt(secret),
    )
    LIFE.add(actor, endpoint)
    return endpoint, secret


def update(actor: Actor, endpoint: Endpoint, changes: dict[str, Any]) -> Endpoint:
    """Change what was sent. With another address the former receiver's wish to wait is over."""
    url = addresses.check_url(changes["url"], policy.allowed_hosts) if "url" in changes else endpoint.url
    with LIFE.changing(actor, endpoint):
        if url != endpoint.url:
            _end_wait(endpoint)
        endpoint.url = url
        if "events" in changes:
            endpoint.events = _events(changes["events"])
        if "description" in changes:
            endpoint.description = changes["description"]
    if endpoint.status is EndpointStatus.ACTIVE and endpoint.waits_until is None:
        tasks.resume(pool_of(endpoint))
    return endpoint


def pause(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Hold new deliveries until the endpoint is resumed."""
    return _turn(actor, endpoint, EndpointStatus.PAUSED, "paused")


def activate(actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Resume the endpoint; held deliveries are sent now, in their order."""
    endpoint.failures_in_row, endpoint.failing_since, endpoint.disabled_reason = 0, None, None
    _end_wait(endpoint)
    return _turn(actor, endpoint, EndpointStatus.ACTIVE, "activated")


def turn_back(actor: Actor, endpoint: Endpoint, was: Mapping[str, Any]) -> Endpoint:
    """Undo `pause` or `activate`."""
    return activate(actor, endpoint) if was.get("status") == EndpointStatus.ACTIVE else pause(actor, endpoint)


def disable(endpoint: Endpoint, reason: str) -> None:
    """Disable an endpoint, as failures require; admins get a mail, and new events are held."""
    endpoint.disabled_reason = reason
    _turn(Actor.system(), endpoint, EndpointStatus.DISABLED, "disabled")
    tasks.put(
        "mail", lane=f"endpoint_{endpoint.id}:disabled", pool="mail", merchant_id=endpoint.merchant_id,
        test=endpoint.test,
        payload={"notice": "webhook_disabled", "endpoint_id": endpoint.id, "url": endpoint.url, "reason": reason},
    )


def _end_wait(endpoint: Endpoint) -> None:
    """Forget that the receiver asked to wait; what waited for it is held until the endpoint is resumed."""
    if endpoint.waits_until is not None:
        endpoint.waits_until, endpoint.wait_reason = None, None
        tasks.hold(pool_of(endpoint))


def _turn(actor: Actor, endpoint: Endpoint, status: EndpointStatus, verb: str) -> Endpoint:
    with LIFE.changing(actor, endpoint, verb):
        endpoint.status = status
    (tasks.resume if status is EndpointStatus.ACTIVE else tasks.hold)(pool_of(endpoint))
    return endpoint


def delete(actor: Actor, endpoint: Endpoint) -> None:
    """Delete an endpoint; one that belongs to a key ends with the key's webhook URL instead."""
    if endpoint.credential_id is not None:
        raise Conflict("This endpoint belongs to an API key. Remove the webhook URL from the key instead.")
    _end(actor, endpoint)


def _end(actor: Actor, endpoint: Endpoint) -> None:
    """Delete the endpoint: pending deliveries are cancelled, past ones are kept."""
    LIFE.remove(actor, endpoint)
    tasks.drop(pool_of(endpoint))


def rotate(actor: Actor, endpoint: Endpoint) -> str:
    """A new secret; for a day the old secret also signs."""
    secret = signatures.new_secret()
    endpoint.previous_secret, endpoint.previous_until = endpoint.secret, clock.now() + OVERLAP
    endpoint.secret = vault.encrypt(secret)
    touch(endpoint)
    LIFE.note(actor, "secret_rotated", endpoint)
    return secret


def reveal(actor: Actor, endpoint: Endpoint) -> str:
    """The secret in clear, noted in the audit trail."""
    secret = signatures.opened(endpoint.secret)
    if secret is None:
        raise Conflict(UNREADABLE)
    LIFE.note(actor, "secret_revealed", endpoint)
    return secret


def follow_key(actor: Actor, key: Credential) -> str | None:
    """Create, change or delete the endpoint of a key's webhook URL; returns the secret of a new one."""
    endpoint = of_key(key.id)
    wanted = key.webhook_url if key.revoked_at is None and key.deleted_at is None else None
    if wanted is None:
        if endpoint is not None:
            _end(actor, endpoint)
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
    """The signing secret of a key's webhook URL, shown when the key is created."""
    endpoint = of_key(key_id)
    return signatures.opened(endpoint.secret) if endpoint is not None else None


def disabled_count(actor: Actor) -> int:
    """How many endpoints the program has disabled, for the banner on pages."""
    return LISTING.count(actor, status=EndpointStatus.DISABLED)


def pool_of(endpoint: Endpoint) -> str:
    return f"endpoint_{endpoint.id}"


def _events(names: list[str]) -> list[str]:
    if not set(names) <= events.NAMES:
        raise Invalid.field("events", "must be among " + ", ".join(sorted(events.NAMES)), "inclusion")
    return sorted(set(names))


def snapshot(endpoint: Endpoint) -> dict[str, Any]:
    """The endpoint without its secrets, for the audit trail."""
    kept = audit.snapshot(endpoint)
    return {name: value for name, value in kept.items() if name not in ("secret", "previous_secret")}


LIFE = Lifecycle(noun="webhook", snapshot=snapshot)


def _what_ends(row: Any) -> list[str]:
    """The texts of the dialog that confirms the deletion of an endpoint."""
    count = deliveries.waiting(row.id)
    cancelled = f"{count:,} pending {'delivery' if count == 1 else 'deliveries'} will be cancelled."
    kept = "The endpoint receives no more events. Past deliveries are kept."
    return [row.url, kept, cancelled] if count else [row.url, kept]


def _what_waits(row: Any) -> list[str]:
    """The texts of the dialog that confirms a pause."""
    count = deliveries.waiting(row.id)
    now = f"{count:,} {'delivery waits' if count == 1 else 'deliveries wait'} now and will be held."
    return ["Events are held until you resume, then sent in order.", *([now] if count else [])]


RESOURCE = Resource(
    name="webhooks", noun="webhook endpoint", listing=LISTING, read_scope="READ_KEYS", write_scope="WRITE_KEYS",
    input=EndpointInput, sample=samples.ENDPOINT, create=create, update=update,
    delete=deletion(delete, offered=lambda actor, row: row.credential_id is None, confirm=_what_ends),
    secret_field="secret",  # noqa: S106 (the name of a field)
    actions={
        **switch(
            pause, activate, is_on=lambda row: bool(row.status == EndpointStatus.ACTIVE), undo=turn_back,
            keeps="status", titles=("Pause", "Resume"), past=("{} was paused.", "{} was resumed."),
            icons=("player-pause", "player-play"), confirm=_what_waits,
        ),
        "pause": Action(run=pause),
    },
)

"""Lists the deliveries of webhooks and repeats them on demand."""

from datetime import datetime

from sqlalchemy import func, select

from database import db
from domain import audit
from domain.actor import Actor
from domain.errors import Conflict
from domain.integrations import samples
from domain.list_parts import Children, Filter, common_filters
from domain.listing import Listing
from domain.outbox import tasks
from domain.resource import Action, Resource
from models.outbox import Task, TaskStatus
from models.webhook import Attempt, Delivery, Endpoint, EndpointStatus

LISTING = Listing(
    model=Delivery,
    noun="delivery",
    columns={
        **{
            name: getattr(Delivery, name)
            for name in ("id", "merchant_id", "endpoint_id", "message_id", "event", "resource", "body", "created_at")
        },
        "status": Task.status, "attempts_made": Task.attempts, "due_at": Task.due_at,
        "attempts_kept": select(func.count(Attempt.id)).where(Attempt.delivery_id == Delivery.id).scalar_subquery(),
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
        **common_filters(Delivery),
        "endpoint_id": Filter(int, lambda bound: Delivery.endpoint_id == bound),
        "event": Filter(str, lambda bound: Delivery.event == bound),
        "resource": Filter(str, lambda bound: Delivery.resource == bound),
        "status": Filter(
            TaskStatus, lambda bound: Delivery.task_id.in_(select(Task.id).where(Task.status == bound))
        ),
    },
    search=(Delivery.event, Delivery.resource, Delivery.message_id),
)


def redeliver(actor: Actor, delivery: Delivery) -> Delivery:
    """Send the same bytes again, with the same message id."""
    task = delivery.task
    if task is None:
        raise Conflict("This delivery was a direct test and cannot be sent again.")
    if delivery.endpoint.deleted_at is not None:
        raise Conflict("Its endpoint was deleted.")
    if tasks.is_under_way(task):
        raise Conflict("This delivery is being sent now.")
    tasks.reopen(task, held=delivery.endpoint.status is not EndpointStatus.ACTIVE)
    audit.record(actor, "delivery.redelivered", delivery)
    return delivery


def redeliver_failed(actor: Actor, first: datetime, last: datetime, endpoint_id: int | None = None) -> int:
    """Send all failed deliveries of a period again; returns how many."""
    clauses, values = LISTING.owned(actor)
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
    audit.record(actor, "delivery.redelivered_failed", None, after={"deliveries": len(found)})
    return len(found)


def waiting(endpoint_id: int) -> int:
    """The number of an endpoint's pending deliveries."""
    return db.session.scalar(
        select(func.count()).select_from(Delivery).join(Task, Task.id == Delivery.task_id)
        .where(Delivery.endpoint_id == endpoint_id, Task.status.in_((TaskStatus.PENDING, TaskStatus.HELD)))
    ) or 0


RESOURCE = Resource(
    name="deliveries", noun="delivery", listing=LISTING, read_scope="READ_KEYS", write_scope="WRITE_KEYS",
    sample=samples.DELIVERY, actions={
        "redeliver": Action(
            run=redeliver, title="Send again", icon="refresh",
            past="{} will be sent again in a moment, with the same message id.",
            offered=lambda actor, row: row.status in (TaskStatus.FAILED, TaskStatus.CANCELLED, TaskStatus.DONE),
        ),
    },
)

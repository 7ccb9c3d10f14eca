"""Pages of the outbox: pending and failed tasks, to retry or cancel."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Response
from sqlalchemy import func, select

from blueprints.admin.crud import actions, records
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage, show_list
from blueprints.pages.session import actor, need
from database import db
from domain import clock
from domain.actor import Actor
from domain.outbox import tasks
from models.outbox import Task, TaskStatus

TONES = {"done": "ok", "pending": "warn", "held": "warn", "failed": "bad"}
WORDS = {"pending": "Waiting", "held": "Held", "failed": "Failed", "done": "Done", "cancelled": "Cancelled"}
KINDS = {"webhook": "Webhook", "mail": "Mail"}
LATE = timedelta(minutes=2)             # a task overdue by more means that no worker runs
A_DAY = timedelta(days=1)


PAGE = ListPage(
    resource=tasks.RESOURCE,
    mount="/outbox",
    opens=False,
    title="Outbox",
    group="Settings",
    position=340,
    icon="mail",
    about="Webhooks and emails to be sent. Each task is stored with the change that caused it and sent by the "
          "worker at least once.",
    columns=(
        Column(name="kind"), Column(name="lane", title="For", kind="mono"), Column(name="status", kind="tag"),
        Column(name="due_at", title="Due", kind="ago", sort="due_at"),
        Column(name="attempts", kind="number"), Column(name="last_error", title="Last error"),
        Column(name="created_at", title="Created", kind="when", sort="created_at"),
        Column(name="finished_at", title="Finished", kind="when"),
    ),
    list_filters=(
        ListFilter(name="status", choices=list(WORDS.items()), read=TaskStatus),
        ListFilter(name="kind", choices=list(KINDS.items())),
    ),
    tones=TONES,
    name=lambda row: f"Task {row.id}",
)


@dataclass(frozen=True, slots=True)
class State:
    """The state of the queue for an actor's tasks."""

    pending: int
    held: int
    failed: int                         # of the last day
    oldest_due: datetime | None

    @property
    def is_late(self) -> bool:
        """Whether the worker needs attention."""
        return self.oldest_due is not None and clock.now() - self.oldest_due > LATE


def register(bp: Any) -> None:
    """Register the outbox's URLs."""
    read = need("READ_SETTINGS")
    bp.add_url_rule("/outbox", "tasks_list", read(show), methods=["GET"])
    bp.add_url_rule("/outbox.csv", "tasks_export", read(download), methods=["GET"])
    actions.register(bp, PAGE)


def show() -> Response:
    """The queue's figures and its tasks; an operator sees those of all merchants."""
    return show_list(
        PAGE, "admin/outbox.html", "admin/_outbox.html", state=state(actor()), words_of=WORDS, kinds=KINDS,
        now=clock.now(),
    )


def download() -> Response:
    """Download all rows of the list's URL, on all pages."""
    return records.export_list(PAGE)


def state(who: Actor) -> State:
    """The length of the queue, failures of the last day, and the oldest due time."""
    clauses, values = tasks.LISTING.owned(who)
    open_ones = Task.status.in_((TaskStatus.PENDING, TaskStatus.HELD))
    rows = db.session.execute(
        select(Task.status, func.count().label("number")).where(*clauses, open_ones).group_by(Task.status), values
    )
    counts = {row.status: row.number for row in rows}
    now = clock.now()
    failed = db.session.scalar(
        select(func.count()).select_from(Task)
        .where(*clauses, Task.status == TaskStatus.FAILED, Task.finished_at > now - A_DAY), values,
    )
    oldest = db.session.scalar(
        select(func.min(Task.due_at)).where(*clauses, Task.status == TaskStatus.PENDING, Task.due_at <= now), values
    )
    return State(counts.get(TaskStatus.PENDING, 0), counts.get(TaskStatus.HELD, 0), failed or 0, oldest)

"""Undoes an action that was run on all matching rows: each row gets the state that the audit trail kept.

Rows that were changed since are left as they are, and counted. It works in steps, as the run did.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from flask import flash, request
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import func, select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.actions import undoing
from blueprints.admin.crud.actions.matching import AT_ONCE, MOST, SECONDS, counted, leave, past, progress
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.session import me, wide_actor
from database import DatabaseBusy, db, transaction
from domain import clock
from domain.errors import Conflict, Invalid, NotFound
from domain.resource import Action
from models.audit import AuditEntry

OFFERED = timedelta(days=1)         # how long a run can be undone


class Undo(BaseModel):
    """The state of an undo, which its form carries from one request to the next."""

    total: int = Field(default=0, ge=0)
    after: int = Field(default=0, ge=0)     # the last audit entry
    changed: int = Field(default=0, ge=0)
    skipped: int = Field(default=0, ge=0)


def undo(here: ListPage, action: Action) -> BaseResponse:
    """Undo a run, or a part of it."""
    try:
        run = Undo.model_validate_json(request.form.get("run") or "{}")
        since = max(datetime.fromisoformat(request.values.get("since", "")), clock.now() - OFFERED)
    except (ValidationError, ValueError, TypeError):
        raise Invalid("This cannot be undone.") from None
    which = entries_of(here, since)
    run.total = run.total or db.session.scalar(select(func.count()).select_from(AuditEntry).where(*which)) or 0
    if "stop" not in request.form and not work(here, action, run, which):
        return progress(here, "Undo", run)
    sentences = [past(here, "{} was restored.", run.changed)] if run.changed else ["Nothing was undone."]
    if run.skipped:
        sentences.append(f"{counted(here, run.skipped)} left as now: changed since.")
    flash(" ".join(sentences), "ok")
    return leave(here)


def entries_of(here: ListPage, since: datetime) -> list[Any]:
    """The clauses for the audit entries of the run, all of them this user's."""
    requests = request.values.get("requests", "").split(",")[:MOST]
    return [AuditEntry.at >= since, AuditEntry.request_id.in_(requests), AuditEntry.user_id == me().user.id,
            AuditEntry.object_type == here.trail_name, AuditEntry.before.is_not(None)]


def work(here: ListPage, action: Action, run: Undo, which: list[Any]) -> bool:
    """Undo rows until the request has taken long enough; whether it is over."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        statement = select(AuditEntry).where(*which, AuditEntry.id > run.after).order_by(AuditEntry.id).limit(AT_ONCE)
        entries = list(db.session.scalars(statement))
        if not entries:
            return True
        wanted = [(entry.id, entry.object_id, entry.before or {}) for entry in entries]
        state = run.model_copy()
        try:
            with transaction():
                newest = newest_entries(here, [row for _, row, _ in wanted])
                for entry, row, before in wanted:
                    undone = newest.get(row) == entry and undo_one(here, action, row, before)
                    state.changed, state.skipped = state.changed + undone, state.skipped + (not undone)
        except DatabaseBusy:
            return False                            # the next request takes these rows again
        state.after = wanted[-1][0]
        run.__dict__.update(state.__dict__)
    return False


def newest_entries(here: ListPage, rows: list[int | None]) -> dict[int | None, int]:
    """The last audit entry of each row."""
    statement = select(AuditEntry.object_id, func.max(AuditEntry.id)).where(
        AuditEntry.object_type == here.trail_name, AuditEntry.object_id.in_(rows)
    ).group_by(AuditEntry.object_id)
    return {found[0]: found[1] for found in db.session.execute(statement)}


def undo_one(here: ListPage, action: Action, key: int | None, before: dict[str, Any]) -> bool:
    """Give a row the state that it had; whether that was possible."""
    assert action.undo is not None
    try:
        own, row = undoing.find(here, wide_actor(), key or 0, removed=action.removes)
        with db.session.begin_nested():
            action.undo(own, row, {name: before.get(name, getattr(row, name)) for name in action.keeps})
    except (Conflict, Invalid, NotFound):
        return False
    return True

"""What has to happen after a change: one row a task, written in the transaction of the change."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, long_text, partial_index, pk, word


class TaskStatus(StrEnum):
    PENDING = "pending"          # to be done when it is due
    HELD = "held"                # until its receiver is resumed
    DONE = "done"
    FAILED = "failed"            # given up; may be tried again by hand
    CANCELLED = "cancelled"


class Task(Model):
    """Tasks of one lane are done in order; at most a few of one pool at a time."""

    __tablename__ = "outbox_tasks"
    __table_args__ = constraints(
        Index("ix_outbox_tasks_status_due_at", "status", "due_at"),
        Index("ix_outbox_tasks_lane_status_id", "lane", "status", "id"),
        Index("ix_outbox_tasks_status_pool_due_at_id", "status", "pool", "due_at", "id"),
        Index("ix_outbox_tasks_lease_until", "lease_until"),
        partial_index("ix_outbox_tasks_about", "about", "created_at", "id", where="about IS NOT NULL"),
    )

    id: Mapped[pk]
    kind: Mapped[str] = mapped_column(String(32))                    # webhook, mail
    lane: Mapped[str] = mapped_column(String(80))
    pool: Mapped[str] = mapped_column(String(40))
    test: Mapped[bool] = mapped_column(default=False)           # about a row of the test world
    merchant_id: Mapped[int | None] = mapped_column(ForeignKey("merchants.id"), index=True)
    payload: Mapped[dict[str, Any]]
    about: Mapped[str | None] = mapped_column(String(48))            # the row whose page shows it: its noun and id
    status: Mapped[TaskStatus] = mapped_column(
        word(TaskStatus)
    )
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    last_error: Mapped[long_text | None]
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)

"""Test clocks: orders of the test world may follow one, and it is moved forward by hand."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk, word
from models.owned import Owned, Versioned


class TestClockStatus(StrEnum):
    READY = "ready"
    ADVANCING = "advancing"


class TestClock(Owned, Versioned, Model):
    """A clock that stands still until it is advanced. `target_at` is where the worker takes it."""

    __test__ = False                 # no class of tests
    __tablename__ = "test_clocks"
    __table_args__ = constraints(Index("ix_test_clocks_status", "status"))

    id: Mapped[pk]
    name: Mapped[str | None]
    now_at: Mapped[datetime]
    target_at: Mapped[datetime | None]
    status: Mapped[TestClockStatus] = mapped_column(word(TestClockStatus), default=TestClockStatus.READY)
    lease_until: Mapped[datetime | None]         # real time: a worker is advancing it
    deleted_at: Mapped[datetime | None]

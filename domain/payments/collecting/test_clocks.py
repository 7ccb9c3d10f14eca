"""Manages test clocks: orders of the test world that follow one are paid by its time, which people advance.

Advancing only notes the target. The worker takes the clock there, from one thing that is due to the next, and goes
on where it was after it was killed.
"""

from datetime import datetime, timedelta
from typing import Annotated, Any

from domain import usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Moment, Text
from domain.lifecycle import Lifecycle
from domain.resource import Resource, Sample, deletion
from domain.sales.orders.order_clock import LISTING
from domain.usage import Use
from models.merchant import Merchant
from models.order import Order, ScheduledPayment
from models.test_clock import TestClock, TestClockStatus

FURTHEST = timedelta(days=36525)             # in one step
LIFE = Lifecycle(noun="test_clock")


class TestClockInput(Input):
    """A clock that stands still at this moment."""

    __test__ = False                         # no class of tests
    only_at_creation = frozenset({"now_at"})

    now_at: Moment
    name: Maybe[Annotated[str, Text(255)]] = None


def create(actor: Actor, new: TestClockInput) -> TestClock:
    """A new clock of the test world; raises Invalid in the live world."""
    if not actor.test:
        raise Invalid.field("now_at", "is of a test clock, which exists in the test world only", "fixed")
    row = TestClock(**actor.ownership(), name=new.name, now_at=new.now_at, status=TestClockStatus.READY)
    LIFE.add(actor, row)
    return row


def update(actor: Actor, row: TestClock, changes: dict[str, Any]) -> TestClock:
    """Change its name."""
    with LIFE.changing(actor, row):
        row.name = changes.get("name", row.name)
    return row


def advance(actor: Actor, row: TestClock, to: datetime) -> TestClock:
    """Have the locked clock moved forward; the worker does it. The same moment again does nothing.

    Raises Invalid for a moment before the clock's own, or before the one that it is being moved to.
    """
    known = row.target_at or row.now_at
    if to == known:
        return row
    if to < known:
        raise Invalid.field("now_at", "is before the clock's time: a clock only moves forward", "past")
    if to - row.now_at > FURTHEST:
        raise Invalid.field("now_at", "is more than 100 years away", "future")
    with LIFE.changing(actor, row, "advanced"):
        row.target_at, row.status = to, TestClockStatus.ADVANCING
    return row


def arrived(actor: Actor, row: TestClock) -> None:
    """The clock has reached its target."""
    assert row.target_at is not None
    with LIFE.changing(actor, row, "arrived"):
        row.now_at, row.target_at, row.lease_until, row.status = row.target_at, None, None, TestClockStatus.READY


def delete(actor: Actor, row: TestClock) -> None:
    """Delete a clock that no order uses."""
    if row.status is TestClockStatus.ADVANCING:
        raise Conflict("The test clock is being advanced.")
    usage.refuse("test clock", row)
    LIFE.remove(actor, row)


usage.register(TestClock, Use("order", "orders", lambda row: usage.rows(Order, test_clock_id=row.id)))
usage.register(TestClock, Use(
    "scheduled payment", "scheduled payments", lambda row: usage.rows(ScheduledPayment, test_clock_id=row.id)))
usage.register(Merchant, Use("test clock", "test clocks", lambda row: usage.rows(TestClock, merchant_id=row.id)))

RESOURCE = Resource(
    name="test_clocks",
    noun="test clock",
    listing=LISTING,
    read_scope="READ_ORDERS",
    write_scope="WRITE_ORDERS",
    input=TestClockInput,
    may_create=lambda actor: actor.test,
    create=create,
    update=update,
    delete=deletion(delete, confirm=lambda row: ("No order uses it.",)),
    sample=Sample(
        sent={"merchant_id": 1, "now_at": datetime.fromisoformat("2026-01-31T12:00:00Z"), "name": "A year ahead"},
        read_only={"status": TestClockStatus.READY, "target_at": None}, changed=("name",),
    ),
)

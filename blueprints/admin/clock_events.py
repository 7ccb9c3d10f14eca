"""Tells what happened on a test clock, in the order in which it happened, and which orders follow it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from blueprints.admin import order_events
from blueprints.admin.crud import history
from blueprints.admin.crud.history import HistoryEntry
from blueprints.admin.order_events import Event
from database import db
from domain.actor import Actor
from domain.integrations.events import EVENTS
from domain.sales.orders.order_listing import LISTING as ORDERS
from models.audit import AuditEntry
from models.order import Order, ScheduledPayment
from models.outbox import Task
from models.payment import Payment
from models.payment_method import PaymentMethod

SHOWN = 40                          # entries
MOST_ORDERS = 50
EVENT_NAMES = frozenset(one.name for one in EVENTS)
# What a payment is told by: its end. That it was begun, or that bookkeeping changed, is no news.
QUIET = ("payment.created", "payment.updated", "order.updated", "scheduled_payment.updated",
         "scheduled_payment.created", "test_clock.updated")


@dataclass(frozen=True, slots=True)
class Follower:
    """An order that follows the clock, with its next payment by the clock's time."""

    id: int
    customer_name: str
    description: str | None
    status: str
    next_at: datetime | None


@dataclass(slots=True)
class Told:
    """One thing that happened: a payment, or a change of an order or of the clock. `at` is the clock's time."""

    entry: HistoryEntry
    at: datetime | None
    event: str                                  # the name that endpoints are told; empty where there is none
    to: datetime | None = None                  # where the clock was to be moved
    payment: Event | None = None
    order_id: int | None = None
    mails: list[tuple[str, str]] = field(default_factory=list)


def orders_of(who: Actor, clock_id: int) -> list[Follower]:
    """The orders that follow the clock, the newest first."""
    own, values = ORDERS.owned(who)
    following = (
        select(func.min(ScheduledPayment.collect_at)).where(ScheduledPayment.order_id == Order.id).correlate(Order)
        .scalar_subquery()
    )
    statement = (
        select(Order.id, Order.customer_name, Order.description, Order.status, following)
        .where(*own, Order.test_clock_id == clock_id).order_by(Order.id.desc()).limit(MOST_ORDERS)
    )
    return [Follower(*row) for row in db.session.execute(statement, values)]


def of(who: Actor, record: Any) -> list[Told]:
    """The latest things that happened, the newest first: of the orders that the actor may see."""
    own, values = ORDERS.owned(who)
    orders = select(Order.id).where(*own, Order.test_clock_id == record.id)
    payments = select(Payment.id).where(Payment.test_clock_id == record.id, Payment.order_id.in_(orders))
    rows = select(ScheduledPayment.id).where(
        ScheduledPayment.test_clock_id == record.id, ScheduledPayment.order_id.in_(orders))
    wanted = (
        ("READ_PAYMENTS", "payment", payments), ("READ_AUDIT", "order", orders),
        ("READ_AUDIT", "scheduled_payment", rows), ("READ_AUDIT", "test_clock", [record.id]),
    )
    found = [
        entry for scope, noun, keys in wanted if who.can(scope)
        for entry in _entries(noun, AuditEntry.object_id.in_(keys), values)
    ]
    found = sorted(found, key=lambda one: one.id, reverse=True)[:SHOWN]
    told = [_told(one) for one in history.entries_of(who, found)]
    _tell_payments(who, told)
    return told


def _entries(noun: str, which: Any, values: dict[str, Any]) -> list[AuditEntry]:
    statement = (
        select(AuditEntry).where(AuditEntry.object_type == noun, which, AuditEntry.action.not_in(QUIET))
        .order_by(AuditEntry.id.desc()).limit(SHOWN)
    )
    return list(db.session.scalars(statement, values))


def _told(one: HistoryEntry) -> Told:
    action, to = one.entry.action, (one.entry.after or {}).get("target_at")
    moved_to = datetime.fromisoformat(str(to)) if action == "test_clock.advanced" and to else None
    return Told(one, None, action if action in EVENT_NAMES else "", to=moved_to)


def _tell_payments(who: Actor, told: list[Told]) -> None:
    """Add what became of each payment, and give what followed it its time."""
    keys = {one.entry.entry.object_id for one in told if one.entry.entry.object_type == "payment"}
    statement = (
        select(Payment, PaymentMethod.label).outerjoin(PaymentMethod, PaymentMethod.id == Payment.payment_method_id)
        .where(Payment.id.in_(keys))
    )
    known = {one.id: (one, label) for one, label in db.session.execute(statement)}
    mails = _mails({one.order_id for one, _ in known.values() if one.order_id is not None})
    at: datetime | None = None
    for one in reversed(told):
        entry = one.entry.entry
        if entry.object_type == "test_clock":
            at = None
        elif entry.object_type == "payment" and entry.object_id in known:
            payment, label = known[entry.object_id]
            at = payment.executed_at or payment.created_at
            one.payment, one.order_id = order_events.told_of(payment, label, who), payment.order_id
            one.mails = mails.get(payment.id, [])
        one.at = at


def _mails(orders: set[int]) -> dict[int, list[tuple[str, str]]]:
    """The mails about payments of these orders: what became of each, and its page."""
    found: dict[int, list[tuple[str, str]]] = {}
    statement = select(Task).where(Task.about.in_([f"order_{key}" for key in sorted(orders)]), Task.kind == "mail")
    for task in db.session.scalars(statement.order_by(Task.id)):
        mail = order_events.told_of_mail(task)
        found.setdefault(task.payload.get("payment_id") or 0, []).append((mail.title, mail.url or ""))
    return found


def way_of(record: Any) -> tuple[int, int] | None:
    """How far the clock is on its way: seconds done, and seconds in all; None where it stands still."""
    if record.target_at is None:
        return None
    arrived = db.session.scalar(
        select(AuditEntry).where(
            AuditEntry.object_type == "test_clock", AuditEntry.object_id == record.id,
            AuditEntry.action.in_(("test_clock.arrived", "test_clock.created")),
        ).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(1))
    began = _began(arrived)
    if began is None or not began < record.target_at:
        return None
    whole = record.target_at - began
    return int((record.now_at - began).total_seconds()), max(1, int(whole.total_seconds()))


def _began(entry: AuditEntry | None) -> datetime | None:
    """Where the clock stood before it was moved: where it had arrived, or was created."""
    if entry is None:
        return None
    text = (entry.before or {}).get("target_at") or (entry.after or {}).get("now_at")
    return datetime.fromisoformat(text) if text else None

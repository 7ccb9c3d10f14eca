"""Reads what happened to an order, newest first: payments, refunds, changes, mails and calls.

Each source reads at most so many rows along an index, older than a place in the time line.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, and_, or_, select

from blueprints.admin import traffic
from blueprints.admin.crud import history
from blueprints.admin.crud.history import HistoryEntry
from blueprints.pages import navigation
from blueprints.pages.format import money, when, words
from database import db
from domain.actor import Actor
from domain.outbox.tasks import LISTING as TASKS
from domain.people.merchant_mails import KINDS
from models.audit import AuditEntry
from models.order import ScheduledPayment
from models.outbox import Task, TaskStatus
from models.payment import Decline, Payment, PaymentReason, PaymentStatus, Refund
from models.payment_method import PaymentMethod

AT_ONCE = timedelta(seconds=2)      # between changes that one act made
MOST_ROWS = 500                     # the latest scheduled payments and refunded payments, whose changes are read
# The sources in the order in which they follow one another at the same moment: what was caused comes later.
CALL, PAYMENT, REFUND, ROW, ORDER, MAIL, DISPUTE = range(7)
Position = tuple[datetime, int, int]            # time, source, id: later ones are shown first
Detail = tuple[str, str | None]                 # a text, with the address that it leads to

# Changes that the machinery makes while it collects: the payment says what happened.
BOOKKEEPING = frozenset({
    "status", "collect_at", "executed_at", "paid_minor", "retry_count", "declined_at", "merged_into_id",
})
SENT = {
    TaskStatus.DONE: ("Mail sent", ""), TaskStatus.PENDING: ("Mail waits to be sent", ""),
    TaskStatus.HELD: ("Mail is held", "warn"), TaskStatus.FAILED: ("Mail could not be sent", "bad"),
    TaskStatus.CANCELLED: ("Mail kept, not sent", ""),
}
HOW = {
    PaymentReason.CHECKOUT: "On the payment page", PaymentReason.SCHEDULE: "On its day",
    PaymentReason.RETRY: "Tried again by the schedule", PaymentReason.MANUAL: "Started by hand",
    PaymentReason.REST: "All that was left, at once",
}


@dataclass(slots=True, kw_only=True)
class Event:
    """One entry of the time line: a sentence with what belongs to it. `entry` is the sentence of a change."""

    position: Position
    icon: str
    tone: str = ""
    title: str = ""
    url: str | None = None
    details: list[Detail] = field(default_factory=list)
    entry: HistoryEntry | None = None
    request_id: str | None = None
    group: tuple[Any, ...] | None = None        # events in a row with the same one are shown as one
    several: tuple[str, str] = ("", "")         # what stands before and after the number of such events
    within: timedelta | None = None             # those further apart are not
    count: int = 1
    hidden: bool = False

    @property
    def is_row(self) -> bool:
        """Whether it is about a scheduled payment of the order."""
        return self.position[1] == ROW

    @property
    def at(self) -> datetime:
        return self.position[0]


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose events are read, up to which place, and how many."""

    who: Actor
    record: Any
    before: Position | None
    limit: int

    def older(self, at: Any, key: Any, source: int) -> list[Any]:
        """The conditions for rows of a source that come after the place."""
        if self.before is None:
            return []
        moment, last, number = self.before
        if source != last:
            return [at <= moment if source < last else at < moment]
        return [at <= moment, or_(at < moment, and_(at == moment, key < number))]


@dataclass(frozen=True, slots=True)
class Source:
    """Reads one kind of events, at most so many at a time."""

    read: Callable[[Asked], list[Event]]
    most: int = 41


def page_of(noun: str, key: int, who: Actor) -> str | None:
    page = navigation.row_page(noun, who)
    return f"{page.path}/{key}" if page is not None else None


# Payments -----------------------------------------------------------------------------------------


def payments(asked: Asked) -> list[Event]:
    """Attempts to collect, with their outcome. The order was loaded through its listing; its payments are its own."""
    statement = (
        select(Payment, PaymentMethod.label)
        .outerjoin(PaymentMethod, PaymentMethod.id == Payment.payment_method_id)
        .where(Payment.order_id == asked.record.id, *asked.older(Payment.created_at, Payment.id, PAYMENT))
        .order_by(Payment.created_at.desc(), Payment.id.desc()).limit(asked.limit)
    )
    return [told_of(one, label, asked.who) for one, label in db.session.execute(statement)]


def told_of(one: Payment, method: str | None, who: Actor) -> Event:
    """An attempt as a sentence, with how and by which method."""
    amount, why = money(one.amount_minor, one.currency), (one.message or "").rstrip(".")
    titles = {
        PaymentStatus.APPROVED: (f"{amount} paid", "circle-check", "ok"),
        PaymentStatus.DECLINED: (f"{amount} declined" + (f": {why}" if why else ""), "circle-x", "bad"),
        PaymentStatus.UNKNOWN: (f"{amount}: the outcome is unknown", "help-circle", "warn"),
        PaymentStatus.REQUIRES_ACTION: (f"{amount} waits for the customer to confirm", "clock", "warn"),
        PaymentStatus.PENDING: (f"{amount} is being collected", "clock", "acc"),
    }
    title, icon, tone = titles[one.status]
    details: list[Detail] = [(HOW[one.reason], None), (method or words(one.gateway), None)]
    if one.status is PaymentStatus.DECLINED and one.decline is not None:
        is_hard = one.decline is Decline.HARD
        details.append(("A new payment method is needed" if is_hard else "It may succeed later", None))
    if one.status is PaymentStatus.UNKNOWN and one.look_up_at is not None:
        details.append((Markup("The gateway is asked again {}").format(when(one.look_up_at)), None))
    if one.refunded_minor:
        details.append((f"{money(one.refunded_minor, one.currency)} refunded", None))
    return Event(
        position=(one.created_at, PAYMENT, one.id), icon=icon, tone=tone, title=title, details=details,
        url=page_of("payment", one.id, who),
    )


def refunds(asked: Asked) -> list[Event]:
    """Refunds of the order's payments."""
    return refunds_of(asked, Payment.order_id == asked.record.id)


def refunds_of(asked: Asked, whose: ColumnElement[bool]) -> list[Event]:
    """Refunds of payments that fulfil a condition."""
    paid = select(Payment.id).where(whose, Payment.refunded_minor > 0)
    statement = (
        select(Refund).where(Refund.payment_id.in_(latest(paid, Payment.created_at, Payment.id)))
        .where(*asked.older(Refund.created_at, Refund.id, REFUND))
        .order_by(Refund.created_at.desc(), Refund.id.desc()).limit(asked.limit)
    )
    return [_refund(one, asked.who) for one in db.session.scalars(statement)]


def _refund(one: Refund, who: Actor) -> Event:
    ends = {"approved": ("refunded", "rotate", ""), "declined": ("could not be refunded", "circle-x", "bad")}
    end, icon, tone = ends.get(one.status.value, ("is being refunded", "clock", "acc"))
    said = [text for text in (one.message, one.reason) if text]
    return Event(
        position=(one.created_at, REFUND, one.id), icon=icon, tone=tone, details=[(text, None) for text in said],
        title=f"{money(one.amount_minor, one.currency)} {end}", url=page_of("payment", one.payment_id, who),
    )


def latest(statement: Any, *order: Any) -> Any:
    return statement.order_by(*(one.desc() for one in order)).limit(MOST_ROWS)


# Changes ------------------------------------------------------------------------------------------


def changes(asked: Asked) -> list[Event]:
    """Changes of the order itself."""
    return audited(asked, ORDER, AuditEntry.object_type == "order", AuditEntry.object_id == asked.record.id)


def schedule(asked: Asked) -> list[Event]:
    """Changes of its scheduled payments: those that ended one without a payment, and those that somebody made."""
    rows = select(ScheduledPayment.id).where(ScheduledPayment.order_id == asked.record.id)
    made = or_(AuditEntry.user_id.is_not(None), AuditEntry.credential_id.is_not(None))
    return audited(
        asked, ROW, AuditEntry.object_type == "scheduled_payment",
        AuditEntry.object_id.in_(latest(rows, ScheduledPayment.sequence)),
        AuditEntry.action != "scheduled_payment.created", or_(made, AuditEntry.action != "scheduled_payment.updated"),
    )


def audited(asked: Asked, source: int, *wanted: Any) -> list[Event]:
    statement = (
        select(AuditEntry).where(*wanted, *asked.older(AuditEntry.at, AuditEntry.id, source))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(asked.limit)
    )
    found = db.session.scalars(statement).all()
    return [_change(one, source) for one in history.entries_of(asked.who, found)]


def _change(one: HistoryEntry, source: int) -> Event:
    entry = one.entry
    is_row = source == ROW
    is_plain = is_row and entry.action.endswith(".updated") and (entry.after or {}).keys() <= BOOKKEEPING
    event = Event(
        position=(entry.at, source, entry.id), icon=one.icon, entry=one, request_id=entry.request_id, hidden=is_plain,
        tone={"created": "acc", "deleted": "bad", "cancelled": "bad"}.get(one.verb, ""),
    )
    if is_row and not one.changes:
        event.group = ("rows", entry.action, one.who.text)
        event.within = AT_ONCE
        event.several = (one.verb, "scheduled payments")
    return event


# Mails and calls ----------------------------------------------------------------------------------


def mails(asked: Asked) -> list[Event]:
    """Mails to the customer about the order."""
    clauses, values = TASKS.owned(asked.who)
    statement = (
        select(Task).where(*clauses, Task.about == f"order_{asked.record.id}", Task.kind == "mail")
        .where(*asked.older(Task.created_at, Task.id, MAIL))
        .order_by(Task.created_at.desc(), Task.id.desc()).limit(asked.limit)
    )
    return [told_of_mail(one, asked.record.customer_email) for one in db.session.scalars(statement, values)]


def told_of_mail(one: Task, email: str | None = None) -> Event:
    """A mail with what became of it, and to whom it goes."""
    word, tone = SENT[one.status]
    kind = str(one.payload.get("mail", ""))
    known = KINDS.get(kind)
    what = known.title if known is not None else words(kind)
    to = "you" if known is not None and known.to_merchant else email
    details: list[Detail] = [(f"To {to}", None)] if to else []
    if one.status is TaskStatus.FAILED and one.last_error:
        details.append((one.last_error[:200], None))
    return Event(
        position=(one.created_at, MAIL, one.id), icon="mail", tone=tone, details=details,
        title=f"{word}: {what}", url=url_for("admin.mail_preview", key=one.id),
    )


def calls(asked: Asked) -> list[Event]:
    """API calls that named or made the order."""
    return told_of_calls(asked, traffic.calls_of(asked.who, "order", asked.record.id, seen_calls(asked), asked.limit))


def seen_calls(asked: Asked) -> traffic.Cursor:
    """The last call that was shown, before which the next ones are read."""
    if asked.before is None:
        return None
    moment, last, number = asked.before
    return moment, number if last == CALL else traffic.LARGEST


def told_of_calls(asked: Asked, found: Sequence[Any]) -> list[Event]:
    """Calls with the names of their keys."""
    names = traffic.names_of(asked.who, {one.key_id for one in found})
    return [_call(one, names, asked.who) for one in found]


def _call(one: Any, names: dict[int | None, str], who: Actor) -> Event:
    caller = names.get(one.key_id, "A caller without a key" if one.key_id is None else "Another caller")
    took = "" if one.duration_us is None else f" in {one.duration_us // 1000:,} ms"
    what = f"{caller} called {one.method} {one.endpoint}"
    is_read = one.method == "GET" and not one.failed
    return Event(
        position=(one.at, CALL, one.id), icon="api", tone="bad" if one.failed else "", title=what,
        several=(what, "times"), url=url_for("analytics.request", number=one.id), request_id=one.request_id,
        details=[(f"{one.status}{' ' + one.error_code if one.error_code else ''}{took}", None)],
        group=("read", one.key_id, one.endpoint) if is_read else None,
    )


PAYMENTS_AND_REFUNDS = (Source(payments), Source(refunds))
CHANGES = (Source(changes), Source(schedule))
MAILED = (Source(mails),)
CALLED = (Source(calls, 200),)

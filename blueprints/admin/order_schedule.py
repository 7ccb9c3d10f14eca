"""The payments of an order on its page: when each is due, what became of it, and what was collected in all."""

from dataclasses import dataclass
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import func, select

from blueprints.pages.format import day, when
from database import db
from domain.actor import Actor
from domain.pages import Query
from domain.payments.schedule import scheduled
from models.order import OrderStatus, ScheduledStatus
from models.payment import Payment, PaymentStatus

S = ScheduledStatus
SHOWN = 8
STATES = {                              # the word, and the tone of its tag
    S.SCHEDULED: ("Scheduled", ""), S.PROCESSING: ("Processing", "warn"), S.COMPLETE: ("Paid", "ok"),
    S.RECOVERED: ("Recovered", "ok"), S.SOFT_DECLINED: ("Declined, will retry", "bad"),
    S.HARD_DECLINED: ("Declined, card needed", "bad"), S.SKIPPED: ("Skipped", ""), S.MERGED: ("Merged", ""),
    S.CANCELLED: ("Cancelled", ""), S.PAUSED: ("Paused", "warn"), S.REVIEW: ("Paid too much", "warn"),
}
TEXTS = {
    S.PROCESSING: "Being collected", S.HARD_DECLINED: "Waits for another card",
    S.PAUSED: "Not collected while the order is paused", S.SKIPPED: "Not collected", S.CANCELLED: "Not collected",
}
NOT_COLLECTED = frozenset({S.SKIPPED, S.MERGED, S.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One payment: its page, its state, and a sentence about it; the amount is struck out if it is not collected."""

    row: Any
    url: str
    word: str
    tone: str
    text: str | Markup
    is_off: bool


@dataclass(frozen=True, slots=True)
class Schedule:
    """The first payments, what is open before what is done, and how many there are."""

    lines: list[Line]
    total: int


def of(who: Actor, record: Any) -> Schedule:
    """The payments that an order's page shows."""
    query = Query(filters={"order_id": record.id}, sort="open_first", limit=SHOWN)
    page = scheduled.RESOURCE.listing.page(who, query)
    return Schedule([_line(record, one) for one in page.records], page.total)


def collected(order_id: int) -> int:
    """What was collected for an order, less what was given back, in minor units."""
    statement = select(func.sum(Payment.amount_minor - Payment.refunded_minor))
    return int(db.session.scalar(
        statement.where(Payment.order_id == order_id, Payment.status == PaymentStatus.APPROVED)) or 0)


def _line(order: Any, row: Any) -> Line:
    word, tone = STATES[row.status]
    if row.status is S.SOFT_DECLINED and row.collect_at is None:
        word = "Declined"
    return Line(
        row=row, url=url_for("admin.scheduled_payments_show", key=row.id), word=word, tone=tone,
        text=_text(order, row), is_off=row.status in NOT_COLLECTED,
    )


def _text(order: Any, row: Any) -> str | Markup:
    """What happened, or what happens next."""
    tries = f"{row.retry_count} {'retry' if row.retry_count == 1 else 'retries'}"
    if row.status in (S.COMPLETE, S.RECOVERED) and not row.amount_minor:
        return "Nothing was due"
    if row.status in (S.COMPLETE, S.RECOVERED):
        paid = Markup("Paid on {}").format(day(row.executed_at)) if row.executed_at else Markup("Nothing left to pay")
        return paid + f", after {tries}" if row.retry_count else paid
    if row.status is S.SOFT_DECLINED:
        at = row.collect_at
        return Markup("Next try {}").format(when(at)) if at else f"No retry is left, after {tries}"
    if row.status is S.SCHEDULED:
        return _to_come(order, row)
    return f"Part of payment {row.merged_into_id}" if row.status is S.MERGED else TEXTS.get(row.status, "")


def _to_come(order: Any, row: Any) -> str:
    """How a payment is made whose day has not come."""
    if row.awaits_count:
        return "Counted when the period ends"
    if order.status in (OrderStatus.DRAFT, OrderStatus.PENDING, OrderStatus.REJECTED):
        return "" if row.sequence else "Paid on the payment page"
    return "Collected on its day" if row.collect_at else "Not collected by itself"

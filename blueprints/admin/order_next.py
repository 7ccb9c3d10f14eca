"""Says on an order's page what happens next: which amount is collected when, or what it waits for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import select

from blueprints.admin import order_disputes
from blueprints.pages.format import money, when
from database import db
from domain.actor import Actor
from domain.invoicing.paying import unpaid
from domain.payments.schedule.scheduled_status import DECLINED
from domain.sales.orders.order_clock import now_of
from models.order import OrderStatus, ScheduledPayment, ScheduledStatus, SuspendedFor
from models.payment import Payment
from models.product import Billing

WAITING = (OrderStatus.PENDING, OrderStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class Step:
    """The next step as a sentence, with one of reasons; `url` is the page of the payment that it is about, and `verbs`
    are the actions of the order that go on with it."""

    title: str
    text: str | Markup = ""
    tone: str = "calm"
    icon: str = "clock"
    url: str | None = None
    verbs: tuple[str, ...] = ()
    link: str = "Open payment"
    row_id: int | None = None               # the scheduled payment that can be skipped instead


def of(who: Actor, record: Any) -> Step | None:
    """The next step of an order; None for one that has ended, that ends with its period, or is a draft.

    A dispute of one of its payments comes first: it has to be answered in time, also when the order has ended.
    """
    disputed = order_disputes.open_of(record.id) if who.can("READ_PAYMENTS") else None
    if disputed is not None:
        title, text, url = order_disputes.told(disputed)
        return Step(title, text, "bad", "alert-circle", url, link="Open dispute")
    return _of_status(who, record)


def _of_status(who: Actor, record: Any) -> Step | None:
    """What the status of an order says about what comes next."""
    if record.status in WAITING:
        first = money(record.initial_minor, record.currency)
        return Step(f"{first} is paid by the customer on the payment page.", "Nothing was paid yet.")
    if record.status == OrderStatus.PAUSED:
        return Step("Nothing is collected while the order is paused.", icon="player-pause", tone="warn")
    if record.status == OrderStatus.SUSPENDED:
        return _suspended(who, record)
    ends = record.cancels_at_period_end and record.billing != Billing.METERED
    if record.status not in (OrderStatus.ACTIVE, OrderStatus.FAILED) or ends:
        return None
    return _of_live(who, record)


def _of_live(who: Actor, record: Any) -> Step | None:
    """The next step of an order that goes on: what runs, then what waits for a person, then what is to come."""
    row = _first(record.id, ScheduledPayment.status == ScheduledStatus.PROCESSING, ScheduledPayment.sequence)
    if row is not None:
        return _asked(row)
    if (row := _left_declined(record.id)) is not None:
        return _declined(who, row, record.payment_method_id is not None)
    row = _first(record.id, ScheduledPayment.collect_at.is_not(None), ScheduledPayment.collect_at)
    return _collected(who, row) if row is not None else _by_hand(record)


def _first(order_id: int, which: Any, order: Any) -> ScheduledPayment | None:
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order_id, which)
    row: ScheduledPayment | None = db.session.scalar(statement.order_by(order, ScheduledPayment.id).limit(1))
    return row


def _left_declined(order_id: int) -> ScheduledPayment | None:
    """The first payment that was declined and that nothing tries again by itself."""
    is_left = ScheduledPayment.status.in_(sorted(DECLINED)) & ScheduledPayment.collect_at.is_(None)
    return _first(order_id, is_left, ScheduledPayment.sequence)


def _declined(who: Actor, row: ScheduledPayment, has_card: bool) -> Step:
    """What was declined and waits for a person: another card was saved since, or no retry is left."""
    amount = money(row.amount_minor - row.paid_minor, row.currency)
    is_hard = row.status is ScheduledStatus.HARD_DECLINED
    text = "It is not tried again by itself, as another card is there now." if is_hard else "No retry is left."
    said = " ".join(one for one in (_reason(who, row), text) if one)
    return Step(
        f"{amount} was declined.", said, "bad", "credit-card", url_for("admin.scheduled_payments_show", key=row.id),
        ("retry", "ask_for_card") if has_card else ("ask_for_card",))


def _collected(who: Actor, row: ScheduledPayment) -> Step:
    """What is collected by itself."""
    amount, at = money(row.amount_minor - row.paid_minor, row.currency), when(_from_now_on(row))
    url = url_for("admin.scheduled_payments_show", key=row.id)
    if row.status is ScheduledStatus.SOFT_DECLINED:
        return Step(
            Markup("{} is tried again on {}.").format(amount, at), _reason(who, row), "warn", "rotate", url,
            ("retry", "ask_for_card"), row_id=row.id)
    return Step(Markup("{} is collected on {}.").format(amount, at), url=url, row_id=row.id)


def _from_now_on(row: ScheduledPayment) -> datetime | None:
    """When the row is asked for; what was due before is asked for at once."""
    return row.collect_at and max(row.collect_at, now_of(row.order))


def _asked(row: ScheduledPayment) -> Step:
    """What was asked for and has no answer yet."""
    amount = money(row.amount_minor - row.paid_minor, row.currency)
    return Step(
        f"{amount} is being collected.", "The gateway has not said yet what became of it.", "warn", "help-circle",
        url_for("admin.scheduled_payments_show", key=row.id))


def _suspended(who: Actor, record: Any) -> Step:
    """What waits for invoices to be paid, for staff, or for another card."""
    if record.suspended_for == SuspendedFor.UNPAID:
        numbers = ", ".join(str(one.number) for one in unpaid.overdue(record.customer_id))
        return Step(
            f"Suspended: {numbers or 'invoices'} overdue.", "Nothing is collected until that is paid. Then it goes on "
            "by itself.", "bad", "player-pause")
    if record.suspended_for is not None:
        text = "Nothing is collected until the suspension of its service is ended."
        return Step("Suspended by staff.", text, "bad", "player-pause")
    row = _first(record.id, ScheduledPayment.status == ScheduledStatus.HARD_DECLINED, ScheduledPayment.sequence.desc())
    text = "Nothing more is collected until the payment method is changed."
    if row is None:
        return Step("The order waits for another payment method.", text, "bad", "credit-card")
    amount = money(row.amount_minor - row.paid_minor, row.currency)
    url = url_for("admin.scheduled_payments_show", key=row.id)
    said = " ".join(one for one in (_reason(who, row), text) if one)
    title = f"{amount} was declined and waits for another card."
    return Step(title, said, "bad", "credit-card", url, ("ask_for_card",))


def _by_hand(record: Any) -> Step | None:
    """What is due and nobody collects."""
    row = _first(record.id, ScheduledPayment.status == ScheduledStatus.SCHEDULED, ScheduledPayment.due_at)
    if row is None:
        return None
    amount, at = money(row.amount_minor - row.paid_minor, row.currency), when(row.due_at)
    by_use = Markup("The calls of this period are billed on {}.").format(at)
    return Step(
        by_use if row.awaits_count else Markup("{} is due on {}.").format(amount, at),
        "Its calls are counted when the period has ended." if row.awaits_count else "It is not collected by itself.",
        url=url_for("admin.scheduled_payments_show", key=row.id))


def _reason(who: Actor, row: ScheduledPayment) -> str:
    """Why it was declined the last time."""
    if not who.can("READ_PAYMENTS"):
        return ""
    statement = select(Payment.message).where(Payment.scheduled_payment_id == row.id)
    said = db.session.scalar(statement.order_by(Payment.id.desc()).limit(1))
    return f"Declined: {said.rstrip('.')}." if said else ""

"""Disputes of an order's payments: on its time line, and as its next step while one waits for an answer."""

from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, select

from blueprints.admin.order_events import DISPUTE, Asked, Event, Source, page_of
from blueprints.pages.format import money, when
from database import db
from models.payment import Dispute, DisputeStatus, Payment

ENDS = {DisputeStatus.WON: "Decided for you", DisputeStatus.LOST: "Lost: the bank gave the money back"}


def disputes(asked: Asked) -> list[Event]:
    """The disputes of the order's payments, from the day on which each was opened, with how it ended."""
    return disputes_of(asked, Payment.order_id == asked.record.id)


def disputes_of(asked: Asked, whose: ColumnElement[bool]) -> list[Event]:
    """The disputes of payments that fulfil a condition."""
    statement = (
        select(Dispute).join(Payment, Payment.id == Dispute.payment_id)
        .where(whose, *asked.older(Dispute.created_at, Dispute.id, DISPUTE))
        .order_by(Dispute.created_at.desc(), Dispute.id.desc()).limit(asked.limit)
    )
    return [
        Event(
            position=(one.created_at, DISPUTE, one.id), icon="alert-circle",
            tone="" if one.status is DisputeStatus.WON else "bad",
            title=f"{money(one.amount_minor, one.currency)} disputed by the customer",
            details=[(text, None) for text in (one.reason, ENDS.get(one.status)) if text],
            url=page_of("dispute", one.id, asked.who),
        )
        for one in db.session.scalars(statement)
    ]


SOURCE = Source(disputes)


def open_of(order_id: int) -> Dispute | None:
    """The dispute of an order that has to be answered first, or None."""
    statement = select(Dispute).join(Payment, Payment.id == Dispute.payment_id).where(
        Payment.order_id == order_id, Dispute.status == DisputeStatus.OPEN)
    row: Dispute | None = db.session.scalar(statement.order_by(Dispute.answer_due_at, Dispute.id).limit(1))
    return row


def told(one: Dispute) -> tuple[str, str | Markup, str]:
    """What an order's page says about an open dispute: a sentence, until when it is answered, and its page."""
    until = Markup(" until {}").format(when(one.answer_due_at)) if one.answer_due_at else ""
    text = Markup("Send evidence where the payment was made{}.").format(until)
    if one.reason:
        text = Markup("{}. {}").format(one.reason.rstrip("."), text)
    amount: Any = money(one.amount_minor, one.currency)
    return f"{amount} is disputed by the customer.", text, url_for("admin.disputes_show", key=one.id)

"""The order page of a customer: what was paid and what follows, receipts, paying what is owed, cancelling."""

from typing import Any

from flask import Response, make_response, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import cards, link_lookup, managing, printing, schedule
from blueprints.pay.order_words import common
from database import db
from domain.errors import NotFound
from domain.invoicing.documents import receipt_document
from domain.payments import attempts
from domain.payments.checkout import checkout_states
from domain.payments.schedule.scheduled_status import DECLINED, PAID
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import PRELIMINARY
from models.order import Order
from models.payment import Payment, PaymentStatus


def register(bp: Any) -> None:
    """Register the addresses of the order page."""
    bp.add_url_rule("/order/<token>", "order", show, methods=["GET"])
    bp.add_url_rule("/order/<token>/receipt/<int:key>", "receipt", show_receipt, methods=["GET"])
    bp.add_url_rule("/order/<token>/receipt/<int:key>/pdf", "receipt_pdf", send_receipt, methods=["GET"])


def show(token: str) -> BaseResponse:
    """The order; one that nothing was paid for is on the payment page."""
    order = link_lookup.order(token)
    if order.status in PRELIMINARY:
        return redirect_to(url_for("pay.payment", token=token))
    shown = common(order, token)                 # from here on times are in the merchant's zone
    rows = schedule.rows_of(order)
    steps = schedule.steps(order, rows)
    owed = checkout_states.payable(order)
    paid = sum(row.paid_minor for row in rows if row.status in PAID)
    declined = next((row for row in rows if row.status in DECLINED), None)
    again = declined and declined.collect_at and max(declined.collect_at, now_of(order))
    return make_response(render_template(
        "pay/order.html", **shown, steps=steps, receipts=receipts(order), paid=paid,
        next=next((one for one in steps if one.word == "Next"), None), owed=owed,
        due=attempts.owed(owed) if owed is not None else 0,
        declined=declined, again=again,
        reason=reason(order), may_change=cards.may_change(order), ends_at=managing.ends_at(order),
        may_keep=managing.may_keep(order),
        may_cancel=bool(managing.ways_to_cancel(order)), skippable=managing.skippable(order),
        rest=managing.rest_of(order), planned=managing.planned(order),
    ))


def receipts(order: Order) -> list[Payment]:
    """The approved payments, newest first."""
    statement = select(Payment).where(Payment.order_id == order.id, Payment.status == PaymentStatus.APPROVED)
    return list(db.session.scalars(statement.order_by(Payment.id.desc())))


def reason(order: Order) -> str | None:
    """What the bank said last."""
    statement = select(Payment.message).where(
        Payment.order_id == order.id, Payment.status == PaymentStatus.DECLINED, Payment.decline.is_not(None)
    )
    return db.session.scalar(statement.order_by(Payment.id.desc()).limit(1))


def receipt(order: Order, key: int) -> Payment:
    """One of the order's approved payments; raises NotFound."""
    payment = next((one for one in receipts(order) if one.id == key), None)
    if payment is None:
        raise NotFound("payment", key)
    return payment


def send_receipt(token: str, key: int) -> Response:
    """The receipt as a PDF."""
    return printing.send(receipt_document.document(receipt(link_lookup.order(token), key)))


def show_receipt(token: str, key: int) -> Response:
    """A receipt of one of the order's payments, to be printed."""
    order = link_lookup.order(token)
    payment = receipt(order, key)
    return make_response(render_template("pay/receipt.html", **common(order, token), payment=payment))

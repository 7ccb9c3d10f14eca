"""The order page of a customer: what was paid and what follows, receipts, paying what is owed, cancelling."""

from typing import Any

from flask import Response, make_response, render_template, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import cards, link_lookup, schedule
from blueprints.pay.brand import seller
from blueprints.pay.payments import customer, number, title
from database import db, transaction
from domain.errors import Conflict, NotFound
from domain.payments import attempts
from domain.payments.checkout import checkout_states
from domain.payments.orders import order_verbs
from domain.payments.schedule.scheduled_status import DECLINED, PAID
from domain.sales.orders import orders
from domain.sales.orders.order_status import FINAL, PRELIMINARY
from models.order import Order, OrderStatus
from models.payment import Payment, PaymentStatus
from models.product import Billing

WORDS = {
    OrderStatus.ACTIVE: ("Active", "ok"), OrderStatus.FAILED: ("Payment needed", "bad"),
    OrderStatus.SUSPENDED: ("Payment needed", "bad"), OrderStatus.PAUSED: ("Paused", "warn"),
    OrderStatus.REVIEW: ("Being checked", "warn"), OrderStatus.COMPLETE: ("Complete", ""),
    OrderStatus.CANCELLED: ("Cancelled", ""), OrderStatus.PENDING: ("Not paid yet", "warn"),
    OrderStatus.REJECTED: ("Not paid yet", "warn"), OrderStatus.DRAFT: ("Draft", ""),
}


def register(bp: Any) -> None:
    """Register the addresses of the order page."""
    bp.add_url_rule("/order/<token>", "order", show, methods=["GET"])
    bp.add_url_rule("/order/<token>/cancel", "ask_cancel", ask_cancel, methods=["GET"])
    bp.add_url_rule("/order/<token>/cancel", "cancel_order", cancel, methods=["POST"])
    bp.add_url_rule("/order/<token>/receipt/<int:key>", "receipt", show_receipt, methods=["GET"])


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
    return make_response(render_template(
        "pay/order.html", **shown, steps=steps, receipts=receipts(order), paid=paid,
        next=next((one for one in steps if one.word == "Next"), None), owed=owed,
        due=attempts.owed(owed) if owed is not None else 0,
        declined=next((row for row in rows if row.status in DECLINED), None),
        reason=reason(order), may_cancel=may_cancel(order), may_change=cards.may_change(order),
    ))


def common(order: Order, token: str) -> dict[str, Any]:
    """What all pages of an order show."""
    word, tone = WORDS[order.status]
    return {
        "seller": seller(order.merchant_id), "test": order.test, "order": order, "token": token, "word": word,
        "tone": tone, "number": number(order), "title": title(order), "every": schedule.every(order),
    }


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


def may_cancel(order: Order) -> bool:
    """Whether the customer may end the order: a subscription or metered order; instalments are a debt."""
    return order.billing in (Billing.SUBSCRIPTION, Billing.METERED) and order.status not in FINAL


def ask_cancel(token: str) -> BaseResponse:
    """Ask before the order is ended."""
    order = link_lookup.order(token)
    if not may_cancel(order):
        return redirect_to(url_for("pay.order", token=token))
    return make_response(render_template("pay/order_cancel.html", **common(order, token)))


def cancel(token: str) -> BaseResponse:
    """End the order: nothing more is collected."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        if not may_cancel(order):
            raise Conflict("This order cannot be cancelled here.")
        order_verbs.cancel(customer(order), order)
    return redirect_to(url_for("pay.order", token=token))


def show_receipt(token: str, key: int) -> Response:
    """A receipt of one of the order's payments, to be printed."""
    order = link_lookup.order(token)
    payment = next((one for one in receipts(order) if one.id == key), None)
    if payment is None:
        raise NotFound("payment", key)
    return make_response(render_template("pay/receipt.html", **common(order, token), payment=payment))

"""What customers do with their orders by themselves: cancel and go on, skip a payment, pay the rest at once."""

from datetime import datetime
from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import link_lookup
from blueprints.pay.order_words import common
from blueprints.pay.payments import customer
from blueprints.row_keys import row_key
from blueprints.services import services
from database import db, transaction
from domain.errors import Conflict
from domain.payments import paying_off
from domain.payments.checkout import previews
from domain.payments.plans import cancelling
from domain.payments.plans.plan_terms import Terms, When
from domain.payments.schedule import scheduled, schedules
from domain.sales.orders import orders
from domain.sales.orders.order_status import FINAL
from models.merchant import CustomerCancels, Merchant
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentStatus
from models.product import Billing

CANCELLABLE = frozenset({Billing.SUBSCRIPTION, Billing.METERED})         # instalments are a debt
ALLOWED = {
    CustomerCancels.ANY: (When.PERIOD_END, When.NOW), CustomerCancels.NOW: (When.NOW,),
    CustomerCancels.PERIOD_END: (When.PERIOD_END,), CustomerCancels.NEVER: (),
}


def register(bp: Any) -> None:
    """Register the addresses."""
    for verb, ask, act in (("cancel", ask_cancel, cancel), ("skip", ask_skip, skip), ("rest", ask_rest, pay_rest)):
        bp.add_url_rule(f"/order/<token>/{verb}", f"ask_{verb}", ask, methods=["GET"])
        bp.add_url_rule(f"/order/<token>/{verb}", f"{verb}_order", act, methods=["POST"])
    bp.add_url_rule("/order/<token>/keep", "keep_order", keep, methods=["POST"])


# Cancelling -----------------------------------------------------------------------------------------


def ways_to_cancel(order: Order) -> list[When]:
    """When the customer may end the order: as the merchant allows, and where its state has such a moment."""
    merchant = _merchant(order)
    if order.billing not in CANCELLABLE or order.status in FINAL or order.cancels_at_period_end:
        return []
    allowed = ALLOWED[merchant.customer_cancels]
    # Nothing runs to its end in an order that is paused or suspended: it can only end now.
    possible = [when for when in allowed if when is When.NOW or cancelling.has_end(order)]
    return possible or [When.NOW for _ in allowed[:1]]


def ends_at(order: Order) -> datetime | None:
    """When an order that ends with its period ends; None for any other."""
    return cancelling.ends_at(order.id) if order.cancels_at_period_end and order.status not in FINAL else None


def may_keep(order: Order) -> bool:
    """Whether an order that was to end can go on."""
    return cancelling.may_withdraw(order)


def ask_cancel(token: str) -> BaseResponse:
    """Ask when the order is to end."""
    order = link_lookup.order(token)
    ways = ways_to_cancel(order)
    if not ways:
        return _back(token)
    end = cancelling.ends_at(order.id) if When.PERIOD_END in ways else None
    bill = previews.of_cancellation(order, ways[-1])
    return _page("pay/order_cancel.html", order, token, ways=[one.value for one in ways], end=end, bill=bill)


def cancel(token: str) -> BaseResponse:
    """End the order now or with its period."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        ways = ways_to_cancel(order)
        wanted = request.form.get("when") or (ways[0].value if ways else "")
        if wanted not in ways:
            raise Conflict("This order cannot be cancelled here.")
        cancelling.cancel(customer(order), order, When(wanted))
    return _back(token)


def keep(token: str) -> BaseResponse:
    """Go on with an order that was to end with its period."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        cancelling.withdraw(customer(order), order)
    return _back(token)


# Skipping -------------------------------------------------------------------------------------------


def skippable(order: Order) -> ScheduledPayment | None:
    """The next payment, where the customer may skip it: a merchant allows one in a row."""
    is_possible = order.billing is Billing.SUBSCRIPTION and order.status is OrderStatus.ACTIVE
    if not is_possible or order.cancels_at_period_end or not _merchant(order).customer_skips:
        return None
    rows = schedules.seen_rows(order)
    row = next((one for one in rows if schedules.is_next(order, one)), None)
    if row is None or row.amount_minor == 0 or row.status is not ScheduledStatus.SCHEDULED:
        return None
    before = db.session.query(ScheduledPayment).filter_by(order_id=order.id, sequence=row.sequence - 1).one_or_none()
    return None if before is not None and before.status is ScheduledStatus.SKIPPED else row


def ask_skip(token: str) -> BaseResponse:
    """Ask before the next payment is skipped."""
    order = link_lookup.order(token)
    row = skippable(order)
    return _page("pay/order_skip.html", order, token, row=row) if row is not None else _back(token)


def skip(token: str) -> BaseResponse:
    """Skip the next payment."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        row = skippable(order)
        if row is None or request.form.get("row") != str(row.id):
            raise Conflict("This payment cannot be skipped.")
        scheduled.skip(customer(order), row)
    return _back(token)


# Paying the rest ------------------------------------------------------------------------------------


def rest_of(order: Order) -> list[ScheduledPayment]:
    """The instalments that are still to come, where the card that is kept can pay them now; else none."""
    return paying_off.left(order) if order.payment_method is not None else []


def ask_rest(token: str) -> BaseResponse:
    """Ask before the rest is collected; again with its reason where the last try was declined."""
    order = link_lookup.order(token)
    rows = rest_of(order)
    if not rows:
        return _back(token)
    return _page("pay/order_rest.html", order, token, rows=rows, sum=paying_off.total(rows), refused=_refused(order))


def _refused(order: Order) -> Payment | None:
    """The attempt of before that the address names, if it was declined."""
    key = row_key(request.args.get("tried", ""))
    payment = db.session.get(Payment, key) if key is not None else None
    if payment is None or (payment.order_id, payment.status) != (order.id, PaymentStatus.DECLINED):
        return None
    return payment


def pay_rest(token: str) -> BaseResponse:
    """Collect the instalments to come with one payment."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        begun = paying_off.begin(customer(order), order) if rest_of(order) else None
    if begun is None:
        return _back(token)
    services().ask_gateway(begun)
    payment = db.session.get(Payment, begun.payment_id)
    if payment is not None and payment.status is PaymentStatus.DECLINED:
        return redirect_to(url_for("pay.ask_rest", token=token, tried=payment.id))
    return _back(token)


# Other ----------------------------------------------------------------------------------------------


def planned(order: Order) -> Terms | None:
    """The change of plan that the order waits for."""
    return None if order.planned_change is None or order.status in FINAL else Terms.kept(order.planned_change)


def _merchant(order: Order) -> Merchant:
    merchant = db.session.get(Merchant, order.merchant_id)
    assert merchant is not None                  # the order names it
    return merchant


def _page(template: str, order: Order, token: str, **more: Any) -> BaseResponse:
    return make_response(render_template(template, **common(order, token), **more))


def _back(token: str) -> BaseResponse:
    return redirect_to(url_for("pay.order", token=token))

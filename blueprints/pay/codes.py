"""The discount code that a customer enters on the payment page."""

from typing import Any

from flask import request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import guess_limits, link_lookup
from blueprints.pay.payments import customer, look_again, page
from database import transaction
from domain.errors import Conflict, Invalid
from domain.payments.orders import order_codes
from domain.sales.orders import orders


def register(bp: Any) -> None:
    """Register the address of the form."""
    bp.add_url_rule("/pay/<token>/code", "code", enter, methods=["POST"])


def enter(token: str) -> BaseResponse:
    """Take the code off the order, or without one give the present one back; says why a code is refused."""
    order_id = look_again(link_lookup.order(token))
    try:
        with transaction():
            order = orders.locked(order_id)
            order_codes.enter(customer(order), order, request.form.get("code", "").strip() or None)
    except Conflict as refused:
        return page(link_lookup.order(token), token, refused=refused.message, status=409)
    except Invalid as refused:
        problem = refused.fields.get("discount_code")
        if problem is not None and problem.code == "unknown":
            guess_limits.count(guess_limits.CODES)
        said = f"This code {problem}." if problem is not None else "This code cannot be used for this order."
        return page(link_lookup.order(token), token, wrong_code=said, status=422)
    return redirect_to(url_for("pay.payment", token=token))

"""A customer changes the plan of a service: chooses another product, reads what that costs now and later, confirms."""

from dataclasses import dataclass, replace
from typing import Any

from flask import make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.client.own_service import back_to, order_of
from blueprints.pay.schedule import interval_of
from blueprints.row_keys import row_key
from blueprints.services import services
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.hosting.service_listing import LISTING
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview
from domain.payments.plans import plan_changes, plan_choices
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.sales.orders import orders
from models.order import Order
from models.product import IntervalUnit, Product

SHOWN = 3                               # later payments
CHANGED = "What it costs has changed meanwhile. Please read it again."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A plan with what it costs; or why it cannot be had."""

    product: Product
    when: When
    preview: Preview | None
    reason: str = ""


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/services/<int:key>/change", "ask_change_plan", show, methods=["GET"])
    bp.add_url_rule("/services/<int:key>/change", "change_plan", change, methods=["POST"])
    bp.add_url_rule("/services/<int:key>/change/withdraw", "keep_plan", withdraw, methods=["POST"])
    bp.add_app_template_global(note_of, "plan_note")


def note_of(product: Product) -> str:
    """How often a plan is paid, and what it is."""
    unit, count = product.scheduled_unit or IntervalUnit.MONTH, product.scheduled_interval or 1
    paid = f"Paid every {interval_of(unit, count)}"
    return f"{paid}. {product.description}" if product.description else paid


def show(key: int) -> BaseResponse:
    """The plans to choose from; of a chosen one, what it costs."""
    order = order_of(key)
    found = plan_choices.choices(order)
    if not found or not login.common()["may_write"]:
        return back_to(key)
    return _page(key, found, _chosen(order, found))


def change(key: int) -> BaseResponse:
    """Change the plan, if it costs what was shown, and collect what is due now."""
    who = login.writing_actor()
    LISTING.get(who, key)
    with transaction():
        order = orders.locked(key)
        chosen = _chosen(order, plan_choices.choices(order))
        if chosen is None:
            raise Conflict("This plan cannot be chosen.")
        if chosen.preview is not None and request.form.get("seen") == seen(chosen.preview):
            given = ChangeInput(product_id=chosen.product.id, when=chosen.when)
            _, attempt = plan_changes.change(_who(order), order, given)
        else:
            chosen, attempt = Chosen(chosen.product, chosen.when, chosen.preview, chosen.reason or CHANGED), None
    if chosen.reason:
        return _page(key, plan_choices.choices(order_of(key)), chosen, status=409)
    if attempt is not None:
        services().ask_gateway(attempt)
    return back_to(key)


def withdraw(key: int) -> BaseResponse:
    """Take back a change that waits for the end of the period."""
    who = login.writing_actor()
    LISTING.get(who, key)
    with transaction():
        order = orders.locked(key)
        if not plan_choices.may_withdraw(order):
            raise Conflict("No change of plan waits here.")
        plan_changes.withdraw(_who(order), order)
    return back_to(key)


def seen(preview: Preview) -> str:
    """What a customer saw and agreed to: what is paid now and next."""
    following = preview.schedule[0] if preview.schedule else None
    return f"{preview.due_now_minor}-{following.amount_minor if following else 0}"


def _chosen(order: Order, found: list[Product]) -> Chosen | None:
    wanted = row_key(request.values.get("product", ""))
    product = next((one for one in found if one.id == wanted), None)
    if product is None:
        return None
    when = When.NOW if request.values.get("when") == When.NOW else When.PERIOD_END
    try:
        given = ChangeInput(product_id=product.id, when=when)
        return Chosen(product, when, previews.of_change(_who(order), order, given, SHOWN))
    except (Conflict, Invalid) as error:
        return Chosen(product, when, None, error.message)


def _who(order: Order) -> Actor:
    """The customer, as the merchant's products are read: only those of `choices` are."""
    return replace(login.actor().for_row(order), customer_id=None)


def _page(key: int, found: list[Product], chosen: Chosen | None, status: int = 200) -> BaseResponse:
    return make_response(render_template(
        "client/service_change.html", **login.common(), here="services", service=LISTING.read(login.actor(), key),
        plans=found, chosen=chosen, seen=seen(chosen.preview) if chosen and chosen.preview else "",
    ), status)

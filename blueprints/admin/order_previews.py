"""Shows what a new order would be paid, while its form is filled in."""

from typing import Any

from flask import Response, make_response, render_template, request

from blueprints.admin.crud import records
from blueprints.admin.orders import PAGE
from blueprints.pages.format import words, zone
from blueprints.pages.session import need
from domain import inputs
from domain.actor import All
from domain.errors import Conflict, Invalid
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview
from domain.sales.orders.orders import OrderInput

CHOSEN = {"customer_id": "Choose a customer.", "items": "Choose a product."}


def register(bp: Any) -> None:
    """Register the address."""
    write = need(PAGE.resource.write_scope)
    bp.add_url_rule("/orders/preview", "order_preview", write(show), methods=["POST"])


def show() -> Response:
    """The payments of the order if the form were saved and paid now; without a script as a page."""
    found, reason = computed()
    template = "admin/order_preview.html" if "page" in request.form else "admin/_order_preview.html"
    return make_response(render_template(template, preview=found, reason=reason))


def computed() -> tuple[Preview | None, str]:
    """The preview, or the reason why there is none yet."""
    who = records.acting_new()
    if isinstance(who.merchant_ids, All) or len(who.merchant_ids) != 1:
        return None, "Choose a merchant profile first."
    given = records.typed(PAGE)
    for name, sentence in CHOSEN.items():
        if not chosen(given, name):
            return None, sentence
    try:
        return previews.of_new(who, inputs.parse(OrderInput, given, text=True, zone=zone().key)), ""
    except (Invalid, Conflict) as error:
        name, problem = next(iter(PAGE.explain(*one) for one in error.fields.items()), ("", error.message))
        return None, f"{words(name)} {problem}." if name else error.message


def chosen(given: dict[str, Any], name: str) -> bool:
    """Whether a customer, or a product for the line, was chosen."""
    value = given.get(name)
    return bool(value[0].get("product_id") if name == "items" and value else value)

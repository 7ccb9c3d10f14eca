"""Shows what a new order would be paid, while its form is filled in."""

from typing import Any

from flask import Response, make_response, render_template, request

from blueprints.admin.crud import records
from blueprints.admin.crud.form_fields import payload
from blueprints.admin.orders import PAGE
from blueprints.pages.format import words, zone
from blueprints.pages.session import need, wide_actor
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.payments.checkout import previews
from domain.payments.checkout.previews import Preview
from domain.sales.orders.orders import OrderInput

CHOSEN = {"customer_id": "Choose a customer.", "items": "Choose a product."}


def register(bp: Any) -> None:
    """Register the address."""
    write = need(PAGE.resource.write_scope)
    bp.add_url_rule("/orders/preview", "order_preview", write(show), methods=["POST"])
    bp.add_url_rule("/orders/<int:key>/preview", "order_draft_preview", write(show_draft), methods=["POST"])


def show() -> Response:
    """The payments of the order if the form were saved and paid now; without a script as a page."""
    return answer(*computed())


def show_draft(key: int) -> Response:
    """The same for the form of a draft, with all that it holds."""
    order = PAGE.resource.listing.get(wide_actor(), key)
    given = payload(PAGE.read(request.form)) | {"billing": order.billing.value, "currency": order.currency}
    return answer(*of_given(wide_actor().for_row(order), given))


def answer(found: Preview | None, reason: str) -> Response:
    """The part beside the form, or a page of its own."""
    template = "admin/order_preview.html" if "page" in request.form else "admin/_order_preview.html"
    return make_response(render_template(template, preview=found, reason=reason))


def computed() -> tuple[Preview | None, str]:
    """The preview, or the reason why there is none yet."""
    who = records.acting_new()
    if not who.has_one_merchant:
        return None, "Choose a merchant profile first."
    return of_given(who, records.typed(PAGE))


def of_given(who: Actor, given: dict[str, Any]) -> tuple[Preview | None, str]:
    """The preview of what the form holds, or what is missing in it."""
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
    return any(one.get("product_id") for one in value) if name == "items" and value else bool(value)

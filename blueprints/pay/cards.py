"""Changes the payment method of an order, among those that the customer has; the test bank's are all there.

A new card is typed at the gateway's page, with a payment: what is owed can be paid with one.
"""

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import link_lookup
from blueprints.pay.brand import seller
from blueprints.pay.payments import customer, number, title
from blueprints.services import services
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.payments import payment_methods
from domain.sales.orders import orders
from domain.sales.orders.order_status import LIVE
from models.order import Order
from models.payment_method import PaymentMethod


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/order/<token>/card", "ask_card", ask, methods=["GET"])
    bp.add_url_rule("/order/<token>/card", "change_card", change, methods=["POST"])


def choices(order: Order) -> list[tuple[str, str]]:
    """What the order can be paid with from now on: values of the form, and their names."""
    current = order.payment_method
    stored = [one for one in payment_methods.of_customer(order) if one.gateway != "test" and one is not current]
    found = [(f"stored {one.id}", one.label) for one in stored]
    if order.test:
        found += [(f"test {name}", text) for name, text in services().test_pages.methods()
                  if current is None or name != current.token]
    return found


def may_change(order: Order) -> bool:
    """Whether there is another payment method to choose."""
    return order.status in LIVE and bool(choices(order))


def ask(token: str) -> BaseResponse:
    """Ask which one."""
    order = link_lookup.order(token)
    if not may_change(order):
        return redirect_to(url_for("pay.order", token=token))
    return make_response(render_template(
        "pay/order_card.html", seller=seller(order.merchant_id), test=order.test, order=order, token=token,
        number=number(order), title=title(order), choices=choices(order),
    ))


def change(token: str) -> BaseResponse:
    """Take the chosen one; nothing is collected by this."""
    order_id = link_lookup.order(token).id
    with transaction():
        order = orders.locked(order_id)
        wanted = request.form.get("method", "")
        if order.status not in LIVE or wanted not in dict(choices(order)):
            raise Conflict("This card cannot be chosen.")
        actor = customer(order)
        payment_methods.change(actor, order, chosen(actor, order, wanted))
    return redirect_to(url_for("pay.order", token=token))


def chosen(actor: Actor, order: Order, wanted: str) -> PaymentMethod:
    """The payment method of a choice."""
    kind, _, name = wanted.partition(" ")
    if kind == "test":
        return payment_methods.test_method(actor, order, name)
    known = next((one for one in payment_methods.of_customer(order) if str(one.id) == name), None)
    if known is None:
        raise Invalid.field("method", "must exist", "unknown")
    return known

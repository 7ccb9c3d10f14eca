"""Changes the payment method of an order, among those that the customer has; the test bank's are all there.

A new card is typed at the gateway's page: by itself, or with a payment where something is owed.
"""

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import link_lookup
from blueprints.pay.brand import seller
from blueprints.pay.payments import customer, leading, number, policed, title
from blueprints.services import own_url, services
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.payments import payment_methods
from domain.payments.checkout import checkout_states, setups
from domain.payments.checkout.checkouts import Begun
from domain.sales.orders import orders
from domain.sales.orders.order_status import LIVE
from models.order import Order
from models.payment_method import PaymentMethod


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/order/<token>/card", "ask_card", ask, methods=["GET"])
    bp.add_url_rule("/order/<token>/card", "change_card", change, methods=["POST"])
    bp.add_url_rule("/order/<token>/card/back", "card_back", come_back, methods=["GET"])


def choices(order: Order) -> list[tuple[str, str]]:
    """What the order can be paid with from now on: values of the form, and their names."""
    current = order.payment_method
    stored = [one for one in payment_methods.of_customer(order) if one.gateway != "test" and one is not current]
    found = [(f"stored {one.id}", one.label) for one in stored]
    found += [(f"new {name}", "A new card") for name in setups.ways_to_change(order)]
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
    return page(order, token) if may_change(order) else redirect_to(url_for("pay.order", token=token))


def page(order: Order, token: str, *, refused: str = "", status: int = 200) -> BaseResponse:
    response = make_response(render_template(
        "pay/order_card.html", seller=seller(order.merchant_id), test=order.test, order=order, token=token,
        number=number(order), title=title(order), choices=choices(order), refused=refused,
    ), status)
    return policed(response, checkout_states.ways(order))


def change(token: str) -> BaseResponse:
    """Take the chosen one, or lead to the page where a new one is entered; nothing is collected by this."""
    order_id, begun = link_lookup.order(token).id, None
    base = own_url(request.host_url)
    with transaction():
        order = orders.locked(order_id)
        wanted = request.form.get("method", "")
        if order.status not in LIVE or wanted not in dict(choices(order)):
            raise Conflict("This card cannot be chosen.")
        actor, (kind, _, name) = customer(order), wanted.partition(" ")
        if kind == "new":
            begun = setups.begin_change(actor, order, name, base + url_for("pay.card_back", token=token))
        else:
            payment_methods.change(actor, order, chosen(actor, order, wanted))
    if begun is None:
        return redirect_to(url_for("pay.order", token=token))
    return lead(begun, token)


def lead(begun: Begun, token: str) -> BaseResponse:
    """The way to the gateway's page; this page again, where the gateway does not answer."""
    refused, status = "The card service does not answer. Nothing was changed; try again in a minute.", 503
    try:
        address = services().start_checkout(begun)
    except Conflict as problem:
        address, refused, status = None, problem.message, 409
    order = link_lookup.order(token)
    if address is None:
        return page(order, token, refused=refused, status=status)
    return policed(redirect_to(leading(begun.gateway, address)), checkout_states.ways(order))


def come_back(token: str) -> BaseResponse:
    """The page to which the gateway's page returns: look up whether a card was entered."""
    services().come_back_with_card(link_lookup.order(token).id)
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

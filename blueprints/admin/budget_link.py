"""Shows the link under which a customer answers a budget, renews and withdraws it; makes an order of the budget."""

from typing import Any

from flask import Response, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.budgets import PAGE
from blueprints.admin.crud import actions
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.pages.htmx import is_partial, redirect_to
from blueprints.pages.session import need, private, wide_actor
from blueprints.services import own_url
from database import transaction
from domain.errors import Conflict
from domain.payments.checkout import budget_orders
from domain.sales.budgets import budget_links
from domain.sales.budgets.budget_listing import LISTING


def register(bp: Any) -> None:
    """Register the addresses."""
    write, path = need("WRITE_BUDGETS"), "/budgets/<int:key>/link"
    bp.add_url_rule(path, "budget_link_show", write(show), methods=["POST"])
    bp.add_url_rule(f"{path}/<any(renew, withdraw):action>", "budget_link_ask", write(ask_first), methods=["GET"])
    bp.add_url_rule(f"{path}/renew", "budget_link_renew", write(renew), methods=["POST"])
    bp.add_url_rule(f"{path}/withdraw", "budget_link_withdraw", write(withdraw), methods=["POST"])
    bp.add_url_rule("/budgets/<int:key>/order", "budget_to_order", need("WRITE_ORDERS")(convert), methods=["POST"])


def show(key: int) -> BaseResponse:
    """Show the link; the first time makes it."""
    return _shown(key, budget_links.share)


def renew(key: int) -> BaseResponse:
    """Make a new link and show it."""
    return _shown(key, budget_links.renew)


def _shown(key: int, deed: Any) -> BaseResponse:
    who = wide_actor()
    try:
        with transaction():
            token = deed(*LISTING.lock(who, key))
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    url = own_url(request.host_url) + url_for("pay.quote", token=token)
    template = "admin/_budget_link_dialog.html" if is_partial() else "admin/budget_link.html"
    return private(make_response(render_template(
        template, here=PAGE, record=LISTING.read(who, key), url=url,
    )))


def withdraw(key: int) -> BaseResponse:
    """End the link."""
    with transaction():
        budget_links.withdraw(*LISTING.lock(wide_actor(), key))
    flash("The link was withdrawn.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def convert(key: int) -> BaseResponse:
    """Make an order of an approved budget."""
    try:
        with transaction():
            order = budget_orders.convert(*LISTING.lock(wide_actor(), key), again=True)
            number = order.id
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    flash(f"Order {number} was made. Its customer can pay it.", "ok")
    return redirect_to(PAGE.url("show", key=key))


def ask_first(key: int, action: str) -> Response:
    """Ask before the customer's link stops working."""
    record = LISTING.read(wide_actor(), key)
    is_new = action == "renew"
    return ask(Confirmation(
        title="Make a new link?" if is_new else "Withdraw the link?",
        text="The link that the customer has stops working immediately.",
        facts=("An answer that was given is kept.",),
        action=url_for(f"admin.budget_link_{action}", key=key), back=PAGE.url("show", key=key),
        button="New link" if is_new else "Withdraw link", danger=True, version=record.version,
    ))

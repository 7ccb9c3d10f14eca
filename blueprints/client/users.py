"""The users of the customer: who they are, inviting colleagues and removing them."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import ask_limits, login
from blueprints.pages.htmx import redirect_to
from database import transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.pages import Query
from domain.people import customers
from domain.people.logins import customer_users


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/users", "users", show, methods=["GET"])
    bp.add_url_rule("/users", "invite_user", invite, methods=["POST"])
    bp.add_url_rule("/users/<int:key>/remove", "remove_user", remove, methods=["POST"])


def show() -> BaseResponse:
    """Who signs in for the customer."""
    return _page()


def _page(wrong: Invalid | Conflict | None = None, status: int = 200) -> Response:
    query = Query(sort="id", descending=False, limit=customer_users.MOST)
    return make_response(render_template(
        "client/users.html", **login.common(), here="profile", said=request.args.get("said"), wrong=wrong,
        users=customer_users.LISTING.page(login.actor(), query).records, typed=request.form,
    ), status)


def invite() -> BaseResponse:
    """Add a colleague, who gets a mail with a link. The answer is the same for an address of another customer."""
    who, customer_id = login.writing_actor(), login.customer().id
    sent = {name: value for name in ("email", "name") if (value := request.form.get(name, "")).strip()}
    try:
        new = inputs.parse(customer_users.InvitationInput, sent, text=True)
        ask_limits.count_invitation(customer_id)
        with transaction():
            own, row = customers.LISTING.lock(who, customer_id)
            customer_users.invite(own, row, new)
    except (Invalid, Conflict) as error:
        return _page(error, 422)
    return redirect_to(url_for("client_area.users", said="invited"))


def remove(key: int) -> BaseResponse:
    """Remove a colleague, or oneself."""
    who, own_id = login.writing_actor(), login.user().id
    with transaction():
        own, row = customer_users.LISTING.lock(who, key)
        customer_users.delete(own, row)
    if key == own_id:
        return login.end(redirect_to(url_for("client_area.sign_in")))
    return redirect_to(url_for("client_area.users", said="removed"))

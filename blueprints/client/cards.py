"""A customer's cards: what each pays for, where another one is chosen, and removing one that is used for nothing."""

from typing import Any

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.pages.htmx import redirect_to
from blueprints.pay.payments import title
from database import transaction
from domain.payments import customer_cards
from domain.payments.customer_cards import Kept
from domain.sales.orders import payment_links
from models.order import Order


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/cards", "cards", show, methods=["GET"])
    bp.add_url_rule("/cards/<int:key>/remove", "remove_card", remove, methods=["POST"])


def show() -> BaseResponse:
    """The cards that are kept, the newest first."""
    cards = customer_cards.kept(login.actor())
    return make_response(render_template(
        "client/cards.html", **login.common(), here="profile", cards=cards, uses=_uses(cards),
        said=request.args.get("said"),
    ))


def _uses(cards: list[Kept]) -> dict[int, list[tuple[str, str | None]]]:
    """What each card pays for: the title of the order, and where another card is chosen for it."""
    return {one.id: [(title(order), _change_path(order)) for order in one.orders] for one in cards}


def _change_path(order: Order) -> str | None:
    """The address of the order's page; None where its link cannot be read any more."""
    path = payment_links.path_of(order.link_token)
    return path.replace("/pay/", "/order/", 1) if path is not None else None


def remove(key: int) -> BaseResponse:
    """Keep a card no longer."""
    who = login.writing_actor()
    with transaction():
        own, method = customer_cards.LISTING.lock(who, key)
        customer_cards.remove(own, method)
    return redirect_to(url_for("client_area.cards", said="removed"))

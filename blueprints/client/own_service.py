"""What the pages of one service share: the order that it is, and the way back to it."""

from flask import url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.pages.htmx import redirect_to
from domain.hosting.service_listing import LISTING
from models.order import Order


def order_of(key: int) -> Order:
    """The order that a service is; raises NotFound for anybody else's."""
    found: Order = LISTING.get(login.actor(), key)
    return found


def back_to(key: int) -> BaseResponse:
    """Go to the service's page."""
    return redirect_to(url_for("client_area.service", key=key))

"""The first page of the client area: what is open, and the latest of everything."""

from typing import Any

from flask import make_response, render_template
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login, tickets
from blueprints.client.listed import address_of_page
from domain import clock
from domain.hosting import service_listing
from domain.invoicing import invoices_of_customer
from domain.invoicing.paying import invoice_links
from domain.pages import Query
from domain.support import announcements

LATEST = 3
NEWS = 2


def register(bp: Any) -> None:
    """Register the address."""
    bp.add_url_rule("/", "overview", show, methods=["GET"])
    bp.add_app_template_global(address_of_page, "area_page")


def show() -> BaseResponse:
    """The overview."""
    who, shown = login.actor(), login.common()
    latest = invoices_of_customer.ROWS.page(who, Query(sort="issue_on", limit=LATEST))
    return make_response(render_template(
        "client/overview.html", **shown, here="overview", owed=invoices_of_customer.owed(who, clock.now()),
        invoices=latest, most_at_once=invoice_links.MOST, tickets=tickets.ROWS.page(who, Query(limit=LATEST)),
        services=service_listing.LISTING.page(who, Query(limit=LATEST)),
        news=announcements.recent(who, NEWS),
    ))

"""Shows the link under which a customer pays an invoice, and makes a new one."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.invoices import PAGE
from blueprints.pages.htmx import is_partial
from blueprints.pages.session import need, private, wide_actor
from blueprints.services import own_url
from database import transaction
from domain.errors import Conflict
from domain.invoicing.paying import invoice_links
from domain.invoicing.paying.invoice_links import LinkInput

LISTING = PAGE.resource.listing


def register(bp: Any) -> None:
    """Register the addresses."""
    write, path = need("WRITE_INVOICES"), "/invoices/<int:key>/link"
    bp.add_url_rule(path, "invoice_link_show", write(show), methods=["POST"])
    bp.add_url_rule(f"{path}/renew", "invoice_link_ask", write(ask_first), methods=["GET"])
    bp.add_url_rule(f"{path}/renew", "invoice_link_renew", write(renew), methods=["POST"])


def show(key: int) -> BaseResponse:
    """Show the link; the first time makes it."""
    return _shown(key, LinkInput())


def renew(key: int) -> BaseResponse:
    """Make a new link and show it."""
    return _shown(key, LinkInput(renew=True))


def _shown(key: int, given: LinkInput) -> BaseResponse:
    who = wide_actor()
    try:
        with transaction():
            token = invoice_links.link(*LISTING.lock(who, key), given)
    except Conflict as error:
        return actions.refused(PAGE, key, error.message)
    url = own_url(request.host_url) + url_for("pay.payment", token=token)
    template = "admin/_invoice_link_dialog.html" if is_partial() else "admin/invoice_link.html"
    return private(make_response(render_template(template, here=PAGE, record=LISTING.read(who, key), url=url)))


def ask_first(key: int) -> Response:
    """Ask before the customer's link stops working."""
    record = LISTING.read(wide_actor(), key)
    return ask(Confirmation(
        title="Make a new link?", text="The link that the customer has stops working immediately.",
        facts=("A payment that was begun on it is still booked.",),
        action=url_for("admin.invoice_link_renew", key=key), back=PAGE.url("show", key=key), button="New link",
        danger=True, version=record.version,
    ))

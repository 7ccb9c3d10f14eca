"""Sends a customer one link to pay all open invoices: asks first, and then is the invoices' own bulk action."""

from typing import Any

from flask import flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import customers, invoices
from blueprints.admin.crud.actions import together
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from domain.errors import Conflict
from domain.invoicing.paying import sending_together
from domain.pages import Query

VERB = "send_link"


def register(bp: Any) -> None:
    """Register the address."""
    bp.add_url_rule(
        "/customers/<int:key>/pay_link", "customer_pay_link", need("WRITE_INVOICES")(ask_first), methods=["GET"])


def ask_first(key: int) -> BaseResponse:
    """Say what would be sent; or why nothing can be."""
    who = wide_actor()
    customers.PAGE.resource.listing.read(who, key)
    open_ones = {"customer_id": key, "open": True}
    query = Query(filters=open_ones, sort="due_on", descending=False, limit=sending_together.MOST)
    keys = [one.id for one in invoices.PAGE.resource.listing.page(who, query).records]
    action = invoices.PAGE.bulk[VERB]
    assert action.several is not None
    try:
        if not keys:
            raise Conflict("This customer has no open invoices.")
        return together.confirm(invoices.PAGE, VERB, action, action.several, sorted(keys))
    except Conflict as error:
        flash(error.message, "bad")
        return redirect_to(url_for("admin.customers_show", key=key))

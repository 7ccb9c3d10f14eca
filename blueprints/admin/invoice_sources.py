"""Makes the invoice of a budget, an order or a payment: a draft, or the one that was made of it before."""

from collections.abc import Callable
from typing import Any

from flask import flash
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin import budgets, invoices, orders, payments
from blueprints.admin.crud import actions
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from database import transaction
from domain import inputs
from domain.errors import Conflict, Invalid, NotFound
from domain.invoicing.sources import made_from
from domain.invoicing.sources.made_from import SourceInput
from models.invoice import InvoiceState

PAGES = {"budget_id": budgets.PAGE, "order_id": orders.PAGE, "payment_id": payments.PAGE}


def register(bp: Any) -> None:
    """Register an address for each kind of source."""
    for field, page in PAGES.items():
        name, path = f"{page.resource.name}_to_invoice", f"{page.path}/<int:key>/invoice"
        bp.add_url_rule(path, name, need("WRITE_INVOICES")(make(field, page)), methods=["POST"])


def make(field: str, page: ListPage) -> Callable[[int], BaseResponse]:
    """The view that makes the invoice and opens it."""
    def view(key: int) -> BaseResponse:
        who = wide_actor()
        page.resource.listing.get(who, key)             # raises NotFound, as the page of the row does
        try:
            with transaction():
                row = made_from.make(who, inputs.parse(SourceInput, {field: key}))
                is_draft = row.state is InvoiceState.DRAFT
                address = invoices.PAGE.url("show", key=row.id)
        except (Conflict, Invalid, NotFound) as error:
            return actions.refused(page, key, error.message)
        flash("This is the draft. Check it, then issue it." if is_draft else "It has this invoice.", "ok")
        return redirect_to(address)

    return view

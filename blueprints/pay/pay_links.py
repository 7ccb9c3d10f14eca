"""The addresses of payment pages: a link is an order's, or one of invoices, which are shown alike."""

from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response as BaseResponse

from blueprints.pay import invoices, link_lookup, payments
from models.invoice_link import InvoiceLink

OfOrder = Callable[[str], BaseResponse]
OfInvoices = Callable[[InvoiceLink, str], BaseResponse]


def register(bp: Any) -> None:
    """Register the addresses."""
    for rule, name, method, of_order, of_invoices in (
        ("", "payment", "GET", payments.show, invoices.show),
        ("", "pay", "POST", payments.pay, invoices.pay),
        ("/again", "pay_again", "POST", payments.again, invoices.again),
        ("/back", "pay_back", "GET", payments.come_back, invoices.come_back),
        ("/done", "pay_done", "GET", payments.show_outcome, invoices.show),
    ):
        bp.add_url_rule(f"/pay/<token>{rule}", name, _either(of_order, of_invoices), methods=[method])
    bp.add_url_rule("/pay/<token>/invoice/<int:key>.pdf", "invoice_pdf", send_pdf, methods=["GET"])


def _either(of_order: OfOrder, of_invoices: OfInvoices) -> OfOrder:
    def view(token: str) -> BaseResponse:
        link = link_lookup.invoice_link(token)
        return of_order(token) if link is None else of_invoices(link, token)

    return view


def send_pdf(token: str, key: int) -> BaseResponse:
    """The PDF of an invoice of the link."""
    link = link_lookup.invoice_link(token)
    return invoices.send_pdf(link, token, key) if link is not None else payments.show(token)

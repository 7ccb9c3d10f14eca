"""The payment page of invoices: what is open of them, how it can be paid, and what became of it."""

from collections.abc import Sequence
from typing import Any

from flask import Response, g, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import printing, stored_cards
from blueprints.pay.brand import seller
from blueprints.pay.payments import leading, policed
from blueprints.services import own_url, services
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.invoicing import invoice_facts
from domain.invoicing.documents import codes, invoice_document, parties
from domain.invoicing.paying import invoice_checkouts, invoice_links
from domain.payments import attempts
from domain.payments.bank import ibans
from domain.payments.bank.bank_transfers import Instructions
from domain.payments.checkout.checkout_states import TRANSFER, PageState
from domain.payments.checkout.checkouts import by_link
from domain.payments.gateways import registry
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from models.money import Money

LONGEST_REFERENCE = 140                          # of a bank transfer


def show(link: InvoiceLink, token: str) -> BaseResponse:
    """The page as it is now."""
    return page(link, token)


def pay(link: InvoiceLink, token: str) -> BaseResponse:
    """Redirect the customer to the gateway's page, or choose a transfer."""
    link_id, way = look_again(link), request.form.get("method", "")
    back = own_url(request.host_url) + url_for("pay.pay_back", token=token)
    begun = None
    try:
        with transaction():
            row = invoice_links.locked(link_id)
            ways = invoice_checkouts.ways(row)
            if way == TRANSFER:
                invoice_checkouts.by_transfer(customer(row), row)
            else:
                begun = invoice_checkouts.begin(customer(row), row, way, back)
        address = services().start_checkout(begun) if begun is not None else None
    except Conflict as refused:
        return page(again_read(token), token, refused=refused.message, status=409)
    if begun is None:
        return redirect_to(url_for("pay.payment", token=token))
    if address is None:
        said = "The card service does not answer. Nothing was charged; try again in a minute, or pay another way."
        return page(again_read(token), token, refused=said, status=503)
    return policed(redirect_to(leading(begun.gateway, address)), ways)


def again(link: InvoiceLink, token: str) -> BaseResponse:
    """Start again after a time-out, or choose another way to pay than a transfer."""
    link_id = look_again(link)
    with transaction():
        row = invoice_links.locked(link_id)
        invoice_checkouts.another_way(customer(row), row)
    return redirect_to(url_for("pay.payment", token=token))


def come_back(link: InvoiceLink, token: str) -> BaseResponse:
    """The page to which the gateway's page returns: look up the outcome, and show it."""
    look_again(link)
    return redirect_to(url_for("pay.pay_done", token=token))


def send_pdf(link: InvoiceLink, token: str, key: int) -> BaseResponse:
    """The PDF of an invoice of the link."""
    row = next((one.invoice for one in link.items if one.invoice_id == key), None)
    if row is None:
        raise NotFound("invoice", key)
    return printing.send(invoice_document.document(invoice_facts.of_invoice(row), address_of(token)))


def address_of(token: str) -> str:
    """The address of the page, for documents."""
    return own_url(request.host_url) + url_for("pay.payment", token=token)


def look_again(link: InvoiceLink) -> int:
    """Ask the gateway about a payment whose outcome is not known; the link's id."""
    link_id, payment = link.id, invoice_checkouts.running(link)
    if payment is not None and payment.status in attempts.OPEN:
        services().come_back(payment.id)
    return link_id


def again_read(token: str) -> InvoiceLink:
    """The link as it is after a transaction; raises NotFound where it was renewed meanwhile."""
    found = invoice_links.find(token)
    if found is None:
        raise NotFound("link", 0)
    return found


def customer(link: InvoiceLink) -> Actor:
    return by_link(
        link.merchant_id, link.customer_id, test=link.test, ip=request.remote_addr, request_id=g.call.request_id)


def page(link: InvoiceLink, token: str, *, refused: str = "", status: int = 200) -> Response:
    """The page of the link's state."""
    payment = invoice_checkouts.running(link)
    rows, state = invoice_checkouts.invoices_of(link), invoice_checkouts.state(link, payment)
    latest, ways = invoice_checkouts.latest(link), invoice_checkouts.ways(link)
    context: dict[str, Any] = {
        "seller": seller(link.merchant_id), "test": link.test, "link": link, "token": token, "state": state.value,
        "rows": rows, "payment": payment or latest, "refused": refused, "currency": link.currency,
        "due": invoice_checkouts.due(rows), "title": invoice_checkouts.title(rows), "later": None,
        "until": invoice_checkouts.until(payment) if payment is not None else None,
        "is_own": stored_cards.is_own(link),
    }
    if payment is not None and payment.confirm_url:
        context["confirm"] = leading(payment.gateway, payment.confirm_url)
    if state in (PageState.OPEN, PageState.TRANSFER):
        context |= {"ways": ways, "bank": bank(link, rows) if TRANSFER in ways else None, "gateways": registry}
        context |= stored_cards.offered(link)
    template = "pay/invoices.html" if state is PageState.OPEN else "pay/invoices_said.html"
    return policed(make_response(render_template(template, **context), status), ways)


def bank(link: InvoiceLink, rows: list[Invoice]) -> tuple[Instructions, Markup] | None:
    """What to transfer, with the code for banking apps; None where the merchant has no account for transfers."""
    account = parties.account(link.merchant_id, test=link.test)
    if account is None:
        return None
    minor, text = invoice_checkouts.due(rows), reference(rows)
    code = codes.of_transfer(account, link.currency, minor, text=text)
    made = Instructions(
        amount=Money(minor, link.currency), reference=text, printed_reference=text, name=account.name,
        iban=account.iban, printed_iban=ibans.printed(account.iban), bic=account.bic, qr_svg=code,
    )
    return made, Markup(code)  # noqa: S704  # drawn by us, from nothing but these values


def reference(rows: Sequence[Invoice]) -> str:
    """What to write into a bank transfer: the numbers of what is open, whole ones as many as there is room for."""
    said = ""
    for number in (str(one.number) for one in rows if one.balance_minor > 0):
        if len(said) + 1 + len(number) > LONGEST_REFERENCE:
            break
        said = f"{said} {number}".strip()
    return said

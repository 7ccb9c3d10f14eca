"""A customer's invoices: the list, one with its lines and how it is paid, and its files."""

import re
from collections.abc import Callable
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from blueprints.client import login
from blueprints.client.listed import page_of
from blueprints.pages import form_once
from blueprints.pages.htmx import redirect_to
from blueprints.pay import printing, stored_cards
from blueprints.row_keys import row_key
from blueprints.services import services
from database import transaction
from domain import clock
from domain.errors import Invalid
from domain.invoicing import credit_notes, invoice_facts, invoice_status, invoices_of_customer
from domain.invoicing.documents import invoice_document
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import files
from domain.invoicing.e_invoice.files import DocumentFile
from domain.invoicing.paying import card_charges, invoice_links, next_payments
from domain.payments.attempts import Attempt
from domain.payments.bank import ibans
from models.invoice import InvoiceStatus

CURRENCY = re.compile("[A-Z]{3}")
WHICH: dict[str, dict[str, Any]] = {"open": {"open": True}, "paid": {"status": InvoiceStatus.PAID}, "all": {}}
WORDS = {
    InvoiceStatus.UNPAID: ("Open", "warn"), InvoiceStatus.OVERDUE: ("Overdue", "bad"),
    InvoiceStatus.PARTIALLY_PAID: ("Partly paid", "warn"), InvoiceStatus.PAID: ("Paid", "ok"),
    InvoiceStatus.CANCELLED: ("Cancelled", ""), InvoiceStatus.REFUNDED: ("Paid back", ""),
}


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/invoices", "invoices", show_list, methods=["GET"])
    bp.add_url_rule("/invoices/pay", "pay_invoices", pay, methods=["POST"])
    bp.add_url_rule("/invoices/card", "charge_card", charge, methods=["POST"])
    bp.add_url_rule("/invoices/<int:key>", "invoice", show, methods=["GET"])
    bp.add_url_rule("/invoices/<int:key>.pdf", "invoice_pdf", _sender(files.pdf), methods=["GET"])
    bp.add_url_rule("/invoices/<int:key>.xml", "invoice_xml", _sender(files.xml), methods=["GET"])
    bp.add_url_rule("/credit-notes/<int:key>.pdf", "credit_note_pdf", send_credit_note, methods=["GET"])
    stored_cards.know_customers_by(login.found)
    bp.add_app_template_global(lambda status: WORDS[InvoiceStatus(status)], "invoice_word")


def show_list() -> BaseResponse:
    """The invoices, newest first: those that are open, those that were paid, or all."""
    who, which = login.actor(), request.args.get("which", "all")
    which = which if which in WHICH else "all"
    page = page_of(invoices_of_customer.ROWS, who, sort="issue_on", filters=WHICH[which])
    return make_response(render_template(
        "client/invoices.html", **login.common(), here="invoices", which=which, page=page,
        owed=invoices_of_customer.owed(who, clock.now()),
    ))


def show(key: int) -> BaseResponse:
    """An invoice with its lines, how it is paid, and its files."""
    who, shown = login.actor(), login.common()
    row: Any = invoices_of_customer.LISTING.get(who, key)
    record = invoices_of_customer.LISTING.read(who, key)
    document = invoice_document.document(invoice_facts.of_invoice(row))
    way = document.way
    return make_response(render_template(
        "client/invoice.html", **shown, here="invoices", row=row, document=document,
        status=invoice_status.of(row, clock.now()), notes=record.children["credit_notes"],
        payments=record.children["payments"], cards=stored_cards.of(login.customer()) if row.balance_minor > 0 else (),
        once=form_once.token(), planned=next_payments.of(row),
        iban=ibans.printed(way.account.iban) if way is not None and way.account is not None else "",
        code=Markup(way.code_svg) if way is not None and way.code_pays else "",  # noqa: S704
    ))


def pay() -> BaseResponse:
    """Lead to the page on which the chosen invoices are paid together, or all that are open in a currency."""
    who, currency = login.actor(), request.form.get("currency", "")
    keys = {key for one in request.form.getlist("ids") if (key := row_key(one)) is not None}
    if CURRENCY.fullmatch(currency) and not keys:
        keys = set(invoices_of_customer.open_ones(who, currency, invoice_links.MOST))
    if not keys:
        raise Invalid("Choose at least one invoice to pay.")
    with transaction():
        token = invoice_links.share(who, invoices_of_customer.several(who, keys))
    return redirect_to(url_for("pay.payment", token=token))


def charge() -> BaseResponse:
    """Charge one of the customer's stored cards for the chosen invoices, once for each form; then the payment page."""
    who, begun = login.actor(), list[Attempt]()
    keys = {key for one in request.form.getlist("ids") if (key := row_key(one)) is not None}
    method = row_key(request.form.get("card", ""))
    if not keys or method is None:
        raise Invalid("Choose an invoice and a card.")

    def make() -> str:
        rows = invoices_of_customer.several(who, keys)
        begun.append(card_charges.begin(who, rows, method))
        return url_for("pay.payment", token=invoice_links.share(who, rows))

    with transaction():
        address, _ = form_once.create(f"customer:{login.customer().id}", make)
    for attempt in begun:
        services().ask_gateway(attempt)
    return redirect_to(address)


def _sender(make: Callable[[Document], DocumentFile]) -> Callable[[int], Response]:
    """A view that sends a file of an invoice."""

    def send(key: int) -> Response:
        row: Any = invoices_of_customer.LISTING.get(login.actor(), key)
        return printing.send_file_of(make(invoice_document.document(invoice_facts.of_invoice(row))))

    return send


def send_credit_note(key: int) -> Response:
    """A credit note as a PDF."""
    note: Any = credit_notes.LISTING.get(login.actor(), key)
    return printing.send(invoice_document.document(invoice_facts.of_credit_note(note)))

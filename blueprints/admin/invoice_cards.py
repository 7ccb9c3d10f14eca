"""Charges a customer's stored card for an invoice, after a dialog that says how much and to which card."""

from typing import Any

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, cells, form_token
from blueprints.admin.invoices import PAGE
from blueprints.pages.format import money
from blueprints.pages.htmx import page_or_part, redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.services import services
from database import db, transaction
from domain import inputs
from domain.errors import Conflict, DomainError, Invalid, PreconditionFailed
from domain.invoicing.paying import card_charges
from domain.invoicing.paying.card_charges import CardInput
from domain.listing import expect
from domain.payments.attempts import Attempt
from models.invoice import Invoice, InvoiceState
from models.payment import Payment, PaymentStatus

FIELD = "payment_method_id"
LISTING = PAGE.resource.listing
OUTCOMES = {
    PaymentStatus.APPROVED: ("{} was charged.", "ok"),
    PaymentStatus.DECLINED: ("{} was declined: {}", "bad"),
    PaymentStatus.REQUIRES_ACTION: (
        "{} waits: the customer’s bank asks for one more step. A mail has the link.", "warn"),
}
UNKNOWN = ("The gateway has not said yet whether {} was charged. It is asked again until that is known.", "warn")


def register(bp: Any) -> None:
    """Register the addresses."""
    write, path = need("WRITE_PAYMENTS"), "/invoices/<int:key>/card"
    bp.add_url_rule(path, "invoice_card", write(show), methods=["GET"])
    bp.add_url_rule(path, "invoice_card_charge", write(charge), methods=["POST"])


def show(key: int) -> BaseResponse:
    """The dialog with what is charged; without a script it is a page."""
    invoice = LISTING.get(wide_actor(), key)
    if invoice.state is not InvoiceState.ISSUED or invoice.balance_minor <= 0:
        return actions.refused(PAGE, key, f"Nothing is open of {PAGE.name(invoice)}.")
    if not _cards(invoice):
        return actions.refused(PAGE, key, "The customer has no stored card.")
    return form(invoice)


def form(invoice: Invoice, wrong: DomainError | None = None) -> Response:
    """The form with what was chosen and its mistakes."""
    response = page_or_part(
        "admin/invoice_card.html", "admin/_invoice_card_dialog.html", here=PAGE, invoice=invoice,
        values={FIELD: request.form.get(FIELD, "")}, wrong=wrong, cards=_cards(invoice), name=PAGE.name(invoice),
        once=form_token.token(), version=cells.seen_version() or invoice.version,
    )
    if wrong is not None:
        response.status_code = 409 if isinstance(wrong, PreconditionFailed) else 422
    return response


def _cards(invoice: Invoice) -> list[tuple[str, str]]:
    found = card_charges.cards_of(invoice.customer_id, invoice.merchant_id, test=invoice.test)
    return [(str(one.id), one.label) for one in found]


def charge(key: int) -> BaseResponse:
    """Charge the card, once for each form that was shown; the attempt is committed before the gateway is asked."""
    who, begun = wide_actor(), list[Attempt]()

    def make() -> str:
        expect(invoice, cells.seen_version())
        sent = {FIELD: text} if (text := request.form.get(FIELD, "").strip()) else {}
        begun.append(card_charges.charge(own, invoice, inputs.parse(CardInput, sent, text=True)))
        return url_for("admin.invoices_show", key=key)

    try:
        with transaction():
            own, invoice = LISTING.lock(who, key)
            address, _ = form_token.create_once(make)
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(LISTING.get(who, key), error)
    for attempt in begun:
        services().ask_gateway(attempt)
        _say(attempt.payment_id)
    return redirect_to(address)


def _say(payment_id: int) -> None:
    """Say what became of the charge."""
    payment = db.session.get_one(Payment, payment_id, populate_existing=True)
    text, tone = OUTCOMES.get(payment.status, UNKNOWN)
    flash(text.format(money(payment.amount_minor, payment.currency), payment.message or "no reason was given"), tone)

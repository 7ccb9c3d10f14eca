"""Records money that came for an invoice, and pays it with the customer's credit."""

from typing import Any

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, cells, form_token
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.invoices import PAGE
from blueprints.pages.format import money
from blueprints.pages.htmx import page_or_part, redirect_to
from blueprints.pages.session import need, wide_actor
from database import DatabaseClash, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, DomainError, Invalid, PreconditionFailed
from domain.invoicing import issuing
from domain.invoicing.paying import credit_balances, recording
from domain.invoicing.paying.credit_balances import CreditUse
from domain.invoicing.paying.recording import ReceiptInput
from domain.listing import expect
from models.invoice import Invoice, InvoiceState
from models.money import Money

FIELDS = ("amount", "received_on", "gateway", "reference")
WAYS = (("manual", "Bank transfer"), ("cash", "Cash"))
LISTING = PAGE.resource.listing


def register(bp: Any) -> None:
    """Register the addresses."""
    write, path = need("WRITE_PAYMENTS"), "/invoices/<int:key>"
    bp.add_url_rule(f"{path}/payment", "invoice_payment", write(show), methods=["GET"])
    bp.add_url_rule(f"{path}/payment", "invoice_payment_record", write(record), methods=["POST"])
    bp.add_url_rule(f"{path}/credit", "invoice_credit_ask", write(ask_credit), methods=["GET"])
    bp.add_url_rule(f"{path}/credit", "invoice_credit_use", write(use_credit), methods=["POST"])


def show(key: int) -> BaseResponse:
    """The dialog with what is open; without a script it is a page."""
    invoice = LISTING.get(wide_actor(), key)
    if invoice.state is not InvoiceState.ISSUED:
        return actions.refused(PAGE, key, f"{PAGE.name(invoice)} is not issued.")
    left = Money(max(0, invoice.balance_minor), invoice.currency).decimal
    today = issuing.today(invoice.merchant_id)
    return form(invoice, {"amount": f"{left}" if left else "", "received_on": today.isoformat(), "gateway": "manual"})


def form(invoice: Invoice, values: dict[str, str], wrong: DomainError | None = None) -> Response:
    """The form with what was typed and its mistakes."""
    response = page_or_part(
        "admin/invoice_payment.html", "admin/_invoice_payment_dialog.html", here=PAGE, invoice=invoice,
        values=values, wrong=wrong, ways=WAYS, name=PAGE.name(invoice), once=form_token.token(),
        today=issuing.today(invoice.merchant_id).isoformat(),
        version=cells.seen_version() or invoice.version,
    )
    if wrong is not None:
        response.status_code = 409 if isinstance(wrong, PreconditionFailed) else 422
    return response


def record(key: int) -> BaseResponse:
    """Record the payment, once for each form that was shown."""
    who, typed = wide_actor(), {name: request.form.get(name, "") for name in FIELDS}
    try:
        with transaction():
            own, invoice = LISTING.lock(who, key)
            address, is_new = form_token.create_once(lambda: _recorded(own, invoice, typed))
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(LISTING.get(who, key), typed, error)
    except DatabaseClash:
        taken = Invalid.field("reference", "is that of another payment", "taken")
        return form(LISTING.get(who, key), typed, taken)
    if is_new:
        flash("The payment was recorded.", "ok")
    return redirect_to(address)


def _recorded(own: Actor, invoice: Invoice, typed: dict[str, str]) -> str:
    expect(invoice, cells.seen_version())
    sent = {name: text for name, text in typed.items() if text.strip()}
    new = inputs.parse(ReceiptInput, sent | {"invoice_ids": [invoice.id]}, text=True)
    recording.record(own, new)
    return url_for("admin.invoices_show", key=invoice.id)


def ask_credit(key: int) -> BaseResponse:
    """Say how much credit pays the invoice."""
    invoice = LISTING.get(wide_actor(), key)
    credit = credit_balances.of(invoice.customer_id, invoice.currency, test=invoice.test)
    part = min(credit, max(0, invoice.balance_minor))
    if not part:
        return actions.refused(PAGE, key, "There is no credit to use, or nothing is open.")
    open_after = money(invoice.balance_minor - part, invoice.currency)
    return ask(Confirmation(
        title=f"Pay {PAGE.name(invoice)} with credit?",
        text=f"{money(part, invoice.currency)} of the customer’s credit pays this invoice.",
        facts=(f"{open_after} stays open.", f"{money(credit - part, invoice.currency)} of credit is left."),
        action=url_for("admin.invoice_credit_use", key=key), back=PAGE.url("show", key=key), button="Use credit",
        version=invoice.version,
    ))


def use_credit(key: int) -> BaseResponse:
    """Pay the invoice with the customer's credit."""
    try:
        with transaction():
            own, invoice = LISTING.lock(wide_actor(), key)
            expect(invoice, cells.seen_version())
            credit_balances.use(own, invoice, CreditUse())
    except (Conflict, PreconditionFailed) as error:
        return actions.refused(PAGE, key, error.message)
    flash("The credit pays the invoice.", "ok")
    return redirect_to(PAGE.url("show", key=key))



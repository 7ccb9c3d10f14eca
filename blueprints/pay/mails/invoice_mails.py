"""Writes the mails about invoices: the invoice itself, a reminder, and that it was paid; each with the PDF."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.pay.amounts import amount
from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import AttachedFile, Message
from database import db
from domain.invoicing import invoice_facts
from domain.invoicing.documents import invoice_document, rendering
from domain.invoicing.e_invoice import embedding
from domain.invoicing.e_invoice.files import PDF
from domain.invoicing.paying import invoice_links, next_payments
from domain.invoicing.paying.next_payments import NextPayment
from domain.people import invoice_reminders
from domain.people.merchant_mails import INVOICE, INVOICE_CONFIRM, INVOICE_FAILED, INVOICE_PAID, INVOICE_REMINDER
from models.invoice import Invoice
from models.merchant import Merchant
from models.payment import Payment, PaymentStatus

MOST_FILES = 20                      # of one mail
USUAL_WORDS = "Perhaps you have overlooked it. If you have paid meanwhile, please ignore this mail."


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a mail is about; `link` leads to the payment page, and is empty where there is none."""

    invoice: Invoice
    who: Seller
    link: str
    payment: Payment | None = None
    planned: NextPayment | None = None   # where its order pays it on other days than its own
    words: str = ""                      # of the reminder's step
    files: tuple[AttachedFile, ...] = ()


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task; None where what it is about is gone, or was paid."""
    invoice = db.session.get(Invoice, task["invoice_id"])
    if invoice is None or not invoice.customer_email:
        return None
    if task.get("invoice_link_id"):
        return _together(invoice_links.shared(task["invoice_link_id"]), who, base)
    token = invoice_links.token_of(invoice)
    steps = {one.days: one.text for one in invoice_reminders.read(merchant.invoice_reminders)}
    link = f"{base}/pay/{token}" if token is not None else ""
    planned = next_payments.of(invoice)
    late = task["mail"] == INVOICE_REMINDER and planned is not None and planned.is_late and planned.path
    return WRITERS[task["mail"]](Case(
        invoice=invoice, who=who, link=f"{base}{late}" if late else link, planned=planned,
        payment=db.session.get(Payment, task.get("payment_id") or 0),
        words=steps.get(task.get("days") or 0, ""), files=(attached(invoice, link),),
    ))


def attached(invoice: Invoice, link: str) -> AttachedFile:
    """The PDF, which is drawn when the mail is sent."""
    document = invoice_document.document(invoice_facts.of_invoice(invoice), link)
    return AttachedFile(rendering.file_name(document), PDF, "", lambda: embedding.pdf(document))


def sent(case: Case) -> Message | None:
    """The invoice."""
    invoice, owed = case.invoice, _owed(case.invoice)
    is_open, planned = invoice.balance_minor > 0, case.planned
    by = f"due on {_day(invoice)}" if planned is None else "paid in parts, as agreed"
    under = f"Please pay it by {_day(invoice)}." if planned is None else _in_parts(invoice, planned)
    return Message(
        **_to(case), subject=f"Invoice {invoice.number} from {case.who.name}",
        preview=f"{owed}, {by}." if is_open else "It is paid.", kicker="Invoice",
        title=f"Your invoice {invoice.number}", amount=owed if is_open else "",
        under=under if is_open else "It is paid. Nothing is to be done.",
        button=f"Pay {owed}" if is_open and case.link else "", facts=_facts(invoice),
        paragraphs=["The invoice is attached as a PDF."],
        why=f"You get this because {case.who.name} sent an invoice to {invoice.customer_email}.",
    )


def reminder(case: Case) -> Message | None:
    """It is overdue; None where it was paid meanwhile."""
    invoice, planned = case.invoice, case.planned
    if invoice.balance_minor <= 0 or (planned is not None and not planned.is_late):
        return None
    owed = _owed(invoice) if planned is None else amount(planned.minor, invoice.currency)
    day = _day(invoice) if planned is None else f"{planned.due_at:%-d %B %Y}"
    return Message(
        **_to(case), tone="bad", subject=f"Reminder: invoice {invoice.number} from {case.who.name}",
        preview=f"{owed} was due on {day}.", kicker="Reminder",
        title=f"Invoice {invoice.number} is open", amount=owed,
        under=f"It was due on {day}." if planned is None else f"This part of it was due on {day}.",
        button=f"Pay {owed}" if case.link else "", facts=_facts(invoice), paragraphs=[case.words or USUAL_WORDS],
        why=f"You get this because an invoice to {invoice.customer_email} is overdue.",
    )


def paid(case: Case) -> Message | None:
    """A payment on the page arrived."""
    invoice, payment = case.invoice, case.payment
    if payment is None:
        return None
    received = amount(payment.amount_minor, payment.currency)
    return Message(
        **_to(case), tone="ok", subject=f"Your payment of {received} to {case.who.name}",
        preview="It arrived. Thank you.", kicker="Payment received", title="Thank you for your payment",
        amount=received, under=f"to {case.who.name}.", facts=_facts(invoice),
        paragraphs=[] if invoice.balance_minor <= 0 else [f"{_owed(invoice)} of this invoice is still open."],
        button="See what was paid" if case.link else "",
        why=f"You get this because {invoice.customer_email} paid an invoice.",
    )


def _together(found: tuple[list[Invoice], str] | None, who: Seller, base: str) -> Message | None:
    """Several invoices with one link; None where it was replaced, or all were paid meanwhile."""
    rows = [row for row in found[0] if row.balance_minor > 0] if found is not None else []
    if found is None or not rows:
        return None
    last, link = rows[-1], f"{base}/pay/{found[1]}"
    owed = amount(sum(row.balance_minor for row in rows), last.currency)
    files = tuple(attached(row, link) for row in rows[:MOST_FILES])
    what = f"{len(rows)} invoices" if len(rows) > 1 else f"invoice {last.number}"
    return Message(
        **_to(Case(invoice=last, who=who, link=link, files=files)), subject=f"Your {what} from {who.name}",
        preview=f"{owed} in all, paid at once.", kicker="Invoices", title=f"Your {what}", amount=owed,
        under="is open in all. One payment is enough.", button=f"Pay {owed}",
        facts=[(str(row.number), f"{_owed(row)}, due on {_day(row)}") for row in rows],
        paragraphs=["The invoices are attached as PDF." if len(rows) <= MOST_FILES
                    else f"The first {MOST_FILES} are attached as PDF; all are on the page."],
        why=f"You get this because {who.name} sent invoices to {last.customer_email}.",
    )


def confirm(case: Case) -> Message | None:
    """The customer's bank asks for one more step; None where that is over."""
    invoice, payment = case.invoice, case.payment
    if payment is None or payment.status is not PaymentStatus.REQUIRES_ACTION or not case.link:
        return None
    asked = amount(payment.amount_minor, payment.currency)
    card = f" from {payment.payment_method.label}" if payment.payment_method is not None else ""
    return Message(
        **_to(case), tone="bad", subject=f"Please confirm your payment of {asked} to {case.who.name}",
        preview="Your bank asks you to confirm it.", kicker="One more step", title="Please confirm your payment",
        amount=asked, under=f"to {case.who.name}{card}.", button="Confirm the payment", facts=_facts(invoice),
        paragraphs=["Your bank asks you to confirm this payment before it goes through."],
        why=f"You get this because a payment of an invoice to {invoice.customer_email} waits for you.",
    )


def failed(case: Case) -> Message | None:
    """A stored card was declined; None where the invoice was paid meanwhile."""
    invoice, payment = case.invoice, case.payment
    if payment is None or invoice.balance_minor <= 0:
        return None
    card = payment.payment_method.label if payment.payment_method is not None else "Your card"
    again = invoice.charge_again_at
    return Message(
        **_to(case), tone="bad", subject=f"Your payment of invoice {invoice.number} to {case.who.name} failed",
        preview=f"{_owed(invoice)} is still open.", kicker="Payment failed",
        title=f"Invoice {invoice.number} could not be collected", amount=_owed(invoice),
        under=f"{card} was declined.", button=f"Pay {_owed(invoice)}" if case.link else "", facts=_facts(invoice),
        paragraphs=[
            f"We try it once more on {again:%-d %B %Y}. If you pay before, nothing is collected." if again is not None
            else "We do not try it again by ourselves. Please pay it with another card, or another way."],
        why=f"You get this because an invoice to {invoice.customer_email} could not be collected.",
    )


WRITERS = {
    INVOICE: sent, INVOICE_REMINDER: reminder, INVOICE_PAID: paid, INVOICE_CONFIRM: confirm, INVOICE_FAILED: failed,
}


def _to(case: Case) -> dict[str, Any]:
    return {
        "to": [case.invoice.customer_email], "reply_to": case.who.email, "link": case.link,
        "can_be_answered": case.who.email is not None, "files": case.files,
    }


def _in_parts(invoice: Invoice, planned: NextPayment) -> str:
    """What is paid next of an invoice that its order pays."""
    part, day = amount(planned.minor, invoice.currency), f"{planned.due_at:%-d %B %Y}"
    if planned.is_late:
        return f"It is paid in parts, as agreed. {part} was due on {day}."
    return f"It is paid in parts, as agreed: {part} {'is collected' if planned.by_itself else 'is due'} on {day}."


def _owed(invoice: Invoice) -> str:
    return amount(max(0, invoice.balance_minor), invoice.currency)


def _day(invoice: Invoice) -> str:
    return f"{invoice.due_on:%-d %B %Y}"


def _facts(invoice: Invoice) -> list[tuple[str, str]]:
    found = [("Invoice", str(invoice.number)), ("Total", amount(invoice.total_minor, invoice.currency))]
    if invoice.customer_name:
        found.insert(0, ("For", invoice.customer_name))
    if invoice.issue_on is not None:
        found.insert(-1, ("Issued", f"{invoice.issue_on:%-d %B %Y}"))
    return found

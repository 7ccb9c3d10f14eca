"""Declares invoices for contracts and pages: what they can be asked for, and the words of the dialogs."""

from typing import Any

from database import db
from domain import clock
from domain.actor import Actor
from domain.invoicing import crediting, e_invoice_needs, invoice_facts, invoice_uses, invoices, issuing, samples
from domain.invoicing.paying import following, sending, sending_together
from domain.resource import Action, Resource, Several, deletion
from models.invoice import Invoice, InvoiceState
from models.money import Money


def is_draft(row: Any) -> bool:
    return bool(row.state == InvoiceState.DRAFT)


def is_issued(row: Any) -> bool:
    return bool(row.state == InvoiceState.ISSUED)


def _total(row: Any) -> str:
    return f"{Money(row.total_minor, row.currency).decimal:,} {row.currency}"


def may_cancel(actor: Actor, row: Any) -> bool:
    """Whether there is a draft to drop, or anything left to credit."""
    return is_draft(row) or (is_issued(row) and row.credited_minor < row.total_minor)


def may_send(actor: Actor, row: Any) -> bool:
    """Whether it is issued, and there is an address."""
    return is_issued(row) and bool(row.customer_email)


def may_remind(actor: Actor, row: Any) -> bool:
    """Whether something is open of it after its last day."""
    is_open = row.total_minor > row.paid_minor + row.credited_minor
    return may_send(actor, row) and is_open and row.late_at is not None and row.late_at <= clock.now()


def _sent(row: Any) -> tuple[str, ...]:
    return (f"A mail goes to {row.customer_email}.",)


def _issued(row: Any) -> tuple[str, ...]:
    said = f"It gets its number and is for {_total(row)}. From then on it never changes; a credit note can correct it."
    lacks = e_invoice_needs.missing(invoice_facts.of_invoice(db.session.get_one(Invoice, row.id)))
    if not lacks or any(one.startswith("seller.") for one in lacks):       # then the merchant writes no e-invoices
        return (said,)
    return (said, f"It will have no e-invoice: {e_invoice_needs.in_words(lacks)}.")


def _cancelled(row: Any) -> tuple[str, ...]:
    if is_draft(row):
        return ("The draft is kept, without a number, and can no longer be issued.",)
    rest = Money(row.total_minor - row.credited_minor, row.currency).decimal
    order = () if row.order_id is None and row.budget_id is None else (
        "What its order still collects is lowered by what is open, the last payments first.",)
    return (f"A credit note over {rest:,} {row.currency} is issued. The invoice stays in the books.", *order)


invoice_uses.register()
following.register()

RESOURCE = Resource(
    name="invoices",
    noun="invoice",
    listing=invoices.LISTING,
    read_scope="READ_INVOICES",
    write_scope="WRITE_INVOICES",
    input=invoices.InvoiceInput,
    sample=samples.INVOICE,
    create=invoices.create,
    update=invoices.update,
    delete=deletion(
        invoices.delete, undo=invoices.restore, bulk=True, title="Delete draft",
        offered=lambda actor, row: is_draft(row),
    ),
    actions={
        "issue": Action(
            run=issuing.issue, title="Issue", past="{} was issued.", icon="send", primary=True, bulk=True,
            offered=lambda actor, row: is_draft(row), confirm=_issued, lasting=True,
        ),
        "send": Action(
            run=sending.send, title="Send by mail", past="{} is being sent.", icon="mail", offered=may_send,
            bulk=True, confirm=_sent, lasting=True,
        ),
        "send_link": Action(
            run=lambda actor, row: sending_together.send(actor, [row]), title="Send one link for", icon="link",
            bulk=True, past="A link to pay {} is being sent.", offered=lambda actor, row: False, lasting=True,
            several=Several(sending_together.send, sending_together.told, "One link to pay {} is being sent."),
        ),
        "remind": Action(
            run=sending.remind, title="Remind", past="The customer is reminded of {}.", icon="bell",
            offered=may_remind, bulk=True, confirm=_sent, lasting=True,
        ),
        "cancel": Action(
            run=crediting.cancel, title="Cancel", past="{} was cancelled.", icon="ban", danger=True,
            offered=may_cancel, confirm=_cancelled, lasting=True,
        ),
    },
)

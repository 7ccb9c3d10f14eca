"""Pages of invoices: the list by status, and the record."""

from typing import Any

from flask import Response
from sqlalchemy import select

from blueprints.admin import (
    budgets,
    choices,
    customers,
    invoice_form,
    line_forms,
    order_events,
    orders,
    payments,
    products,
)
from blueprints.admin.crud import records
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.customers import PARTS
from blueprints.admin.order_events import Event
from blueprints.pages.session import need, wide_actor
from database import db
from domain.invoicing import invoice_resource
from domain.invoicing.books import chain
from domain.invoicing.paying import card_charges, credit_balances, next_payments, paid_by
from models.books import BookKind
from models.invoice import InvoiceState, InvoiceStatus
from models.merchant import Merchant
from models.outbox import Task

MOST_MAILS = 20
TABS = (("Invoices", "admin.invoices_list"), ("Credit notes", "admin.credit_notes_list"))


def number(row: Any) -> str:
    """The number of an invoice; a draft is named by its id."""
    return row.number or f"Draft {row.id}"


def context(record: Any) -> dict[str, Any]:
    """The rows that the invoice names, and the buyer's address: as it was issued, else as it is."""
    row = invoice_resource.RESOURCE.listing.get(wide_actor(), record.id)
    if row.buyer is not None:
        address = row.buyer
    else:
        current = row.customer.billing_address
        address = {part: getattr(current, part) for part in PARTS} if current is not None else {}
    may = wide_actor().can
    return {
        "address": ", ".join(address[part] for part in PARTS if address.get(part)),
        "discounts": any(item.discount_minor or item.shared_discount_minor for item in record.children["items"]),
        "product_url": products.PAGE.at(0).removesuffix("0"), "customer_url": customers.PAGE.at(record.customer_id),
        "order_url": orders.PAGE.at(record.order_id) if record.order_id and may("READ_ORDERS") else None,
        "budget_url": budgets.PAGE.at(record.budget_id) if record.budget_id and may("READ_BUDGETS") else None,
        "days": db.session.get_one(Merchant, record.merchant_id).payment_terms_days,
        "planned": next_payments.of(row) if row.state is InvoiceState.ISSUED else None, **paid(record),
    }


def paid(record: Any) -> dict[str, Any]:
    """What was paid of an issued invoice, the customer's credit, and its entry in the books."""
    if record.state != InvoiceState.ISSUED:
        return {}
    shown = wide_actor().can(payments.PAGE.resource.read_scope)
    return {
        "payment_url": payments.PAGE.at(0).removesuffix("0") if shown else "", "ways": {"manual": "Bank transfer"},
        "parts": paid_by.parts(record.id), "entry": chain.entry(BookKind.INVOICE, record.id),
        "credit": credit_balances.of(record.customer_id, record.currency, test=record.test),
        "mails": mails(record.id),
        "cards": card_charges.cards_of(record.customer_id, record.merchant_id, test=record.test)
        if record.balance_minor > 0 else (),
    }


def mails(key: int) -> list[Event]:
    """The newest mails about an invoice, with what became of each."""
    statement = select(Task).where(Task.about == f"invoice_{key}", Task.kind == "mail")
    newest = statement.order_by(Task.created_at.desc(), Task.id.desc()).limit(MOST_MAILS)
    return [order_events.told_of_mail(one) for one in db.session.scalars(newest)]


PAGE = ListPage(
    resource=invoice_resource.RESOURCE,
    title="Invoices",
    group="Billing",
    position=136,
    keys="i",
    note=lambda row: row.customer_name,
    icon="file-invoice",
    tabs=TABS,
    about="What customers owe: drafts, and what was issued with a number and never changes.",
    columns=(
        Column(name="number", title="Invoice", kind="link", sort="number", shown=number),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="status", kind="tag"),
        Column(name="total_minor", title="Total", kind="money", sort="total"),
        Column(name="balance_minor", title="Open", kind="money"),
        Column(name="due_on", title="Due", kind="day", sort="due_on"),
        Column(name="issue_on", title="Issued", kind="day", sort="issue_on", minor=True),
    ),
    list_filters=(
        ListFilter(name="status", choices=pairs(InvoiceStatus), read=InvoiceStatus),
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="issued_after", title="Issued from", kind="day"),
        ListFilter(name="issued_before", title="Issued until", kind="day"),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    tones={
        "draft": "", "unpaid": "warn", "partially_paid": "warn", "paid": "ok", "overdue": "bad", "cancelled": "",
        "refunded": "",
    },
    name=lambda row: f"Invoice {row.number}" if row.number else f"Draft {row.id}",
    sections=(
        Section("Invoice", (
            Field(name="customer_id", required=True),
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's"),
            Field(name="due_on", kind="date"),
            Field(name="period_start_on", kind="date"),
            Field(name="period_end_on", kind="date"),
            Field(name="notes", kind="area"),
        )),
    ),
    values=invoice_form.values,
    details="admin/_invoice.html",
    context=context,
    form="admin/invoice_form.html",
    read=invoice_form.read,
    explain=invoice_form.explain,
    choices=invoice_form.choices,
    can_edit=invoice_resource.is_draft,
    show="admin/invoice.html",
    audit_verbs={
        "payment_booked": "booked a payment of", "payment_released": "released a payment of",
        "payment_returned": "booked a refund of", "payment_restored": "booked a refund that came back of",
    },
)


def register(bp: Any) -> None:
    """Register the URLs that only invoices have."""
    write = need("WRITE_INVOICES")
    bp.add_url_rule("/invoices/line", "invoices_line", write(change_lines), methods=["POST"])
    bp.add_url_rule("/invoices/sum", "invoices_sum", write(invoice_form.show_sum), methods=["POST"])


def change_lines() -> Response:
    """The form with a line added or removed, for browsers without JavaScript."""
    return records.form(PAGE, invoice_form.edited(), line_forms.with_change())

"""Pages of invoices: the list by status, and the record."""

from typing import Any

from flask import Response

from blueprints.admin import choices, invoice_form, line_forms
from blueprints.admin.crud import records
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.session import need
from domain.invoicing import invoice_resource
from models.invoice import InvoiceStatus

TABS = (("Invoices", "admin.invoices_list"), ("Credit notes", "admin.credit_notes_list"))


def number(row: Any) -> str:
    """The number of an invoice; a draft is named by its id."""
    return row.number or f"Draft {row.id}"


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
    form="admin/invoice_form.html",
    read=invoice_form.read,
    explain=invoice_form.explain,
    choices=invoice_form.choices,
    can_edit=invoice_resource.is_draft,
)


def register(bp: Any) -> None:
    """Register the URLs that only invoices have."""
    write = need("WRITE_INVOICES")
    bp.add_url_rule("/invoices/line", "invoices_line", write(change_lines), methods=["POST"])
    bp.add_url_rule("/invoices/sum", "invoices_sum", write(invoice_form.show_sum), methods=["POST"])


def change_lines() -> Response:
    """The form with a line added or removed, for browsers without JavaScript."""
    return records.form(PAGE, invoice_form.edited(), line_forms.with_change())

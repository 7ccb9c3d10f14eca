"""Pages of credit notes: what was taken off issued invoices."""

from blueprints.admin import choices
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.invoices import TABS
from domain.invoicing import credit_notes

PAGE = ListPage(
    resource=credit_notes.RESOURCE,
    title="Credit notes",
    tabs=TABS,
    apart="It is a tab of Invoices.",
    icon="receipt-tax",
    about="What was taken off issued invoices.",
    columns=(
        Column(name="number", title="Credit note", kind="link", sort="number"),
        Column(name="invoice_number", title="Invoice", fixed_by="invoice_id"),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="total_minor", title="Total", kind="money", sort="total"),
        Column(name="reason", minor=True),
        Column(name="issue_on", title="Issued", kind="day", sort="issue_on"),
    ),
    list_filters=(
        ListFilter(name="currency", choices=choices.currencies),
        ListFilter(name="created_after", title="Issued from", kind="day"),
        ListFilter(name="created_before", title="Issued until", kind="day"),
    ),
    name=lambda row: f"Credit note {row.number}",
)

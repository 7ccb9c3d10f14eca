"""The listing of credit notes. They are made by crediting an invoice, and never change."""

from domain.invoicing import samples
from domain.list_parts import Children, Filter, common_filters
from domain.listing import Listing
from domain.resource import Resource
from models.credit_note import CreditNote, CreditNoteItem
from models.invoice import Invoice

LISTING = Listing(
    model=CreditNote,
    noun="credit note",
    columns={
        **{
            name: getattr(CreditNote, name)
            for name in (
                "id", "merchant_id", "test", "invoice_id", "customer_id", "customer_name", "customer_email", "number",
                "currency", "net_minor", "tax_minor", "total_minor", "reason", "issue_on", "issued_at", "created_at",
                "updated_at", "version",
            )
        },
        "invoice_number": Invoice.number,
    },
    joins=((Invoice, Invoice.id == CreditNote.invoice_id),),
    children={
        "items": Children(
            CreditNoteItem.credit_note_id,
            {
                name: getattr(CreditNoteItem, name)
                for name in (
                    "id", "invoice_item_id", "description", "quantity_ten_thousandths", "unit_price_micro", "net_minor",
                    "tax_minor", "tax_percent_ten_thousandths", "total_minor",
                )
            },
            CreditNoteItem.position,
        )
    },
    sort={
        "created_at": CreditNote.created_at, "issue_on": CreditNote.issue_on, "number": CreditNote.series_number,
        "total": (CreditNote.currency, CreditNote.total_minor), "id": CreditNote.id,
    },
    filters={
        **common_filters(CreditNote),
        "invoice_id": Filter(int, lambda bound: CreditNote.invoice_id == bound),
        "invoice_ids": Filter(list, lambda bound: CreditNote.invoice_id.in_(bound)),
        "number": Filter(str, lambda bound: CreditNote.number == bound),
        "customer_id": Filter(int, lambda bound: CreditNote.customer_id == bound),
        "customer_ids": Filter(list, lambda bound: CreditNote.customer_id.in_(bound)),
        "currency": Filter(str, lambda bound: CreditNote.currency == bound),
    },
    search=(CreditNote.search_text,),
    customer="customer_id",
    own=True,
)

RESOURCE = Resource(
    name="credit_notes",
    noun="credit note",
    listing=LISTING,
    read_scope="READ_INVOICES",
    write_scope="WRITE_INVOICES",
    sample=samples.CREDIT_NOTE,
)

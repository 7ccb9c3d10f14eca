"""The listing of merchants: columns, filters, order. Imports nothing that only writing needs."""

from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from models.merchant import Merchant

LISTING = Listing(
    model=Merchant,
    noun="merchant",
    columns={
        name: getattr(Merchant, name)
        for name in (
            "id", "name", "currency", "timezone", "active", "legal_name", "registration_number", "tax_number", "email",
            "phone", "website", "street", "city", "state", "postal_code", "country", "document_footer",
            "language", "brand_colour", "customer_cancels", "customer_skips", "customer_changes", "mails_off",
            "support_email", "logo_digest", "invoice_pattern", "credit_note_pattern", "payment_terms_days",
            "invoice_reminders", "invoices_made", "invoices_charged", "unpaid_throttle_days",
            "unpaid_calls_per_hour", "unpaid_stop_days", "unpaid_suspend_days", "area_key", "created_at", "updated_at",
            "version",
        )
    },
    sort={
        "created_at": Merchant.created_at, "updated_at": Merchant.updated_at, "name": Merchant.name_sort,
        "id": Merchant.id,
    },
    filters={
        **common_filters(Merchant),
        "active": Filter(bool, lambda bound: Merchant.active == bound),
        "currency": Filter(str, lambda bound: Merchant.currency == bound),
    },
    search=(Merchant.search_text,),
    merchant="id",
)

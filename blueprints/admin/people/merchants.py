"""Pages of merchant profiles: the tenants, and the data for their documents."""

from typing import Any

from blueprints.admin import choices, consequences
from blueprints.admin.crud.form_fields import Field, Section, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.session import wide_actor
from domain.people import merchants
from models.merchant import CustomerCancels, InvoicesMade, Merchant

CANCELS = (
    (CustomerCancels.ANY.value, "At once or at the end of the period"),
    (CustomerCancels.NOW.value, "At once"),
    (CustomerCancels.PERIOD_END.value, "At the end of the period"),
    (CustomerCancels.NEVER.value, "Never by themselves"),
)
MADE = (
    (InvoicesMade.NONE.value, "None"),
    (InvoicesMade.PAYMENT.value, "One of each payment"),
    (InvoicesMade.MONTH.value, "One a month for each customer"),
)


def values(row: Merchant) -> dict[str, Any]:
    """A profile's values for the form."""
    return {name: getattr(row, name) for name in merchants.MerchantInput.model_fields}


PAGE = ListPage(
    resource=merchants.RESOURCE,
    title="Merchant profiles",
    group="Settings",
    position=320,
    icon="building-store",
    about="Businesses that use this installation. Customers, products, budgets and keys belong to one profile.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="id", title="Profile id", kind="mono"),
        Column(name="currency"),
        Column(name="timezone", title="Time zone"),
        Column(name="active", kind="flag"),
        Column(name="created_at", title="Since", kind="day", sort="created_at", minor=True),
    ),
    list_filters=(
        ListFilter(name="active", choices=(("yes", "Active"), ("no", "Switched off")), read=lambda raw: raw == "yes"),
    ),
    sections=(
        Section("Profile", (
            Field(name="name", required=True),
            Field(name="currency", kind="select", choices=choices.currencies, required=True),
            Field(name="timezone", label="Time zone", kind="select", choices=choices.zones, blank="The system’s"),
            Field(name="active", label="Active: keys and tokens of this profile work", kind="check", fact=unsaid),
        )),
        Section("Support by mail", (
            Field(name="support_email", label="Address of the support desk", kind="email",
                  hint="Answers to tickets are sent from it, and mails to it become tickets."),
        ), folds=True),
        Section("Customers’ own pages", (
            Field(name="customer_cancels", label="Customers cancel subscriptions", kind="select", choices=CANCELS),
            Field(name="customer_skips", label="Customers may skip their next payment", kind="check", fact=unsaid),
            Field(name="customer_changes", label="Customers may change to other plans of the same product group",
                  kind="check", fact=unsaid),
        ), folds=True),
        Section("Invoices", (
            Field(name="invoice_pattern", label="Numbers of invoices",
                  hint="{n:06} counts up, with zeros in front; {year} begins again each year."),
            Field(name="credit_note_pattern", label="Numbers of credit notes"),
            Field(name="payment_terms_days", label="Days to pay", kind="number",
                  hint="From the issue date, where an invoice has no other due date."),
            Field(name="invoices_made", label="Invoices of payments", kind="select", choices=MADE,
                  hint="Of what customers pay for orders: made and issued by themselves, each payment once."),
            Field(name="invoices_charged", label="Charge stored cards on the due date", kind="check", fact=unsaid,
                  hint="What is open then and the customer's credit does not cover, from the newest card."),
            Field(name="invoice_reminders", label="Reminders of overdue invoices", kind="area", wide=True,
                  hint="A line for each, with the days after the last day to pay and the text. 3: Please pay."),
        ), folds=True),
        Section("Unpaid invoices", (
            Field(name="unpaid_throttle_days", label="Slow keys down after", kind="number",
                  hint="Days after an invoice was due. API keys and the token of its customer then make few calls an "
                       "hour. Empty for never."),
            Field(name="unpaid_calls_per_hour", label="Calls an hour of a slowed key", kind="number",
                  hint="Further calls get 429 with the link to pay."),
            Field(name="unpaid_stop_days", label="Stop keys after", kind="number",
                  hint="Days after an invoice was due. Calls then get 402 with the link to pay, until it is paid. "
                       "Empty for never."),
            Field(name="unpaid_suspend_days", label="Suspend services after", kind="number",
                  hint="Days after an invoice was due. All active services of its customer are suspended, and go on "
                       "once all that is overdue is paid. Empty for never."),
        ), folds=True),
        Section("Details on documents", (
            Field(name="legal_name"),
            Field(name="registration_number"),
            Field(name="tax_number"),
            Field(name="email", label="E-mail", kind="email"),
            Field(name="phone", kind="tel"),
            Field(name="website", kind="url"),
            Field(name="street"),
            Field(name="city"),
            Field(name="state", label="State or province"),
            Field(name="postal_code", label="Postal code"),
            Field(name="country", kind="select", choices=choices.countries, blank="Not given"),
            Field(name="language", label="Language of documents", kind="select", choices=choices.languages,
                  blank="English", hint="A customer may have another one."),
            Field(name="document_footer", kind="area", wide=True, hint="Bank account, terms of payment …"),
            Field(name="brand_colour", label="Colour of customers’ pages", hint="Such as #1f5f46"),
        ), folds=True),
    ),
    values=values,
    warnings=lambda verb, record: consequences.of_merchant(record, wide_actor()) if verb == "archive" else (),
    show="admin/merchant.html",
    needs_merchant=False,
)

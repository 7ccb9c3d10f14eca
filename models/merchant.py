"""The tenant. People and the Merchant API say merchant profile, the Core API reseller."""

import secrets
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, currency_code, long_text, pk, word
from database.text_keys import search_key, sort_key
from models.language import Language
from models.owned import Removable, Versioned


class CustomerCancels(StrEnum):
    """When customers may cancel a subscription by themselves."""

    ANY = "any"                          # as they choose
    NOW = "now"
    PERIOD_END = "period_end"
    NEVER = "never"


def fresh_key() -> str:
    """What the address of a merchant's client area names it by; it says nothing about how many merchants there are."""
    return secrets.token_hex(5)


class InvoicesMade(StrEnum):
    """Whether invoices are made by themselves of what customers paid for orders."""

    NONE = "none"
    PAYMENT = "payment"                  # of each payment
    MONTH = "month"                      # of the payments of a customer in a month


class Merchant(Versioned, Removable, Model):
    """A business that bills, with what its documents must show."""

    __tablename__ = "merchants"
    __table_args__ = constraints(Index("uq_merchants_area_key", "area_key", unique=True))

    id: Mapped[pk]
    name: Mapped[str]
    currency: Mapped[currency_code]
    timezone: Mapped[str | None] = mapped_column(String(64))     # null: the system's
    active: Mapped[bool] = mapped_column(default=True)

    # What invoices and budgets print
    legal_name: Mapped[str | None]
    registration_number: Mapped[str | None] = mapped_column(String(64))
    tax_number: Mapped[str | None] = mapped_column(String(64))
    email: Mapped[str | None]
    phone: Mapped[str | None] = mapped_column(String(40))
    website: Mapped[str | None] = mapped_column(String(2048))
    street: Mapped[str | None]
    city: Mapped[str | None]
    state: Mapped[str | None]
    postal_code: Mapped[str | None] = mapped_column(String(32))
    country: Mapped[str | None] = mapped_column(String(2))
    document_footer: Mapped[long_text | None]
    language: Mapped[Language | None] = mapped_column(word(Language))    # of documents; null: English
    brand_colour: Mapped[str | None] = mapped_column(String(7))  # #rrggbb, of the pages that customers see
    logo_digest: Mapped[str | None] = mapped_column(String(64))  # of the logo in use
    mails_off: Mapped[list[str]] = mapped_column(default=list)   # kinds of mail that are not sent
    support_email: Mapped[str | None] = mapped_column(String(254))       # sends answers to tickets, and takes replies

    # How invoices are numbered and when they are due
    invoice_pattern: Mapped[str] = mapped_column(String(64), default="INV-{n:06}")
    credit_note_pattern: Mapped[str] = mapped_column(String(64), default="CN-{n:06}")
    payment_terms_days: Mapped[int] = mapped_column(default=14)
    invoices_made: Mapped[InvoicesMade] = mapped_column(word(InvoicesMade), default=InvoicesMade.NONE)
    invoices_charged: Mapped[bool] = mapped_column(default=False)    # on their due date, from a stored card
    invoice_reminders: Mapped[long_text | None]                  # of overdue ones: a line a step, 3: Please pay

    # What becomes of customers' keys and services while invoices are unpaid, by days after the last day; null is never
    unpaid_throttle_days: Mapped[int | None]
    unpaid_calls_per_hour: Mapped[int] = mapped_column(default=60)           # of one key, while it is throttled
    unpaid_stop_days: Mapped[int | None]                                     # of keys
    unpaid_suspend_days: Mapped[int | None]                                  # of services

    # What customers may do on their own order pages
    customer_cancels: Mapped[CustomerCancels] = mapped_column(word(CustomerCancels), default=CustomerCancels.ANY)
    customer_skips: Mapped[bool] = mapped_column(default=False)
    customer_changes: Mapped[bool] = mapped_column(default=False)            # their plans, within a product group
    area_key: Mapped[str | None] = mapped_column(String(16), default=fresh_key)      # in the address of their sign-in

    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("name", "legal_name")

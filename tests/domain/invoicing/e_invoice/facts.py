"""Invoices and credit notes as plain facts, for e-invoices without a database."""

from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from domain.invoicing import invoice_facts
from domain.invoicing.invoice_facts import DocumentKind, InvoiceFacts, Line, Totals
from domain.invoicing.parties import Party
from models.invoice import TaxCategory

SELLER = Party(
    name="Maison Lumière", legal_name="Maison Lumière SARL", street="14 rue des Lanternes", city="Paris",
    postal_code="75011", country="FR", tax_number="FR40303265045", registration_number="303265045",
    email="hello@maison.example", phone="+33 1 99 00 12 34",
)
BUYER = Party(
    name="Lindenhof Handel GmbH", contact="Ada Lovelace", street="Am Musterplatz 4\nHinterhaus", city="Berlin",
    postal_code="10115", country="DE", tax_number="DE111111125", email="ada@lindenhof.example",
)
REASONS = {
    TaxCategory.EXEMPT: "Education", TaxCategory.REVERSE_CHARGE: "Reverse charge",
    TaxCategory.EXPORT: "Export outside the EU", TaxCategory.OUTSIDE: "Not subject to VAT",
}


def line(price="9.00", quantity="12", rate="19", category=TaxCategory.STANDARD, discount=0, shared=0, **more):
    """A line with its tax, rounded once."""
    category = TaxCategory(category)
    rate = Decimal(rate) if category is TaxCategory.STANDARD else Decimal()
    amount = cents(Decimal(price) * Decimal(quantity) * 100)
    net = amount - discount - shared
    tax = cents(net * rate / 100)
    return Line(**({
        "position": 1, "description": "Candle", "quantity": Decimal(quantity), "unit_price": Decimal(price),
        "amount_minor": amount, "discount_minor": discount, "shared_discount_minor": shared, "net_minor": net,
        "rate": rate, "category": category, "reason": REASONS.get(category), "tax_minor": tax,
        "total_minor": net + tax,
    } | more))


def cents(amount):
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def invoice(*lines, **more):
    """An issued invoice over these lines."""
    lines = [replace(one, position=place) for place, one in enumerate(lines or (line(),), 1)]
    net, tax = sum(one.net_minor for one in lines), sum(one.tax_minor for one in lines)
    known = {
        "kind": DocumentKind.INVOICE, "id": 1, "merchant_id": 1, "test": False, "customer_id": 1,
        "number": "INV-000262", "currency": "EUR", "issue_on": date(2026, 11, 28), "due_on": date(2026, 12, 12),
        "seller": SELLER, "buyer": BUYER, "lines": lines, "taxes": invoice_facts.grouped(lines),
        "totals": Totals(
            lines_minor=sum(one.amount_minor - one.discount_minor for one in lines),
            discount_minor=sum(one.shared_discount_minor for one in lines), net_minor=net, tax_minor=tax,
            header_tax_minor=0, total_minor=net + tax, paid_minor=more.pop("paid_minor", 0),
        ),
    }
    return InvoiceFacts(**(known | more))


def credit_note(*lines, **more):
    """A credit note over these lines."""
    return invoice(*lines, **({
        "kind": DocumentKind.CREDIT_NOTE, "number": "CN-000001", "due_on": None, "reason": "Broken on the way",
        "invoice_number": "INV-000262", "invoice_issue_on": date(2026, 10, 30),
    } | more))

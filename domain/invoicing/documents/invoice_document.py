"""The documents of invoices and credit notes, from their facts."""

from datetime import date

from database import db
from domain import clock, zones
from domain.invoicing import parties as stored_parties
from domain.invoicing.documents import codes, languages, parties
from domain.invoicing.documents.document import (
    Account,
    Address,
    Document,
    Kind,
    Line,
    Party,
    TaxGroup,
    Totals,
    Way,
)
from domain.invoicing.invoice_facts import DocumentKind, InvoiceFacts
from domain.invoicing.invoice_facts import Line as FactsLine
from domain.invoicing.paying import next_payments
from models.customer import Customer
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import to_micro, to_ten_thousandths

KINDS = {DocumentKind.INVOICE: Kind.INVOICE, DocumentKind.CREDIT_NOTE: Kind.CREDIT_NOTE}


def document(facts: InvoiceFacts, url: str = "") -> Document:
    """What the document says; `url` is where it is paid. A draft is of today, and says that it is one."""
    merchant = db.session.get_one(Merchant, facts.merchant_id)
    customer = db.session.get_one(Customer, facts.customer_id)
    language = languages.of(merchant, customer)
    account = parties.account(facts.merchant_id, test=facts.test)
    return Document(
        kind=KINDS[facts.kind], number=facts.number or languages.words(language)["draft"], test=facts.test,
        language=language, currency=facts.currency, made_on=facts.issue_on or _today(merchant.id),
        seller=_party(facts.seller), buyer=_party(facts.buyer, customer.code), brand=parties.brand(merchant),
        lines=[_line(one) for one in facts.lines], tax_groups=_tax_groups(facts), totals=_totals(facts),
        way=_way(facts, account, url), due_on=facts.due_on, period=_period(facts),
        parts=_parts(facts), order=facts.order_reference or str(facts.order_id or ""), corrects=_corrected(facts),
        notes=[note for note in (facts.reason, facts.notes, facts.footer) if note], facts=facts,
    )


def _today(merchant_id: int) -> date:
    return clock.now().astimezone(zones.of_merchant(merchant_id)).date()


def _party(party: stored_parties.Party, number: str = "") -> Party:
    return Party(
        name=party.name, legal_name=party.legal_name or "", contact=party.contact or "", email=party.email or "",
        phone=party.phone or "", website=party.website or "", tax_number=party.tax_number or "",
        registration_number=party.registration_number or "", number=number,
        address=Address(street=party.street or "", city=party.city or "", state=party.state or "",
                        postal_code=party.postal_code or "", country=party.country or ""),
    )


def _line(line: FactsLine) -> Line:
    return Line(
        name=line.description, quantity_ten_thousandths=to_ten_thousandths(line.quantity),
        unit_price_micro=to_micro(line.unit_price), amount_minor=line.amount_minor - line.discount_minor,
        discount_minor=line.discount_minor, tax_minor=line.tax_minor,
        tax_percent_ten_thousandths=None if line.rate is None else to_ten_thousandths(line.rate),
    )


def _tax_groups(facts: InvoiceFacts) -> list[TaxGroup]:
    """The taxes by rate; none where nothing is taxed and nothing says why."""
    groups = [
        TaxGroup(
            percent_ten_thousandths=None if one.rate is None else to_ten_thousandths(one.rate),
            base_minor=one.net_minor, tax_minor=one.tax_minor, reason=one.reason or "",
        )
        for one in facts.taxes
    ]
    if facts.totals.header_tax_minor:
        groups.append(TaxGroup(
            percent_ten_thousandths=None, base_minor=facts.totals.net_minor, tax_minor=facts.totals.header_tax_minor))
    return groups if any(one.tax_minor or one.reason for one in groups) else []


def _totals(facts: InvoiceFacts) -> Totals:
    known = facts.totals
    is_invoice = facts.kind is DocumentKind.INVOICE
    return Totals(
        net_minor=known.lines_minor, discount_minor=known.discount_minor, tax_minor=known.tax_minor,
        total_minor=known.total_minor, paid_minor=known.paid_minor, credited_minor=known.credited_minor,
        due_minor=max(0, known.balance_minor) if is_invoice else None,
    )


def _way(facts: InvoiceFacts, account: Account | None, url: str) -> Way | None:
    """How to pay what is open; nothing where nothing is."""
    due = facts.totals.balance_minor
    if facts.kind is not DocumentKind.INVOICE or facts.number is None or due <= 0 or not (account or url):
        return None
    code = codes.of_transfer(account, facts.currency, due, text=facts.number) if account is not None else ""
    return Way(
        account=account, reference=facts.number, url=url, code_svg=code or (codes.of_url(url) if url else ""),
        code_pays=bool(code),
    )


def _parts(facts: InvoiceFacts) -> list[tuple[date, int]]:
    """What its order pays of it on other days than its own; nothing of a draft, or where its own day counts."""
    if facts.kind is not DocumentKind.INVOICE or facts.number is None:
        return []
    return next_payments.parts_of(db.session.get_one(Invoice, facts.id))


def _period(facts: InvoiceFacts) -> tuple[date, date] | None:
    start, end = facts.period_start_on, facts.period_end_on
    return (start, end) if start is not None and end is not None else None


def _corrected(facts: InvoiceFacts) -> tuple[str, date] | None:
    if facts.invoice_number is None or facts.invoice_issue_on is None:
        return None
    return facts.invoice_number, facts.invoice_issue_on

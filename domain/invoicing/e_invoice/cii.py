"""Writes the XML of an invoice or a credit note: EN 16931 in the syntax CII, as Factur-X and ZUGFeRD embed it.

Comments name the terms of the standard (BT) and its rules (BR). Amounts of credit notes are positive, by their type.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.errors import Conflict
from domain.invoicing import e_invoice_needs
from domain.invoicing.documents.document import Account
from domain.invoicing.e_invoice import cii_parties
from domain.invoicing.e_invoice.xml_texts import text
from domain.invoicing.invoice_facts import DocumentKind, InvoiceFacts, Line, TaxGroup
from models.invoice import TaxCategory
from models.money import Money

PROFILE = "urn:cen.eu:en16931:2017"
TYPES = {DocumentKind.INVOICE: "380", DocumentKind.CREDIT_NOTE: "381"}      # BT-3, of UNTDID 1001
PIECE = "C62"                            # one, of UN/ECE recommendation 20
VAT = "VAT"
SEPA_TRANSFER, NOT_DEFINED = "58", "1"   # BT-81, of UNTDID 4461
DISCOUNT_CODE, DISCOUNT = "95", "Discount"
REASON_CODES = {                         # BT-121, of the list VATEX
    TaxCategory.REVERSE_CHARGE: "VATEX-EU-AE", TaxCategory.EXPORT: "VATEX-EU-G", TaxCategory.OUTSIDE: "VATEX-EU-O",
}
WITHOUT_REASON = (TaxCategory.STANDARD, TaxCategory.ZERO)


def xml(facts: InvoiceFacts, account: Account | None = None) -> bytes:
    """The e-invoice of an issued document; Conflict with what is missing where it cannot be one."""
    lacking = e_invoice_needs.missing(facts)
    if facts.number is None or facts.issue_on is None:
        raise Conflict("Only an issued document has an e-invoice.", code="invoice-is-not-issued")
    if lacking:
        raise Conflict(
            f"There is no e-invoice: {e_invoice_needs.in_words(lacking)}.", code="e-invoice-is-incomplete",
            details={"missing": lacking})
    written: bytes = _document(facts, account).serialize(schema=None)
    return written


def _document(facts: InvoiceFacts, account: Account | None) -> Any:
    from drafthorse.models import document, note  # with lxml it takes 40 ms to load, and few processes need it

    made = document.Document()
    made.context.guideline_parameter.id = PROFILE
    made.header.id, made.header.type_code = text(facts.number), TYPES[facts.kind]
    made.header.issue_date_time = facts.issue_on
    for words in filter(None, (facts.reason, facts.notes, facts.footer)):
        made.header.notes.add(note.IncludedNote(content=text(words)))
    cii_parties.write(made.trade.agreement, facts)
    if order := facts.order_reference or facts.order_id:
        made.trade.agreement.seller_order.issuer_assigned_id = text(str(order))             # BT-14
    # BT-72: without a period, what is invoiced was supplied by the day of the invoice.
    made.trade.delivery.event.occurrence = facts.period_end_on or facts.issue_on
    for line in facts.lines:
        made.trade.items.add(_line(line, facts))
    _settle(made.trade.settlement, facts, account)
    return made


def _money(minor: int, facts: InvoiceFacts) -> Decimal:
    return Money(minor, facts.currency).decimal


def _line(line: Line, facts: InvoiceFacts) -> Any:
    from drafthorse.models import accounting, tradelines  # as above

    item = tradelines.LineItem()
    item.document.line_id = str(line.position)
    item.product.name = text(line.description)
    item.agreement.net.amount = line.unit_price
    item.delivery.billed_quantity = (line.quantity, PIECE)
    tax = item.settlement.trade_tax
    tax.type_code, tax.category_code = VAT, str(line.category)
    if line.category is not TaxCategory.OUTSIDE:                                            # BR-O-5
        tax.rate_applicable_percent = line.rate
    if line.discount_minor:
        item.settlement.allowance_charge.add(accounting.TradeAllowanceCharge(
            indicator=False, actual_amount=_money(line.discount_minor, facts), reason_code=DISCOUNT_CODE,
            reason=DISCOUNT))
    item.settlement.monetary_summation.total_amount = _money(line.amount_minor - line.discount_minor, facts)
    return item


def _settle(settlement: Any, facts: InvoiceFacts, account: Account | None) -> None:
    """Currency, payment, taxes, discounts and sums."""
    from drafthorse.models import payment  # as above

    settlement.currency_code = facts.currency
    is_invoice = facts.kind is DocumentKind.INVOICE
    if is_invoice:
        settlement.payment_reference = text(facts.number)                                   # BT-83
        settlement.payment_means.add(_means(account))
    for group in merged(facts.taxes):
        settlement.trade_tax.add(_tax(group, facts))
    if facts.period_start_on is not None and facts.period_end_on is not None:
        settlement.period.start, settlement.period.end = facts.period_start_on, facts.period_end_on
    _write_discounts(settlement, facts)
    terms = payment.PaymentTerms()
    if facts.due_on is not None and is_invoice:
        terms.due = facts.due_on
    else:
        terms.description = "Settled with the invoice" if not is_invoice else "On receipt"  # BR-CO-25
    settlement.terms.add(terms)
    _write_sums(settlement.monetary_summation, facts)
    if facts.invoice_number:                                                                # BG-3
        settlement.invoice_referenced_document.issuer_assigned_id = text(facts.invoice_number)
        if facts.invoice_issue_on is not None:
            settlement.invoice_referenced_document.issue_date_time = facts.invoice_issue_on


def _means(account: Account | None) -> Any:
    from drafthorse.models import payment  # as above

    if account is None:
        return payment.PaymentMeans(type_code=NOT_DEFINED)
    means = payment.PaymentMeans(type_code=SEPA_TRANSFER)
    means.payee_account.iban, means.payee_account.account_name = account.iban, text(account.name)
    if account.bic:
        means.payee_institution.bic = account.bic
    return means


def merged(groups: Iterable[TaxGroup]) -> list[TaxGroup]:
    """The taxes by category and rate, as the standard has them; several reasons become one text."""
    found: dict[tuple[Any, Any], TaxGroup] = {}
    for one in groups:
        before = found.get((one.category, one.rate))
        reasons = dict.fromkeys(filter(None, (before.reason if before else None, one.reason)))
        found[one.category, one.rate] = TaxGroup(
            rate=one.rate, category=one.category, reason="; ".join(reasons) or None,
            net_minor=one.net_minor + (before.net_minor if before else 0),
            tax_minor=one.tax_minor + (before.tax_minor if before else 0),
        )
    return list(found.values())


def _tax(group: TaxGroup, facts: InvoiceFacts) -> Any:
    from drafthorse.models import accounting  # as above

    tax = accounting.ApplicableTradeTax(
        calculated_amount=_money(group.tax_minor, facts), type_code=VAT, basis_amount=_money(group.net_minor, facts),
        category_code=str(group.category),
    )
    if group.category is not TaxCategory.OUTSIDE:
        tax.rate_applicable_percent = group.rate
    if group.category not in WITHOUT_REASON:
        tax.exemption_reason = text(group.reason or "")
        if group.category in REASON_CODES:
            tax.exemption_reason_code = REASON_CODES[group.category]
    return tax


def _write_discounts(settlement: Any, facts: InvoiceFacts) -> None:
    """The discount on the whole, by category and rate (BG-20)."""
    from drafthorse.models import accounting  # as above

    shares: dict[tuple[Any, Any], int] = {}
    for line in facts.lines:
        key = (line.category, line.rate)
        shares[key] = shares.get(key, 0) + line.shared_discount_minor
    for (category, rate), minor in shares.items():
        if minor:
            discount = accounting.TradeAllowanceCharge(
                indicator=False, actual_amount=_money(minor, facts), reason_code=DISCOUNT_CODE, reason=DISCOUNT)
            tax = accounting.CategoryTradeTax(type_code=VAT, category_code=str(category))
            if category is not TaxCategory.OUTSIDE:
                tax.rate_applicable_percent = rate
            discount.trade_tax.add(tax)
            settlement.allowance_charge.add(discount)


def _write_sums(sums: Any, facts: InvoiceFacts) -> None:
    totals = facts.totals
    paid = min(totals.paid_minor, totals.total_minor) if facts.kind is DocumentKind.INVOICE else 0
    sums.line_total = _money(totals.lines_minor, facts)
    if totals.discount_minor:
        sums.allowance_total = _money(totals.discount_minor, facts)
    sums.tax_basis_total = _money(totals.net_minor, facts)
    sums.tax_total = (_money(totals.tax_minor, facts), facts.currency)
    sums.grand_total = _money(totals.total_minor, facts)
    if paid:
        sums.prepaid_total = _money(paid, facts)
    sums.due_amount = _money(totals.total_minor - paid, facts)



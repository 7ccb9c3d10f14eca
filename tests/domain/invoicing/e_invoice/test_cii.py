from dataclasses import replace
from datetime import date
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from domain.errors import Conflict
from domain.invoicing import e_invoice_needs
from domain.invoicing.documents.document import Account
from domain.invoicing.e_invoice import checking, cii
from domain.invoicing.e_invoice.cii_reader import NAMES
from models.invoice import TaxCategory
from tests.domain.invoicing.e_invoice import official
from tests.domain.invoicing.e_invoice.facts import BUYER, SELLER, credit_note, invoice, line

ACCOUNT = Account(name="Maison Lumière SARL", iban="FR1420041010050500013M02606", bic="PSSTFRPPPAR")
C = TaxCategory


def text(xml, path):
    found = etree.fromstring(xml).xpath(path, namespaces=NAMES)
    return [one if isinstance(one, str) else one.text for one in found]


def written(facts, account=None):
    """The XML, which breaks no rule of ours and no official one."""
    xml = cii.xml(facts, account)
    assert checking.mistakes(xml) == []
    assert official.broken(xml) == set()
    return xml


def test_an_invoice_is_written_with_all_that_it_says():
    facts = invoice(
        line(discount=300, shared=500), line("33.33", "2.25", rate="5.5", shared=200),
        period_start_on=date(2026, 11, 1), period_end_on=date(2026, 11, 30),
        notes="Thank you.", order_reference="M-1188", paid_minor=1_000,
    )
    xml = written(facts, ACCOUNT)
    assert text(xml, "//rsm:ExchangedDocument/ram:ID") == ["INV-000262"]
    assert text(xml, "//rsm:ExchangedDocument/ram:TypeCode") == ["380"]
    assert text(xml, "//rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString") == ["20261128"]
    assert text(xml, "//ram:IBANID") == [ACCOUNT.iban]
    assert text(xml, "//ram:PaymentReference") == ["INV-000262"]
    assert text(xml, "//ram:SellerTradeParty/ram:SpecifiedTaxRegistration/ram:ID/@schemeID") == ["VA"]
    assert text(xml, "//ram:BuyerTradeParty/ram:PostalTradeAddress/ram:LineTwo") == ["Hinterhaus"]
    assert text(xml, "//ram:SellerOrderReferencedDocument/ram:IssuerAssignedID") == ["M-1188"]
    assert text(xml, "//ram:GrandTotalAmount") == [f"{facts.totals.total_minor / 100:.2f}"]
    assert text(xml, "//ram:AllowanceTotalAmount") == ["7.00"]
    assert text(xml, "//ram:TotalPrepaidAmount") == ["10.00"]
    assert text(xml, "//ram:DuePayableAmount") == [f"{facts.totals.total_minor / 100 - 10:.2f}"]


def test_a_credit_note_names_its_invoice_and_has_positive_amounts():
    xml = written(credit_note(line(quantity="3")), ACCOUNT)
    assert text(xml, "//rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert text(xml, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == ["INV-000262"]
    assert text(xml, "//ram:GrandTotalAmount") == ["32.13"]
    assert text(xml, "//ram:IBANID") == []


@pytest.mark.parametrize("category", [C.ZERO, C.EXEMPT, C.REVERSE_CHARGE, C.EXPORT, C.OUTSIDE])
@pytest.mark.parametrize("beside", [False, True])
def test_every_category_without_tax_is_written_with_its_reason(category, beside):
    if category is C.OUTSIDE and beside:
        pytest.skip("what is outside the scope of VAT stands alone")
    lines = [line(category=category, shared=100), line(category=category, price="3"), *([line()] if beside else [])]
    xml = written(invoice(*lines))
    reasons = text(xml, "//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:ExemptionReason")
    assert len(reasons) == (category is not C.ZERO)


def test_several_reasons_of_a_category_become_one_text():
    xml = written(invoice(line(category=C.EXEMPT), line(category=C.EXEMPT, reason="Insurance")))
    path = "//ram:ApplicableHeaderTradeSettlement/ram:ApplicableTradeTax/ram:ExemptionReason"
    assert text(xml, path) == ["Education; Insurance"]


PARTIES = {
    "seller": [SELLER, replace(SELLER, tax_number="12/345/67890"), replace(SELLER, registration_number=None),
               replace(SELLER, tax_number="12/345/67890", registration_number=None), replace(SELLER, tax_number=None),
               replace(SELLER, tax_number=None, registration_number=None), replace(SELLER, country=None),
               type(SELLER)(name="Ada", country="FR", tax_number="FR40303265045")],
    "buyer": [BUYER, replace(BUYER, tax_number=None), replace(BUYER, tax_number="12/345", registration_number=None),
              replace(BUYER, tax_number=None, registration_number="HRB 1"), replace(BUYER, country=None),
              type(BUYER)(name="Bob", country="DE")],
}


@pytest.mark.parametrize(("seller", "buyer"), list(product(range(8), range(6))))
def test_what_lacks_nothing_passes_the_official_rules_and_what_is_refused_would_not(seller, buyer):
    """For each category; the refused ones are written all the same, to see that the rules say so."""
    for category in C:
        facts = invoice(line(category=category), seller=PARTIES["seller"][seller], buyer=PARTIES["buyer"][buyer])
        lacking = e_invoice_needs.missing(facts)
        xml = cii._document(facts, None).serialize(schema=None)
        wrong = {one.rule for one in checking.mistakes(xml) if not one.is_warning}
        assert bool(wrong) is bool(lacking), (category, lacking, wrong)
        if not lacking:
            assert official.broken(xml) == set()


@pytest.mark.parametrize("lines", [
    [line(category=C.OUTSIDE), line()], [line(tax_minor=5)], [line(category=C.STANDARD, rate="0.25")],
    [line("0.03", "1", rate="19", tax_minor=1) for _ in range(400)],
], ids=["outside beside taxed", "amount of tax", "rate near nothing", "many roundings"])
def test_what_the_standard_has_no_place_for_is_refused(lines):
    lines = [replace(one, rate=None) if one.tax_minor == 5 else one for one in lines]
    with pytest.raises(Conflict, match=r"There is no e-invoice: .* missing"):
        cii.xml(invoice(*lines))


@pytest.mark.parametrize(("more", "code"), [
    ({"currency": "KWD"}, "e-invoice-is-incomplete"), ({"number": None}, "invoice-is-not-issued"),
])
def test_drafts_and_currencies_with_three_decimals_have_no_e_invoice(more, code):
    with pytest.raises(Conflict) as refused:
        cii.xml(invoice(**more))
    assert refused.value.code == code


def test_a_currency_without_decimals_is_written_without():
    facts = invoice(currency="JPY")
    assert text(written(facts), "//ram:GrandTotalAmount") == [str(facts.totals.total_minor)]


@pytest.mark.parametrize("words", ["<b>&amp;</b>", "\x00\x0b\ufffe", "  ", "]]>", "é\u0301 😀", "a\nb"])
def test_texts_of_people_are_text(words):
    facts = invoice(line(description=words), notes=words, number=words, seller=replace(SELLER, name=words, phone=words),
                    buyer=replace(BUYER, name=words, contact=words, city=words, email=words))
    (name,) = text(written(facts), "//ram:SpecifiedTradeProduct/ram:Name")
    assert name == ("".join(one for one in words if one not in "\x00\x0b\ufffe").strip() or "-")


AMOUNTS = st.tuples(
    st.decimals(0, 5000, places=3), st.decimals("0.01", 300, places=2), st.sampled_from(["19", "7", "5.5", "9.975"]),
    st.sampled_from([C.STANDARD, C.STANDARD, C.ZERO, C.EXEMPT, C.REVERSE_CHARGE, C.EXPORT]), st.integers(0, 100),
    st.integers(0, 100),
)


@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.booleans())
def test_any_amounts_that_lack_nothing_pass_all_rules(amounts, is_credit):
    lines = []
    for price, quantity, rate, category, discount, shared in amounts:
        whole = line(price, quantity, rate, category).amount_minor
        own = whole * discount // 200
        lines.append(line(price, quantity, rate, category, own, (whole - own) * shared // 200))
    facts = (credit_note if is_credit else invoice)(*lines)
    if not e_invoice_needs.missing(facts):
        written(facts)

from datetime import date
from io import BytesIO

import facturx
import pytest
from lxml import etree
from pypdf import PdfReader

from database import db, transaction
from domain.invoicing import invoice_facts
from domain.invoicing.documents import invoice_document, rendering
from domain.invoicing.documents.layout import Layout
from domain.invoicing.e_invoice import checking, embedding, xmp
from domain.people import customers, merchants
from models.credit_note import CreditNote
from models.customer import Customer
from models.merchant import Merchant
from tests import cast, invoicing
from tests.domain.invoicing.documents.papers import metadata, pages, paper
from tests.domain.invoicing.e_invoice import official
from tests.domain.invoicing.e_invoice.complete import make_complete


@pytest.fixture
def complete(alder):
    return make_complete(alder)


def document_of(key):
    return invoice_document.document(invoice_facts.of_invoice(invoicing.of(key)))


def embedded(pdf):
    return PdfReader(BytesIO(pdf)).attachments.get("factur-x.xml", [None])[0]


def test_an_issued_invoice_carries_its_e_invoice_which_passes_all_rules(alder, complete):
    items = [invoicing.line(100, 2), invoicing.line("33.33", "1.5", 5, discount=3)]
    document = document_of(invoicing.make_issued(alder, complete, items, discount=7, notes="Thank you."))
    pdf = embedding.pdf(document)
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True)
    assert name == "factur-x.xml"
    assert xml == embedded(pdf) == embedding.xml(document)
    assert official.broken(xml) == set()
    said = " ".join(pages(pdf))
    for words in ("Invoice INV-000001", "Alder Ltd", "Engines Ltd", "Ada Lovelace", "FR14 2004 1010 0505 0001 3M02 606",
                  "Our terms apply.", "Thank you.", "Reference INV-000001"):
        assert words in said
    root = etree.fromstring(xml)
    total = root.findtext(".//{*}GrandTotalAmount")
    assert Layout(document).strip()[0] == ("To pay", f"€{total}")


def test_the_metadata_say_that_it_does(alder, complete):
    pdf = embedding.pdf(document_of(invoicing.make_issued(alder, complete)))
    xmp_ = etree.fromstring(metadata(pdf).encode())
    space = f"{{{xmp.NAMESPACE}}}"
    assert {name: xmp_.findtext(f".//{space}{name}") for name in xmp.VALUES} == xmp.VALUES
    names = [one.text for one in xmp_.iter("{http://www.aiim.org/pdfa/ns/schema#}namespaceURI")]
    assert names.count(xmp.NAMESPACE) == 1
    assert len(list(xmp_.iter("{http://www.aiim.org/pdfa/ns/extension/}schemas"))) == 1
    assert "<pdfaid:part>3</pdfaid:part>" in metadata(pdf)
    (file,) = PdfReader(BytesIO(pdf)).trailer["/Root"]["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Alternative"
    assert pdf == embedding.pdf(document_of(invoicing.of(1).id))


def test_a_credit_note_carries_its_own(alder, complete):
    key = invoicing.make_issued(alder, complete)
    note = db.session.get(CreditNote, invoicing.credit(key, reason="Broken on the way"))
    document = invoice_document.document(invoice_facts.of_credit_note(note))
    pdf = embedding.pdf(document)
    assert official.broken(embedded(pdf)) == set()
    said = pages(pdf)[0]
    assert f"Corrects invoice INV-000001 of {invoicing.of(key).issue_on:%-d %B %Y}." in said
    assert "Broken on the way" in said
    assert "How to pay" not in said


def test_an_invoice_that_lacks_something_is_printed_without(alder):
    pdf = embedding.pdf(document_of(invoicing.make_issued(alder)))
    assert embedded(pdf) is None
    assert "factur-x" not in metadata(pdf)
    assert "Invoice INV-000001" in pages(pdf)[0]


def test_a_draft_says_that_it_is_one_and_carries_none(alder, complete):
    pdf = embedding.pdf(document_of(invoicing.make_draft(alder, complete)))
    assert embedded(pdf) is None
    assert "Invoice Draft" in pages(pdf)[0]
    assert "How to pay" not in pages(pdf)[0]


def test_one_that_would_break_a_rule_is_printed_without_and_the_log_says_why(alder, complete, monkeypatch, caplog):
    document = document_of(invoicing.make_issued(alder, complete))
    monkeypatch.setattr(checking, "mistakes", lambda xml: [checking.Mistake("BR-CO-10", "The sum is wrong.")])
    assert embedded(embedding.pdf(document)) is None
    assert "BR-CO-10" in caplog.text


def test_of_an_issued_invoice_the_parties_of_its_day_are_printed(alder, complete):
    key = invoicing.make_issued(alder, complete)
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"legal_name": "Other Ltd"})
        customers.update(cast.actor_for(alder), db.session.get(Customer, complete), {"organisation": "New Ltd"})
    said = pages(embedding.pdf(document_of(key)))[0]
    assert "Engines Ltd" in said
    assert "Alder Ltd" in said
    assert "Other Ltd" not in said


def test_only_a_pdf_of_typst_is_marked():
    with pytest.raises(ValueError, match="PDF"):
        xmp.marked(b"%PDF-1.7\n%%EOF\n")
    assert rendering.pdf(paper(made_on=date(2026, 1, 2))).startswith(b"%PDF")

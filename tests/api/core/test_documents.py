"""The files of invoices and credit notes in the Core API."""

import pytest

from database import db
from domain.invoicing.documents import rendering
from tests import invoicing
from tests.domain.invoicing.documents.papers import pages
from tests.domain.invoicing.e_invoice import official
from tests.domain.invoicing.e_invoice.complete import make_complete


@pytest.fixture
def complete(alder):
    return make_complete(alder)


@pytest.fixture
def invoice(alder, complete):
    return invoicing.make_issued(alder, complete)


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_an_invoice_is_downloaded_as_pdf_and_as_xml(core, invoice, prefix):
    reply = core.get(f"{prefix}/invoices/{invoice}.pdf")
    assert (reply.status_code, reply.content_type) == (200, "application/pdf")
    assert "Invoice INV-000001" in pages(reply.data)[0]
    assert "Invoice-INV-000001.pdf" in reply.headers["Content-Disposition"]
    reply = core.get(f"{prefix}/invoices/{invoice}.xml")
    assert (reply.status_code, reply.content_type) == (200, "application/xml")
    assert official.broken(reply.data) == set()
    assert core.get(f"{prefix}/invoices/{invoice}").json["invoice_number"] == "INV-000001"


def test_a_credit_note_too(core, invoice):
    note = invoicing.credit(invoice)
    assert "Credit note CN-000001" in pages(core.get(f"/credit-notes/{note}.pdf").data)[0]
    assert official.broken(core.get(f"/credit-notes/{note}.xml").data) == set()


def test_one_that_lacks_something_has_no_xml_and_says_what_is_missing(core, alder):
    key = invoicing.make_issued(alder)
    assert core.get(f"/invoices/{key}.pdf").status_code == 200
    reply = core.get(f"/invoices/{key}.xml")
    assert reply.status_code == 422
    assert reply.json["error"]["data"]["code"] == "e-invoice-is-incomplete"
    assert "the country of the merchant profile" in reply.get_data(as_text=True)


def test_a_foreign_and_an_absent_one_are_not_found(program, alder, birch):
    core, theirs = program(role="admin_user", merchant_ids=[alder]), invoicing.make_issued(birch)
    for place in (f"invoices/{theirs}", "invoices/100000", "credit-notes/1", "invoices/x", f"invoices/{'9' * 30}"):
        for ending in ("pdf", "xml"):
            assert core.get(f"/{place}.{ending}").status_code == 404, place


def test_no_transaction_waits_for_a_file(core, invoice, monkeypatch):
    found, run = [], rendering._run

    def watched(*given, **wanted):
        found.append(db.session().in_transaction())
        return run(*given, **wanted)

    monkeypatch.setattr(rendering, "_run", watched)
    core.get(f"/invoices/{invoice}.pdf")
    assert found == [False]

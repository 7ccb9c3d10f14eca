"""The tab of a budget or payment with its document, and the PDF."""

from decimal import Decimal

import pytest

from database import db, transaction
from domain.invoicing.documents import rendering
from models.payment import Payment, PaymentStatus
from tests import cast, invoicing, paying
from tests.domain.invoicing.documents.papers import pages
from tests.domain.invoicing.e_invoice.complete import make_complete
from tests.pay.test_quotes import share


@pytest.fixture
def budget(alder):
    return cast.make_budget(alder, cast.make_customer(alder, "Orchard Trading Ltd"), notes="word\n" * 60)


def text_of(reply):
    assert reply.status_code == 200
    assert reply.mimetype == "application/pdf"
    return " ".join(pages(reply.data))


def test_the_tab_shows_every_page_and_offers_the_pdf(admin, budget):
    place = f"/admin/budgets/{budget}"
    page = admin.get(f"{place}?tab=document").text
    pages = [f'src="{place}/document/{number}.png"' in page for number in (1, 2, 3)]
    assert pages == [True, True, False]
    assert f'href="{place}/document.pdf"' in page
    for number in (1, 2):
        reply = admin.get(f"{place}/document/{number}.png")
        assert (reply.status_code, reply.mimetype) == (200, "image/png")
        assert reply.data.startswith(b"\x89PNG")
    assert [admin.get(f"{place}/document/{number}.png").status_code for number in (0, 3)] == [404, 404]
    assert f"Quote {budget}" in text_of(admin.get(f"{place}/document.pdf"))


def test_the_document_of_a_shared_budget_has_its_link(admin, alder, budget):
    assert "Answer online" not in text_of(admin.get(f"/admin/budgets/{budget}/document.pdf"))
    address = share(alder, budget)
    text = text_of(admin.get(f"/admin/budgets/{budget}/document.pdf"))
    assert address.removeprefix("/") in text.replace(" ", "")


def test_only_an_approved_payment_has_a_receipt(admin, alder):
    paid = paying.payments(paying.paid_by_hand(alder))[0].id
    assert "Receipt" in text_of(admin.get(f"/admin/payments/{paid}/document.pdf"))
    assert "?tab=document" in admin.get(f"/admin/payments/{paid}").text
    with transaction():
        db.session.get(Payment, paid).status = PaymentStatus.DECLINED
    assert "?tab=document" not in admin.get(f"/admin/payments/{paid}").text
    for place in ("document.pdf", "document/1.png"):
        assert admin.get(f"/admin/payments/{paid}/{place}").status_code == 404


def test_nothing_is_read_while_pages_are_drawn(admin, budget, monkeypatch):
    found, run = [], rendering._run

    def watched(*given, **wanted):
        found.append(db.session().in_transaction())
        return run(*given, **wanted)

    monkeypatch.setattr(rendering, "_run", watched)
    rendering._pages.cache_clear()
    admin.get(f"/admin/budgets/{budget}?tab=document")
    admin.get(f"/admin/budgets/{budget}/document.pdf")
    assert found == [False, False]


def test_a_page_is_drawn_once_for_the_tab_and_its_pictures(admin, budget, monkeypatch):
    found, run = [], rendering._run
    monkeypatch.setattr(rendering, "_run", lambda *given, **wanted: found.append(1) or run(*given, **wanted))
    rendering._pages.cache_clear()
    admin.get(f"/admin/budgets/{budget}?tab=document")
    admin.get(f"/admin/budgets/{budget}/document/1.png")
    admin.get(f"/admin/budgets/{budget}/document/2.png")
    assert found == [1]


def test_a_foreign_record_has_no_document_here(admin, birch):
    theirs = cast.make_budget(birch, cast.make_customer(birch))
    for place in ("document.pdf", "document/1.png"):
        assert admin.get(f"/admin/budgets/{theirs}/{place}").status_code == 404


def test_an_invoice_and_its_credit_note_have_their_documents_and_say_what_an_e_invoice_lacks(admin, alder):
    whole = invoicing.make_issued(alder, make_complete(alder))
    note = invoicing.credit(whole, [{"item_id": invoicing.of(whole).items[0].id, "quantity": Decimal("0.5")}])
    lacking, draft = invoicing.make_issued(alder), invoicing.make_draft(alder)
    for place, number in ((f"invoices/{whole}", "INV-000001"), (f"credit_notes/{note}", "CN-000001")):
        page = admin.get(f"/admin/{place}?tab=document").text
        assert "with the e-invoice in it" in page
        assert number in text_of(admin.get(f"/admin/{place}/document.pdf"))
        assert number.encode() in admin.get(f"/admin/{place}/document.xml").data
    page = admin.get(f"/admin/invoices/{lacking}?tab=document").text
    assert "It has no e-invoice: the customer&#39;s country is missing." in page
    assert "document.xml" not in page
    assert "Draft" in text_of(admin.get(f"/admin/invoices/{draft}/document.pdf"))
    for key in (lacking, draft):
        assert admin.get(f"/admin/invoices/{key}/document.xml").status_code == 404


def test_before_a_draft_is_issued_it_is_said_that_it_will_have_no_e_invoice(admin, alder):
    without = invoicing.make_draft(alder)
    question = "/admin/invoices/{}/issue"
    assert "no e-invoice" not in admin.get(question.format(without)).text          # nor does the merchant write any
    whole = invoicing.make_draft(alder, make_complete(alder))
    assert "no e-invoice" not in admin.get(question.format(whole)).text
    said = "It will have no e-invoice: the customer&#39;s country is missing."
    assert said in admin.get(question.format(without)).text

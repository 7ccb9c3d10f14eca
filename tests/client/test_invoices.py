"""Invoices in the client area."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.payments.bank import manual_payments
from domain.people import customers
from domain.sales.orders.orders import locked as locked_order
from models.customer import Customer, CustomerStatus
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from tests import cast
from tests.domain.invoicing.e_invoice.complete import IBAN, make_complete
from tests.domain.invoicing.paying.money import pay
from tests.domain.invoicing.sources.test_made_from import make
from tests.invoicing import credit, issue, line, make_draft, make_issued
from tests.paying import make_order, rows, rows_of


def words(page):
    return " ".join(re.sub("<[^>]+>", "", page.text).split())


def numbers(page):
    return re.findall(r"<b>(?:<a [^>]+>)?(INV-\d+)<", page.text)


def test_the_overview_says_what_is_open_by_currency_and_what_is_late(signed_in, alder, ada):
    assert "Open amount" not in signed_in.get("/client/").text
    make_issued(alder, ada)
    make_issued(alder, ada, due_on=(clock.now() - timedelta(days=3)).date())
    make_issued(alder, ada, [line("50")], currency="USD")
    page = signed_in.get("/client/").text
    assert "€240.00" in page
    assert "2 invoices. 1 of them is overdue." in page
    assert "$60.00" in page


def test_the_list_has_issued_invoices_newest_first_and_tells_apart_what_is_open(signed_in, alder, ada):
    assert "No invoices yet" in signed_in.get("/client/invoices").text
    first, _ = make_issued(alder, ada), make_issued(alder, ada)
    make_draft(alder, ada)
    credit(first)
    assert numbers(signed_in.get("/client/invoices")) == ["INV-000002", "INV-000001"]
    assert numbers(signed_in.get("/client/invoices?which=open")) == ["INV-000002"]
    assert numbers(signed_in.get("/client/invoices?which=nonsense")) == ["INV-000002", "INV-000001"]
    assert "None found" in signed_in.get("/client/invoices?which=paid").text
    assert numbers(signed_in.get("/client/invoices?q=000001")) == ["INV-000001"]
    assert numbers(signed_in.get("/client/invoices?q=%25")) == []


def test_a_long_list_has_pages(signed_in, alder, ada):
    for _ in range(21):
        make_issued(alder, ada)
    first, second = signed_in.get("/client/invoices"), signed_in.get("/client/invoices?page=2")
    assert (len(numbers(first)), numbers(second)) == (20, ["INV-000001"])
    assert 'href="/client/invoices?page=2"' in first.text
    for page in ("0", "x", "99999999999999999999", "-1", "٣"):
        assert signed_in.get("/client/invoices", query_string={"page": page}).status_code == 200


def test_an_invoice_shows_lines_sums_and_its_files(signed_in, alder, ada):
    key = make_issued(alder, ada, [line("12.5", 2, 20, discount=5, description="Lamp <b>")], notes="Thanks\nagain")
    page = signed_in.get(f"/client/invoices/{key}").text
    for words in ("Lamp &lt;b&gt;", "€12.50", "€20.00", "€4.00", "€24.00", "Thanks\nagain", "INV-000001.pdf"):
        assert words in page, words
    assert "INV-000001.xml" not in page                        # it lacks what an e-invoice needs
    pdf = signed_in.get(f"/client/invoices/{key}.pdf")
    assert (pdf.status_code, pdf.mimetype, pdf.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert pdf.headers["Content-Disposition"].startswith("attachment;")
    refused = signed_in.get(f"/client/invoices/{key}.xml")
    assert refused.status_code == 409


def test_an_invoice_says_how_it_is_paid_while_something_is_open(browser, alder):
    key = make_issued(alder, make_complete(alder))
    customer = db.session.get(Invoice, key).customer_id
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, customer), {"email": "ada@example.org"})
    one = browser()
    one.sign_in(alder, "ada@example.org")
    page = one.get(f"/client/invoices/{key}").text
    assert IBAN[:4] in page
    assert "Scan this with your banking app" in page
    assert one.get(f"/client/invoices/{key}.xml").mimetype == "application/xml"
    credit(key)
    page = one.get(f"/client/invoices/{key}").text
    assert "Scan this" not in page
    assert "CN-000001.pdf" in page


def test_a_credit_note_is_downloaded(signed_in, alder, ada):
    key = make_issued(alder, ada)
    note = credit(key)
    reply = signed_in.get(f"/client/credit-notes/{note}.pdf")
    assert (reply.status_code, reply.mimetype) == (200, "application/pdf")


@pytest.mark.parametrize("which", ["draft", "absent"])
def test_a_draft_and_an_absent_invoice_do_not_exist(signed_in, alder, ada, which):
    key = make_draft(alder, ada) if which == "draft" else 999
    for ending in ("", ".pdf", ".xml"):
        assert signed_in.get(f"/client/invoices/{key}{ending}").status_code == 404


def test_chosen_invoices_are_paid_together_under_one_link(signed_in, alder, ada):
    first, second = make_issued(alder, ada), make_issued(alder, ada)
    make_issued(alder, ada, [line("50")], currency="USD")
    page = signed_in.get("/client/invoices?which=open").text
    assert page.count('name="ids"') == 3
    reply = signed_in.post("/client/invoices/pay", {"ids": [first, second]})
    assert reply.status_code == 303
    shown = signed_in.get(reply.headers["Location"])
    assert shown.status_code == 200
    assert "€240.00" in shown.text
    signed_in.get("/client/")
    again = signed_in.post("/client/invoices/pay", {"currency": "EUR"})        # all that are open: the same link
    assert again.headers["Location"] == reply.headers["Location"]
    one = signed_in.post("/client/invoices/pay", {"ids": [second]})
    assert "€120.00" in signed_in.get(one.headers["Location"]).text


@pytest.mark.parametrize("sent", [{}, {"ids": ["x"]}, {"currency": "CHF"}, {"ids": ["0"], "currency": "EUR"}])
def test_without_an_open_invoice_there_is_nothing_to_pay(signed_in, alder, ada, sent):
    signed_in.get("/client/invoices")
    assert signed_in.post("/client/invoices/pay", sent).status_code == 422


def test_invoices_of_others_drafts_and_two_currencies_are_not_paid(signed_in, alder, birch, ada):
    bea = cast.make_customer(alder, "Bea")
    own, dollars = make_issued(alder, ada), make_issued(alder, ada, [line("50")], currency="USD")
    signed_in.get("/client/invoices")
    for key in (make_issued(alder, bea), make_issued(birch), make_draft(alder, ada), 987654):
        for ids in ([key], [own, key]):
            assert signed_in.post("/client/invoices/pay", {"ids": ids}).status_code == 404, (key, ids)
    assert signed_in.post("/client/invoices/pay", {"ids": [own, dollars]}).status_code == 422
    assert cast.count(InvoiceLink) == 0


def test_payments_of_an_invoice_are_shown(signed_in, alder, ada):
    key = make_issued(alder, ada)
    pay(alder, 50, key, reference="statement 7")
    page = signed_in.get(f"/client/invoices/{key}").text
    for words in ("Payments", "statement 7", "€50.00", "€70.00"):
        assert words in page, words
    assert "Partly paid" in page


def test_a_stopped_customer_may_pay(signed_in, alder, ada):
    key = make_issued(alder, ada)
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    signed_in.get("/client/invoices")
    assert signed_in.post("/client/invoices/pay", {"ids": [key]}).status_code == 303


def test_an_invoice_that_is_paid_in_parts_says_when_the_next_one_is_due(signed_in, alder, ada):
    order = make_order(alder, "instalment", "120.00", test=False, initial=30)
    with transaction():
        row = locked_order(order)
        row.customer_id = ada
        manual_payments.record(cast.actor_for(alder), row, rows_of(order)[0], 3000, reference="1")
    key = make(cast.actor_for(alder), order_id=order)
    issue(key)
    due = rows(order)[1].due_at
    page = words(signed_in.get(f"/client/invoices/{key}"))
    assert f"It is paid in parts, as agreed. €30.00 is due on {due:%-d %B %Y}." in page
    with transaction():
        locked_order(order)
        rows_of(order)[1].due_at = due = clock.now()
    with transaction():                      # as it will be at the end of the day
        db.session.get(Invoice, key).late_at = clock.now()
    page = words(signed_in.get(f"/client/invoices/{key}"))
    assert f"€30.00 was due on {due:%-d %B %Y}." in page
    assert "Pay €30.00 now Pay all, €90.00" in page
    assert "1 invoice. It is overdue." in signed_in.get("/client/").text

"""One link for several invoices of a customer, sent from the list and from the customer's page."""

import re

import pytest

from database import db
from models.audit import AuditEntry
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from tests import cast
from tests.invoicing import actor_of, make_draft, make_issued
from tests.pay.mailed import waiting
from tests.pay.test_invoice_mails import written

LIST = "/admin/invoices"


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


def bulk(admin, *keys, **more):
    return admin.post(f"{LIST}/bulk", {"verb": "send_link", "ids": [str(key) for key in keys], **more})


def confirmed(admin, page):
    chosen = re.search(r'name="chosen" value="([^"]+)"', page)[1]
    return admin.post(f"{LIST}/bulk", {"verb": "send_link", "chosen": chosen})


def test_ticked_invoices_are_sent_in_one_mail_with_one_link(admin, app, alder, ada):
    keys = [make_issued(alder, ada) for _ in range(3)]
    page = bulk(admin, *keys[:2]).text
    assert "A mail goes to ada@example.org, with one link under which all are paid at once: 240.00 EUR." in page
    assert not waiting("invoice")
    assert confirmed(admin, page).status_code == 303
    assert "One link to pay 2 invoices is being sent." in admin.get(LIST).text
    (mail,) = [written("invoice", place) for place in range(len(waiting("invoice")))]
    assert (mail.to, mail.subject) == ("ada@example.org", "Your 2 invoices from Alder")
    assert "€240.00" in mail.text
    assert len(mail.files) == 2
    link = re.search(r"(/pay/[\w-]+)", mail.text)[1]
    shown = app.test_client(use_cookies=False).get(link).text
    assert "INV-000001" in shown
    assert "INV-000002" in shown
    assert "INV-000003" not in shown
    assert db.session.query(Invoice).filter(Invoice.sent_at.is_not(None)).count() == 2
    assert db.session.query(AuditEntry).filter_by(action="invoice.sent").count() == 2


def test_the_customers_page_sends_all_that_are_open(admin, alder, ada):
    for _ in range(2):
        make_issued(alder, ada)
    make_draft(alder, ada)
    assert f"/admin/customers/{ada}/pay_link" in admin.get(f"/admin/customers/{ada}").text
    page = admin.get(f"/admin/customers/{ada}/pay_link").text
    assert "240.00 EUR" in page
    confirmed(admin, page)
    assert len(waiting("invoice")) == 1


@pytest.mark.parametrize("kind", ["customers", "currencies", "draft", "paid", "no address"])
def test_what_cannot_be_in_one_link_is_said_and_nothing_is_sent(admin, alder, ada, kind):
    first, said = make_issued(alder, ada), ""
    if kind == "customers":
        bo, said = cast.make_customer(alder, "Bo", email="bo@example.org"), "of several customers"
        other = make_issued(alder, bo)
    elif kind == "currencies":
        other, said = make_issued(alder, ada, currency="USD"), "in several currencies"
    elif kind == "draft":
        other, said = make_draft(alder, ada), "Nothing was changed."
    elif kind == "paid":
        free, said = {"description": "Free", "quantity": 1, "unit_price": 0}, "is open of"
        other = make_issued(alder, ada, items=[free])
    else:
        quiet = cast.make_customer(alder, "Cy")
        first, other, said = make_issued(alder, quiet), make_issued(alder, quiet), "no e-mail address"
    bulk(admin, first, other)
    assert said in admin.get(LIST).text
    assert not waiting("invoice")
    assert db.session.query(InvoiceLink).count() == 0


def test_a_customer_without_open_invoices_gets_nothing(admin, alder, ada):
    assert admin.get(f"/admin/customers/{ada}/pay_link").status_code == 303
    assert "This customer has no open invoices." in admin.get(f"/admin/customers/{ada}").text


def test_invoices_and_customers_of_others_are_not_there(admin, alder, birch, ada):
    theirs = cast.make_customer(birch, "Eve", email="eve@example.org")
    bulk(admin, make_issued(alder, ada), make_issued(birch, theirs))
    assert admin.get(f"/admin/customers/{theirs}/pay_link").status_code == 404
    in_test = cast.make_customer(alder, "Tess", actor=actor_of(alder, test=True))
    assert admin.get(f"/admin/customers/{in_test}/pay_link").status_code == 404
    assert not waiting("invoice")


def test_a_mail_says_only_what_is_still_open_and_none_is_sent_where_all_is_paid(admin, alder, ada):
    first, second = make_issued(alder, ada), make_issued(alder, ada)
    confirmed(admin, bulk(admin, first, second).text)
    admin.post(f"{LIST}/{first}/cancel")
    assert written("invoice").subject == "Your invoice INV-000002 from Alder"
    admin.post(f"{LIST}/{second}/cancel")
    assert written("invoice") is None

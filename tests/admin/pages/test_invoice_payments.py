"""The page of an invoice: what was paid, and the dialogs that book money."""

import re

import pytest

from database import db
from domain.invoicing.documents import receipt_document
from models.payment import Payment
from tests import cast
from tests.admin.page_text import text_of
from tests.domain.invoicing.paying.money import credit_of, give_back, pay
from tests.invoicing import credit, make_draft, make_issued, of


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder)


def filled(reader, key, **given):
    """The form of the dialog as it was shown, with other values."""
    page = reader.part(f"/admin/invoices/{key}/payment").text
    shown = dict(re.findall(r'name="(\w+)" type="\w+" value="([^"]*)"', page))
    hidden = dict(re.findall(r'type="hidden" name="(version|once)" value="([^"]*)"', page))
    return shown | hidden | {"gateway": "manual"} | given


def test_a_draft_shows_its_lines_and_offers_no_payment(admin, alder):
    page = admin.get(f"/admin/invoices/{make_draft(alder)}").text
    assert "Work" in page
    assert "Record payment" not in page
    assert "No lines yet." in admin.get(f"/admin/invoices/{make_draft(alder, items=())}").text


def test_a_payment_is_recorded_once_however_often_the_form_is_sent(admin, alder, ada):
    key = make_issued(alder, ada)
    assert "Record payment" in admin.get(f"/admin/invoices/{key}").text
    sent = filled(admin, key, amount="50")
    assert filled(admin, key)["amount"] == "120.00"
    for _ in range(2):
        assert admin.post(f"/admin/invoices/{key}/payment", sent).status_code == 303
    assert of(key).paid_minor == 5000
    text = text_of(admin.get(f"/admin/invoices/{key}").text)
    assert "Paid −50.00 EUR" in text
    assert "Open 70.00 EUR" in text
    assert "Bank transfer" in text
    assert "Entry 1" in text


def test_a_form_of_before_another_payment_is_shown_again(admin, alder):
    key = make_issued(alder)
    sent = filled(admin, key)
    pay(alder, 20, key)
    reply = admin.post(f"/admin/invoices/{key}/payment", sent)
    assert reply.status_code == 409
    assert of(key).paid_minor == 2000


@pytest.mark.parametrize(("wrong", "said"), [
    ({"amount": "0"}, "Amount must be greater than 0"), ({"amount": ""}, "Amount is required"),
    ({"amount": "1.001"}, "Amount"), ({"received_on": "2099-01-01"}, "Received must not be in the future"),
    ({"reference": "R1"}, "Reference is that of another payment"),
])
def test_what_is_wrong_is_said_beside_its_field_and_kept(admin, alder, wrong, said):
    key = make_issued(alder)
    pay(alder, 1, key, reference="R1")
    reply = admin.post(f"/admin/invoices/{key}/payment", filled(admin, key, **wrong))
    assert (reply.status_code, said in text_of(reply.text)) == (422, True)
    assert of(key).paid_minor == 100


def test_credit_is_offered_used_and_gone(admin, alder, ada):
    key = make_issued(alder, ada)
    assert "Use credit" not in admin.get(f"/admin/invoices/{key}").text
    pay(alder, 150, customer_id=ada, currency="EUR")
    assert "a credit of 150.00 EUR" in text_of(admin.get(f"/admin/invoices/{key}").text)
    dialog = text_of(admin.part(f"/admin/invoices/{key}/credit").text)
    assert "120.00 EUR of the customer’s credit pays this invoice." in dialog
    assert "30.00 EUR of credit is left." in dialog
    version = of(key).version
    admin.post(f"/admin/invoices/{key}/credit", {"version": version - 1})
    assert of(key).paid_minor == 0
    assert admin.post(f"/admin/invoices/{key}/credit", {"version": version}).status_code == 303
    assert (of(key).balance_minor, credit_of(ada)) == (0, 3000)
    assert "Use credit" not in admin.get(f"/admin/invoices/{key}").text


def test_credit_notes_and_refunds_show_in_the_sums(admin, alder):
    key = make_issued(alder)
    payment_id = pay(alder, 120, key)
    credit(key)
    assert "Paid too much 120.00 EUR" in text_of(admin.get(f"/admin/invoices/{key}").text)
    give_back(payment_id)
    text = text_of(admin.get(f"/admin/invoices/{key}").text)
    assert "Refunded 120.00 EUR" in text
    assert "Pays invoices" in admin.get(f"/admin/payments/{payment_id}").text


def test_the_receipt_of_a_payment_names_the_invoices(admin, alder, ada):
    key = make_issued(alder, ada)
    payment_id = pay(alder, 150, key, gateway="cash")
    assert admin.get(f"/admin/payments/{payment_id}/document.pdf").status_code == 200
    document = receipt_document.document(db.session.get(Payment, payment_id))
    assert [(one.name, one.amount_minor) for one in document.lines] == [
        (f"Invoice {of(key).number}", 12000), ("On account", 3000)]
    assert document.paid_with == "Cash"


def test_without_the_permission_there_is_no_button_and_no_address(alder, signed_in):
    key = make_issued(alder)
    reader = signed_in("restricted_user", [alder])
    assert reader.get(f"/admin/invoices/{key}/payment").status_code in (403, 404)
    assert reader.post(f"/admin/invoices/{key}/payment", {"amount": "1"}).status_code in (403, 404)
    assert of(key).paid_minor == 0


def test_the_payment_link_is_shown_the_same_until_it_is_renewed(admin, alder):
    key = make_issued(alder)
    assert "Payment link" in admin.get(f"/admin/invoices/{key}").text
    links = [re.search(r"http://localhost(/pay/[\w-]+)", admin.post(path).text)[1] for path in (
        f"/admin/invoices/{key}/link", f"/admin/invoices/{key}/link", f"/admin/invoices/{key}/link/renew")]
    assert links[0] == links[1] != links[2]
    assert admin.get(links[2]).status_code == 200
    assert admin.get(links[0]).status_code == 404
    assert "stops working" in admin.part(f"/admin/invoices/{key}/link/renew").text
    pay(alder, 120, key)
    assert "Payment link" not in admin.get(f"/admin/invoices/{key}").text


def test_the_statement_of_a_customer_is_a_tab_a_pdf_and_a_csv(admin, alder, ada):
    assert "Nothing changed the balance" in admin.get(f"/admin/customers/{ada}?tab=statement").text
    pay(alder, 20, make_issued(alder, ada))
    text = text_of(admin.get(f"/admin/customers/{ada}?tab=statement").text)
    assert "Closing balance 100.00 EUR" in text
    assert "INV-000001" in text
    days = "start=2001-01-01&until=2001-12-31&currency=EUR"
    assert "Nothing changed" in admin.get(f"/admin/customers/{ada}?tab=statement&{days}").text
    wrong = f"/admin/customers/{ada}?tab=statement&until=2001-01-01&start=2002-01-01"
    assert "must not be before" in admin.get(wrong).text
    assert admin.get(f"/admin/customers/{ada}/statement.pdf").data[:4] == b"%PDF"
    rows = admin.get(f"/admin/customers/{ada}/statement.csv").text.splitlines()
    assert [row.split(",")[1:5:2] for row in rows[1:]] == [["invoice", "120.00"], ["payment", "-20.00"]]


def test_the_mails_about_an_invoice_are_listed_with_what_became_of_them(admin, alder):
    who = cast.make_customer(alder, "Grace Hopper", email="grace@example.org")
    key = make_issued(alder, who)
    assert "Mails about the invoice" not in admin.get(f"/admin/invoices/{key}").text
    assert admin.post(f"/admin/invoices/{key}/send", {"version": of(key).version}).status_code == 303
    page = admin.get(f"/admin/invoices/{key}").text
    assert "Mails about the invoice" in page
    address = re.search(r'href="(/admin/outbox/\d+/mail)"', page)[1]
    assert "Invoice INV-000001 from" in admin.get(address).text
    assert "Sent" in text_of(page)

from database import db, transaction
from domain.invoicing.documents import receipt_document, rendering
from domain.invoicing.documents.layout import Layout
from models.order import Order
from models.payment import Payment
from tests import paying
from tests.domain.invoicing.documents.papers import pages


def receipts(order_id):
    return [receipt_document.document(one) for one in paying.payments(order_id)]


def test_a_receipt_says_what_was_paid_for_what_and_how(alder):
    order_id = paying.active(alder, price="25.00")
    (document,) = receipts(order_id)
    assert document.number == f"TEST-{paying.payments(order_id)[0].id}"
    assert document.order == f"TEST-{order_id}"
    assert [(line.name, line.amount_minor) for line in document.lines] == [("Lamp", 2_500)]
    said = pages(rendering.pdf(document))[0]
    assert "Received €25.00" in said
    assert f"Paid with {document.paid_with}" in said
    assert "Ada Lovelace" in said


def test_a_payment_by_hand_is_a_bank_transfer_in_the_words_of_the_language(alder):
    (document,) = receipts(paying.paid_by_hand(alder))
    assert document.paid_with == "Bank transfer"
    assert not document.test


def test_a_part_of_an_order_is_one_line_that_says_what_the_order_is_about(alder):
    order_id = paying.active(alder, price="25.00")
    with transaction():
        db.session.get(Payment, paying.payments(order_id)[0].id).amount_minor = 1_000
        db.session.get(Order, order_id).description = "Lamps for the hall"
    (document,) = receipts(order_id)
    assert [(line.name, line.amount_minor) for line in document.lines] == [("Lamps for the hall", 1_000)]
    assert document.totals.total_minor == 1_000


def test_the_tax_in_it_and_what_was_given_back_are_named(alder):
    order_id = paying.active(alder, price="25.00")
    with transaction():
        payment = db.session.get(Payment, paying.payments(order_id)[0].id)
        payment.refunded_minor, payment.scheduled_payment.tax_minor = 1_000, 417
    layout = Layout(receipts(order_id)[0])
    assert layout.sums() == [("of which Tax", "€4.17"), ("Given back", "-€10.00"), ("Received", "€25.00")]


def test_the_orders_own_invoice_number_is_its_number(alder):
    order_id = paying.active(alder)
    with transaction():
        db.session.get(Order, order_id).invoice_ref = "A-17"
    assert receipts(order_id)[0].order == "A-17"

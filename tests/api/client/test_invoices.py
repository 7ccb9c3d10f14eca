"""Invoices: what a customer's program reads of them, and their files."""

import re
from datetime import date, timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.invoicing import crediting
from domain.people import customers
from models.customer import Customer, CustomerStatus
from models.invoice import Invoice
from tests import cast
from tests.api.client.conftest import ClientProgram, token_of
from tests.api.client.test_hosting import make_service
from tests.domain.invoicing.e_invoice.complete import make_complete
from tests.domain.invoicing.paying.money import pay
from tests.invoicing import credit, line, locked, make_draft, make_issued

ROW = {
    "id", "invoice_number", "status", "currency", "subtotal", "discount", "tax", "total", "amount_paid", "balance",
    "issue_date", "due_date", "paid_at",
}
MISSING = {"error": "Resource not found", "code": 404}
FORBIDDEN = {"error": "Forbidden", "code": 403}


@pytest.fixture
def bea(alder):
    return cast.make_customer(alder, "Bea", email="bea@example.org")


def test_the_list_has_the_documented_fields_and_its_page(program, alder, ada):
    key = make_issued(alder, ada)
    row = db.session.get(Invoice, key)
    found = program.get("/invoices").json
    assert found == {
        "data": [{
            "id": key, "invoice_number": "INV-000001", "status": "unpaid", "currency": row.currency,
            "subtotal": "100.00", "discount": "0.00", "tax": "20.00", "total": "120.00", "amount_paid": "0.00",
            "balance": "120.00", "issue_date": row.issue_on.isoformat(),
            "due_date": row.due_on.isoformat() if row.due_on else None, "paid_at": None,
        }],
        "count": 1, "total": 1, "page": 1, "limit": 20, "pages": 1,
    }
    assert found["data"][0].keys() == ROW


def test_pages_have_as_many_rows_as_asked_for_newest_first(program, alder, ada):
    keys = [make_issued(alder, ada) for _ in range(3)]
    found = program.get("/invoices?limit=2").json
    assert ([one["id"] for one in found["data"]], found["count"], found["total"], found["pages"]) == (
        keys[:0:-1], 2, 3, 2)
    rest = program.get("/invoices?page=2&limit=2").json
    assert ([one["id"] for one in rest["data"]], rest["page"]) == (keys[:1], 2)
    beyond = program.get("/invoices?page=9").json
    assert (beyond["data"], beyond["count"], beyond["total"]) == ([], 0, 3)
    assert program.get("/invoices?limit=1000").json["limit"] == 100


@pytest.mark.parametrize("query", ["page=0", "page=x", "limit=0", "limit=-1", "page=1.5", "page=", "page=1&page=2"])
def test_a_wrong_page_is_400(program, query):
    reply = program.get(f"/invoices?{query}")
    assert (reply.status_code, reply.json) == (
        400, {"error": f"Invalid value for {query.partition('=')[0]}", "code": 400})


def test_an_invoice_has_its_lines_and_notes(program, alder, ada):
    key = make_issued(alder, ada, [line("12.5", 2, 20, discount=5), line("10", 1, 0, tax_category="Z")], notes="Thanks")
    found = program.get(f"/invoices/{key}").json
    assert found.keys() == ROW | {"amount_credited", "items", "payments", "credit_notes", "notes"}
    assert found["notes"] == "Thanks"
    first = found["items"][0]
    assert first == {
        "id": first["id"], "description": "Work", "quantity": 2, "unit_price": "12.50", "discount": "5.00",
        "tax_rate": 20, "tax": "4.00", "total": "24.00", "service_id": None,
    }
    assert (found["subtotal"], found["discount"], found["tax"], found["total"]) == ("35.00", "5.00", "4.00", "34.00")


def test_credit_notes_of_an_invoice_are_shown(program, alder, ada):
    key = make_issued(alder, ada)
    note = credit(key, [{"item_id": db.session.get(Invoice, key).items[0].id, "amount": 50}], "Half")
    found = program.get(f"/invoices/{key}").json
    assert (found["amount_credited"], found["balance"], found["status"]) == ("60.00", "60.00", "unpaid")
    assert found["credit_notes"] == [{
        "id": note, "credit_note_number": "CN-000001", "total": "60.00", "reason": "Half",
        "issue_date": found["credit_notes"][0]["issue_date"]}]
    credit(key)
    assert program.get(f"/invoices/{key}").json["status"] == "cancelled"


def test_a_draft_is_never_seen(program, alder, ada, bea):
    draft, hers = make_draft(alder, ada), make_draft(alder, bea)
    cancelled = make_draft(alder, ada)
    with transaction():
        crediting.cancel(*locked(cancelled))
    assert program.get("/invoices").json["total"] == 0
    for key in (draft, hers, cancelled):
        for path in (f"/invoices/{key}", f"/invoices/{key}.pdf", f"/invoices/{key}.xml"):
            assert (program.get(path).status_code, program.get(path).json) == (404, MISSING), path


def test_an_invoice_is_overdue_when_its_day_has_passed(program, alder, ada):
    key = make_issued(alder, ada, due_on=(clock.now() - timedelta(days=2)).date())
    assert program.get(f"/invoices/{key}").json["status"] == "overdue"
    assert program.get("/invoices").json["data"][0]["status"] == "overdue"


def test_the_files_of_an_invoice_are_given(app, alder):
    customer = make_complete(alder)
    key, other = make_issued(alder, customer), ClientProgram(app, token_of(customer))
    pdf, xml = other.get(f"/invoices/{key}.pdf"), other.get(f"/invoices/{key}.xml")
    assert (pdf.status_code, pdf.mimetype, pdf.data[:5]) == (200, "application/pdf", b"%PDF-")
    assert re.search(r'filename="Invoice-INV-000001\.pdf"', pdf.headers["Content-Disposition"])
    assert (xml.status_code, xml.mimetype) == (200, "application/xml")
    assert b"INV-000001" in xml.data


def test_an_invoice_that_lacks_what_an_e_invoice_needs_has_none(program, alder, ada):
    key = make_issued(alder, ada)
    assert program.get(f"/invoices/{key}.pdf").status_code == 200
    reply = program.get(f"/invoices/{key}.xml")
    assert (reply.status_code, reply.json["code"]) == (409, 409)
    assert reply.json["error"].startswith("There is no e-invoice: the country of the merchant profile")


def test_another_customers_invoice_is_403_another_merchants_and_an_absent_one_404(program, alder, birch, ada, bea):
    hers, abroad = make_issued(alder, bea), make_issued(birch)
    for ending in ("", ".pdf", ".xml"):
        reply = program.get(f"/invoices/{hers}{ending}")
        assert (reply.status_code, reply.json) == (403, FORBIDDEN)
        for key in (abroad, 999, "x"):
            reply = program.get(f"/invoices/{key}{ending}")
            assert (reply.status_code, reply.json) == (404, MISSING), (key, ending)
    assert program.get("/invoices").json["total"] == 0


def test_an_invoice_of_the_other_world_is_absent(app, program, alder):
    tess = cast.make_customer(alder, "Tess", actor=cast.actor_for(alder).in_world(test=True), email="t@example.org")
    key = make_issued(alder, tess, test=True)
    assert program.get(f"/invoices/{key}").json == MISSING
    own = ClientProgram(app, token_of(tess)).get(f"/invoices/{key}").json
    assert own["invoice_number"].startswith("TEST-")


def test_a_stopped_customer_reads_invoices(program, alder, ada):
    key = make_issued(alder, ada)
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    assert program.get(f"/invoices/{key}").status_code == 200
    assert program.get(f"/invoices/{key}.pdf").status_code == 200


def test_a_service_names_the_invoices_that_bill_it(program, alder, ada, bea):
    product = cast.make_product(alder, "Hosting", price=20, currency="EUR", billing="subscription",
                                scheduled_unit="MONTH", scheduled_interval=1)
    service, other = make_service(alder, ada, product, status="active"), make_service(alder, ada, product)
    first = make_issued(alder, ada, [line("20", service_id=service), line("1", service_id=service)])
    second = make_issued(alder, ada, [line("20", service_id=service)])
    make_draft(alder, ada, [line("20", service_id=service)])
    make_issued(alder, bea, [line("20", service_id=service)])
    found = program.get(f"/services/{service}").json["invoices"]
    assert found == [
        {"id": second, "invoice_number": "INV-000002", "status": "unpaid", "total": "24.00"},
        {"id": first, "invoice_number": "INV-000001", "status": "unpaid", "total": "25.20"},
    ]
    assert program.get(f"/services/{other}").json["invoices"] == []


def test_nothing_is_written_by_programs(program, alder, ada):
    key = make_issued(alder, ada)
    for method in ("PUT", "DELETE", "PATCH", "POST"):
        assert program(method, f"/invoices/{key}", json={"notes": "x"}).status_code == 405
    assert program.post("/invoices", {}).status_code == 405


def test_payments_of_an_invoice_are_shown_and_add_up(program, alder, ada):
    first, second = make_issued(alder, ada), make_issued(alder, ada)
    payment = pay(alder, 150, first, second, reference="statement 7", received_on=date(2026, 1, 31))
    found = [program.get(f"/invoices/{key}").json for key in (first, second)]
    assert [(one["status"], one["amount_paid"], one["balance"]) for one in found] == [
        ("paid", "120.00", "0.00"), ("partially_paid", "30.00", "90.00")]
    assert [one["payments"] for one in found] == [
        [{"id": payment, "date": "2026-01-31", "amount": amount, "method": "manual", "transaction_id": "statement 7"}]
        for amount in ("120.00", "30.00")]

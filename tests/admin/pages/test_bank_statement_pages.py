"""Pages of bank statements: a file is uploaded, what is unsure is listed, assigned, set aside and taken back."""

import io
from decimal import Decimal

import pytest
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from blueprints.admin import bank_statements
from database import db
from domain.invoicing.bank.bank_import import PORTION
from domain.payments.bank.creditor_references import Reference
from domain.payments.bank.formats.bank_statements import MOST_BYTES
from models.invoice import Invoice
from models.order import ScheduledPayment
from models.payment import Payment
from models.statement_row import StatementRow, StatementState
from tests import cast, excepted, ordered
from tests.cast import actor_for
from tests.domain.payments.bank.formats.camt_files import document, entry, import_file
from tests.domain.payments.bank.formats.camt_files import transaction as details
from tests.domain.payments.orders.test_ordering import order, product
from tests.invoicing import make_issued

LIST, UPLOAD = "/admin/statement_rows", "/admin/statement_upload"


@pytest.fixture
def lamp(alder):
    """A pending order of 12.50."""
    return order(actor_for(alder), cast.make_customer(alder), product(alder, "single_payment", Decimal("12.5")))


def upload(visitor, raw, name="november.xml", **fields):
    """Send the form in memory: the test client would leave the temporary file of a large one open."""
    visitor.get(UPLOAD)
    file = FileStorage(io.BytesIO(raw), name)
    boundary, body = encode_multipart({"csrf_token": visitor.token, "file": file, **fields})
    return visitor.open("POST", UPLOAD, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def paying(order_id, amount="12.50"):
    return entry(amount, details(Reference(order_id).printed, name="Ann"))


def stored(alder, *entries):
    import_file(actor_for(alder), document(*entries))
    return db.session.query(StatementRow).order_by(StatementRow.id).all()


def test_an_uploaded_statement_books_what_is_sure_and_leads_to_what_is_not(admin, lamp):
    reply = upload(admin, document(paying(lamp), paying(lamp, "3.00")))
    assert (reply.status_code, reply.headers["Location"]) == (303, f"{LIST}?state=unsure")
    page = admin.get(reply.headers["Location"]).text
    assert "2 movements read: 1 booked, 1 to be assigned, 0 ignored, 0 already known." in page
    assert "3.00" in page
    assert "12.50" not in page.partition("<table")[2].partition("</table>")[0].replace("12.50 EUR is open", "")
    again = upload(admin, document(paying(lamp), paying(lamp, "3.00")))
    assert "2 already known" in admin.get(again.headers["Location"]).text
    assert db.session.query(Payment).count() == 1


def test_a_file_that_cannot_be_read_says_where_and_why(admin, lamp):
    reply = upload(admin, document(entry("1,5")))
    assert reply.status_code == 422
    assert "Line 5: the element &lt;Amt&gt; is no amount." in reply.text
    assert upload(admin, b"<!DOCTYPE x><x/>").status_code == 422
    assert admin.post(UPLOAD, {}).status_code == 422


def test_what_a_csv_file_does_not_say_is_said_in_the_form(admin, lamp):
    text = f"When;How much;What\n02/11/2026;12.50;{Reference(lamp).text}\n"
    assert "Name the columns" in upload(admin, text.encode(), "x.csv").text
    said = {"column_booked_on": "When", "column_amount": "How much", "column_text": "What"}
    refused = upload(admin, text.encode(), "x.csv", **said)
    assert "could be day/month or month/day" in refused.text
    assert 'value="How much"' in refused.text
    assert upload(admin, text.encode(), "x.csv", day_first="day", **said).status_code == 303
    assert db.session.query(StatementRow).one().state is StatementState.BOOKED


def test_a_statement_may_be_larger_than_other_forms_up_to_its_own_limit(admin, lamp):
    large = document(entry("1.00", details("x" * 140)) * 120) + b" " * 2 * 1024 * 1024      # rows of three transactions
    assert len(large) > 2 * 1024 * 1024
    assert upload(admin, large).status_code == 303
    assert upload(admin, document() + b" " * MOST_BYTES).status_code in (413, 422)


def test_one_statement_is_read_at_a_time(admin, lamp):
    with bank_statements.one_at_a_time():
        refused = upload(admin, document(paying(lamp)))
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
        assert "Another statement is being read." in refused.text
        assert cast.count(StatementRow) == 0
    assert upload(admin, b"not a statement").status_code == 422
    assert upload(admin, document(paying(lamp))).status_code == 303


def test_a_statement_that_takes_too_long_goes_on_with_the_next_upload(admin, alder, monkeypatch):
    raw = document(*[entry(bank_id=f"B{number}") for number in range(PORTION + 5)])
    monkeypatch.setattr(bank_statements, "LONGEST", 0.0)
    reply = upload(admin, raw)
    page = admin.get(reply.headers["Location"]).text
    assert f"{PORTION} movements read" in page
    assert "Left to be read: 5." in page
    assert reply.headers["Location"] == UPLOAD
    monkeypatch.setattr(bank_statements, "LONGEST", 60.0)
    reply = upload(admin, raw)
    page = admin.get(reply.headers["Location"]).text
    assert f"{PORTION} already known" in page
    assert "Left to be read" not in page
    assert cast.count(StatementRow) == PORTION + 5


def test_a_user_of_several_merchants_chooses_one_first(ops, alder, lamp):
    reply = upload(ops, document(paying(lamp)))
    assert reply.status_code == 422
    assert "Choose a merchant profile first" in reply.text
    page = ops.get(UPLOAD).text
    assert 'type="file"' not in page
    ops.post("/admin/switch", {"merchant": str(alder), "next": UPLOAD})
    assert 'type="file"' in ops.get(UPLOAD).text


def test_a_movement_is_assigned_booked_taken_back_and_set_aside(admin, alder, lamp):
    movement, other = stored(alder, entry("3.00"), entry("12.50"))
    row = db.session.query(ScheduledPayment).one()
    page = admin.get(f"{LIST}/{movement.id}/edit").text
    assert f'name="scheduled_payment_id" value="{row.id}"' in page
    version = page.partition('name="version" value="')[2].partition('"')[0]
    saved = admin.post(f"{LIST}/{movement.id}", {"scheduled_payment_id": str(row.id), "version": version})
    assert saved.status_code == 303
    assert db.session.get(StatementRow, movement.id).state is StatementState.BOOKED
    assert "12.50" in admin.get(f"{LIST}/{other.id}").text
    for verb, state in (("unbook", "unsure"), ("book", "booked"), ("unbook", "unsure"), ("ignore", "ignored")):
        reply = admin.post(f"{LIST}/{movement.id}/{verb}")
        assert reply.status_code == 303, (verb, reply.text)
        db.session.expire_all()
        assert db.session.get(StatementRow, movement.id).state == state, verb


@pytest.mark.parametrize("test", [False, True], ids=["of another merchant", "of the other world"])
def test_a_payment_out_of_reach_cannot_be_assigned(ops, alder, birch, test):
    movement = excepted.make_movement(actor_for(alder))
    foreign = ordered.make_waiting(actor_for(alder if test else birch).in_world(test=test), "Foreign Fred")
    page = ops.get(f"{LIST}/{movement}/edit?q=Fred").text
    assert "Foreign Fred" not in page
    assert "No open invoice or payment matches" in page
    refused = ops.post(f"{LIST}/{movement}", {"scheduled_payment_id": str(foreign)})
    assert refused.status_code == 422
    assert "must exist" in refused.text
    assert db.session.get(StatementRow, movement, populate_existing=True).state is StatementState.UNSURE


def test_the_suggested_payment_is_assigned_from_the_picker(admin, alder):
    movement = excepted.make_movement(actor_for(alder))
    page = admin.get(f"{LIST}/{movement}/edit").text
    assert "Same amount" in page
    chosen = page.partition('name="scheduled_payment_id" value="')[2].partition('"')[0]
    version = page.partition('name="version" value="')[2].partition('"')[0]
    admin.post(f"{LIST}/{movement}", {"scheduled_payment_id": chosen, "version": version})
    row = db.session.get(StatementRow, movement, populate_existing=True)
    assert (row.state, str(row.scheduled_payment_id)) == (StatementState.BOOKED, chosen)


def test_other_roles_and_merchants_reach_no_statement_of_alder(signed_in, alder, birch, lamp):
    movement = stored(alder, entry("3.00"))[0]
    stranger = signed_in(merchants=[birch], email="b@birch.example")
    assert stranger.get(f"{LIST}/{movement.id}").status_code == 404
    restricted = signed_in("restricted_user", merchants=[alder])
    assert "3.00" not in restricted.get(LIST).text


def test_a_transfer_for_invoices_is_explained_booked_by_the_button_and_assigned(admin, alder):
    ada = cast.make_customer(alder, "Ada Lovelace")
    first, second = make_issued(alder, ada), make_issued(alder, ada)
    part, other = stored(alder, entry("100.00", details("INV-000001")), entry("140.00", details("thank you")))
    page = admin.get("/admin/exceptions/movements").text
    assert "120.00 EUR is open of invoice INV-000001, not this amount." in page
    assert f'action="{LIST}/{part.id}/book"' in page or f"{LIST}/{part.id}/book" in page
    shown = admin.get(f"{LIST}/{part.id}").text
    assert f'href="/admin/invoices/{first}"' in shown
    assert "20.00 EUR stays open." in admin.get(f"{LIST}/{part.id}/book").text
    assert admin.post(f"{LIST}/{part.id}/book").status_code == 303
    page = admin.get(f"{LIST}/{other.id}/edit").text
    assert page.index("INV-000001") < page.index("INV-000002")
    assert "INV-000001" not in admin.get(f"{LIST}/{other.id}/edit?q=INV+000002").text
    version = page.partition('name="version" value="')[2].partition('"')[0]
    saved = admin.post(f"{LIST}/{other.id}", {"invoice_ids.0": str(second), "version": version})
    assert saved.status_code == 303
    assert [db.session.get(Invoice, key, populate_existing=True).balance_minor for key in (first, second)] == [2000, 0]
    assert "INV-000002" in admin.get(f"{LIST}?state=booked").text
    assert "The invoices that it paid are open again" in admin.get(f"{LIST}/{other.id}/unbook").text


def test_an_invoice_out_of_reach_cannot_be_assigned(ops, alder, birch):
    movement = excepted.make_movement(actor_for(alder))
    foreign = make_issued(birch, cast.make_customer(birch, "Foreign Fred"))
    assert "Foreign Fred" not in ops.get(f"{LIST}/{movement}/edit?q=Fred").text
    refused = ops.post(f"{LIST}/{movement}", {"invoice_ids.0": str(foreign)})
    assert refused.status_code == 422
    assert db.session.get(StatementRow, movement, populate_existing=True).state is StatementState.UNSURE


def test_a_movement_leads_to_what_it_pays(admin, alder, lamp):
    booked, unsure = stored(alder, paying(lamp), entry("3.00", "Nothing known"))
    page = admin.get(f"{LIST}/{booked.id}").text
    for noun, key in (
        ("orders", lamp), ("scheduled-payments", booked.scheduled_payment_id), ("payments", booked.payment_id),
    ):
        assert f'href="/admin/{noun}/{key}"' in page
    assert "Suggested order" not in admin.get(f"{LIST}/{unsure.id}").text


def test_rows_of_statements_are_called_movements(admin, alder):
    rows = stored(alder, entry("3.00", "Nothing known"), entry("4.00", "Nothing known"))
    assert "2 movements" in admin.get(LIST).text
    admin.post(f"{LIST}/bulk", {"verb": "ignore", "ids": [one.id for one in rows]})
    page = admin.get(LIST).text
    assert "statement row" not in page
    assert "2 movements were set aside" in page

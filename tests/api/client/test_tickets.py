"""Tickets: what a customer's program opens and reads."""

import re

import pytest

from database import db, transaction
from domain.people import customers
from domain.support import departments, ticket_files, tickets
from models.customer import Customer, CustomerStatus
from models.ticket import Department, Ticket, TicketSource
from tests import cast
from tests.api.client.conftest import ClientProgram, token_of
from tests.ticketed import act, answer, ask_again, make_customers, make_file, make_ticket, stored

NEW = {"subject": "Need help", "message": "My site is down.", "department_id": 2}       # as the documents' example
FIELDS = {
    "id", "ticket_number", "subject", "department", "priority", "status", "message", "created_at", "updated_at",
    "last_reply_at", "attachments", "replies",
}
MISSING = {"error": "Resource not found", "code": 404}
FORBIDDEN = {"error": "Forbidden", "code": 403}


@pytest.fixture
def bea(alder):
    return cast.make_customer(alder, "Bea", email="bea@example.org")


@pytest.fixture
def cleo(birch):
    return cast.make_customer(birch, "Cleo", email="cleo@example.org")


def test_the_documented_creation_answers_to_the_letter(program, alder, ada):
    reply = program.post("/tickets", NEW)
    made = db.session.query(Ticket).one()
    assert (reply.status_code, reply.json) == (
        201, {"success": True, "ticket_id": made.id, "ticket_number": made.number})
    assert re.fullmatch(r"TKT-[0-9A-F]{8}", made.number)
    assert (made.customer_id, made.merchant_id, made.source, made.priority) == (ada, alder, TicketSource.CLIENT, 2)
    assert made.department.name == "Technical"


def test_without_department_and_priority_a_ticket_is_for_support_and_medium(program):
    key = program.post("/tickets", {"subject": "x", "message": "y"}).json["ticket_id"]
    found = program.get(f"/tickets/{key}").json
    assert (found["department"], found["priority"]) == ({"id": 1, "name": "Support"}, {"id": 2, "name": "Medium"})


@pytest.mark.parametrize(("sent", "status", "words"), [
    ({"message": "y"}, 422, "Missing required field: subject"),
    ({"subject": "x"}, 422, "Missing required field: message"),
    ({}, 422, "Missing required fields: subject, message"),
    ({"subject": " ", "message": "y"}, 422, "Missing required field: subject"),
    ({"subject": "x", "message": ""}, 422, "Missing required field: message"),
    ({"subject": None, "message": "y"}, 400, "Invalid value for subject"),
    ({"subject": 5, "message": "y"}, 400, "Invalid value for subject"),
    ({"subject": "x" * 201, "message": "y"}, 400, "Invalid value for subject"),
    ({"subject": "x", "message": "y" * 20_001}, 400, "Invalid value for message"),
    (NEW | {"department_id": 99}, 400, "Invalid value for department_id"),
    (NEW | {"department_id": "2"}, 400, "Invalid value for department_id"),
    (NEW | {"department_id": 2.5}, 400, "Invalid value for department_id"),
    (NEW | {"department_id": 0}, 400, "Invalid value for department_id"),
    (NEW | {"priority_id": 5}, 400, "Invalid value for priority_id"),
    (NEW | {"priority_id": "high"}, 400, "Invalid value for priority_id"),
    (NEW | {"priority_id": True}, 400, "Invalid value for priority_id"),
])
def test_a_wrong_ticket_is_refused_and_none_is_stored(program, sent, status, words):
    reply = program.post("/tickets", sent)
    if sent.get("subject", "") is None:
        assert reply.status_code in (400, 422)
    else:
        assert (reply.status_code, reply.json) == (status, {"error": words, "code": status})
    assert cast.count(Ticket) == 0


def test_a_department_that_is_switched_off_takes_no_ticket(program, alder):
    with transaction():
        row = db.session.query(Department).filter_by(merchant_id=alder, number=2).one()
        departments.archive(cast.actor_for(alder), row)
    assert program.post("/tickets", NEW).json == {"error": "Invalid value for department_id", "code": 400}


def test_departments_are_numbered_per_merchant(app, cleo):
    other = ClientProgram(app, token_of(cleo))
    key = other.post("/tickets", NEW).json["ticket_id"]
    assert other.get(f"/tickets/{key}").json["department"] == {"id": 2, "name": "Technical"}


def test_unknown_names_are_ignored_and_reported(program):
    reply = program.post("/tickets", NEW | {"colour": "red", "customer_id": 5})
    assert reply.status_code == 201
    assert reply.headers["X-Ignored-Parameters"] == "colour, customer_id"


def test_a_ticket_is_shown_with_its_replies_oldest_first_without_notes(program, alder, ada):
    key = make_customers(alder, ada)
    answer(key, "Between us", internal=True)
    first, second = answer(key, "It is on its way."), ask_again(key, "When?")
    found = program.get(f"/tickets/{key}").json
    assert found.keys() == FIELDS
    assert (found["status"], found["message"]) == ("customer_reply", "I ordered two lamps.")
    assert [(one["id"], one["author_type"], one["author_name"], one["message"]) for one in found["replies"]] == [
        (first, "staff", "Support", "It is on its way."), (second, "client", "Ada Lovelace", "When?")]
    assert "Between us" not in program.get(f"/tickets/{key}").text
    for said in (found["created_at"], found["last_reply_at"], found["replies"][0]["created_at"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", said)


def test_the_list_has_all_tickets_newest_first_without_their_messages(program, alder, ada, bea):
    keys = [make_customers(alder, ada), make_customers(alder, ada)]
    make_customers(alder, bea)
    make_ticket(alder)                              # of nobody
    found = program.get("/tickets").json
    assert (found["count"], found.keys()) == (2, {"data", "count"})
    assert [one["id"] for one in found["data"]] == keys[::-1]
    assert found["data"][0].keys() == FIELDS - {"message", "replies", "attachments"}


def test_a_file_is_downloaded_from_the_address_that_the_ticket_names(program, alder, ada):
    key = make_customers(alder, ada)
    make_file(key, "till <b>.log", b"429 Too Many Requests")
    (file,) = program.get(f"/tickets/{key}").json["attachments"]
    assert file == {
        "id": file["id"], "name": "till <b>.log", "size": 21, "type": file["type"],
        "url": f"/api/v1/tickets/{key}/attachments/{file['id']}",
    }
    reply = program.get(file["url"].removeprefix("/api/v1"))
    assert (reply.status_code, reply.data, reply.mimetype) == (
        200, b"429 Too Many Requests", "application/octet-stream")
    assert reply.headers["Content-Disposition"].startswith("attachment;")


def test_the_file_of_a_note_is_neither_shown_nor_given(program, alder, ada):
    key = make_customers(alder, ada)
    kept = ticket_files.keep([ticket_files.File("secret.txt", b"he pays late")])
    note = answer(key, "Between us", internal=True, files=kept)
    with_file = answer(key, "Here", files=ticket_files.keep([ticket_files.File("bill.txt", b"12.00")]))
    ids = {one.reply_id: one.id for one in stored(key).attachments}
    found = program.get(f"/tickets/{key}").json
    assert [[one["name"] for one in reply["attachments"]] for reply in found["replies"]] == [["bill.txt"]]
    assert program.get(f"/tickets/{key}/attachments/{ids[with_file]}").data == b"12.00"
    assert program.get(f"/tickets/{key}/attachments/{ids[note]}").json == MISSING


def test_another_customers_ticket_is_403_another_merchants_and_an_absent_one_404(
        program, alder, birch, ada, bea, cleo):
    own, hers, strange = make_customers(alder, ada), make_customers(alder, bea), make_ticket(alder)
    abroad = make_customers(birch, cleo)
    files = {key: make_file(key) for key in (hers, abroad)}
    for path in (f"/tickets/{hers}", f"/tickets/{strange}", f"/tickets/{hers}/attachments/{files[hers]}",
                 f"/tickets/{hers}/attachments/1000000"):
        assert (program.get(path).status_code, program.get(path).json) == (403, FORBIDDEN), path
    for path in (f"/tickets/{abroad}", f"/tickets/{abroad}/attachments/{files[abroad]}", "/tickets/999", "/tickets/x",
                 f"/tickets/{own}/attachments/{files[hers]}", f"/tickets/{own}/attachments/x"):
        assert (program.get(path).status_code, program.get(path).json) == (404, MISSING), path


def test_a_ticket_of_the_other_world_is_absent(app, program, alder):
    tess = cast.make_customer(alder, "Tess", actor=cast.actor_for(alder).in_world(test=True), email="t@example.org")
    key = make_customers(alder, tess, test=True)
    assert program.get(f"/tickets/{key}").json == MISSING
    assert ClientProgram(app, token_of(tess)).get(f"/tickets/{key}").status_code == 200


def test_a_repeated_creation_with_its_key_opens_one_ticket(program):
    first, again = (program.post("/tickets", NEW, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert (again.status_code, again.json) == (201, first.json)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = program.post("/tickets", NEW | {"subject": "Another"}, headers={"Idempotency-Key": "k1"})
    assert (other.status_code, other.json["code"]) == (409, 409)
    assert cast.count(Ticket) == 1


def test_two_customers_may_use_the_same_key(app, program, bea):
    other = ClientProgram(app, token_of(bea))
    replies = [one.post("/tickets", NEW, headers={"Idempotency-Key": "k1"}) for one in (program, other)]
    assert [one.status_code for one in replies] == [201, 201]
    assert replies[0].json["ticket_id"] != replies[1].json["ticket_id"]
    assert "Idempotent-Replayed" not in replies[1].headers


def test_a_stopped_customer_reads_tickets_and_opens_none(program, alder, ada):
    key = make_customers(alder, ada)
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    assert program.get(f"/tickets/{key}").status_code == 200
    assert program.get("/tickets").json["count"] == 1
    assert (program.post("/tickets", NEW).status_code, program.post("/tickets", NEW).json) == (403, FORBIDDEN)
    assert cast.count(Ticket) == 1


def test_replies_are_not_written_by_programs(program, alder, ada):
    key = make_customers(alder, ada)
    for path in (f"/tickets/{key}", f"/tickets/{key}/reply"):
        assert program.post(path, {"message": "x"}).status_code in (404, 405)
    for method in ("PUT", "DELETE", "PATCH"):
        assert program(method, f"/tickets/{key}", json={"status": "closed"}).status_code == 405


def test_a_closed_ticket_is_shown_as_closed(program, alder, ada):
    key = make_customers(alder, ada)
    act(key, tickets.close)
    assert program.get(f"/tickets/{key}").json["status"] == "closed"

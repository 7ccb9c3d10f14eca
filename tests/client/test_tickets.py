"""Questions in the client area: asked, answered, with files, closed and opened again."""

import re
from io import BytesIO

import pytest

from database import db, transaction
from domain.people import customers
from domain.support import departments, ticket_files, ticket_merging, tickets
from models.customer import Customer, CustomerStatus
from models.ticket import Department, Ticket, TicketReply, TicketSource, TicketStatus
from tests import cast
from tests.ticketed import act, answer, make_customers, make_file, make_ticket, stored

NEW = {"subject": "Where is my order?", "message": "I ordered two lamps."}


def subjects(page):
    return re.findall(r'<a class="go" href="/client/tickets/\d+"><span><b>([^<]+)</b>', page.text)


def once_of(page):
    return re.search(r'name="once" value="([^"]+)"', page.text)[1]


def with_file(data, *files):
    return {**data, "files": [(BytesIO(content), name) for name, content in files]}


def test_a_question_is_asked_and_read(signed_in, alder, ada):
    page = signed_in.get("/client/tickets/new")
    assert "Technical" in page.text
    reply = signed_in.post("/client/tickets", NEW | {"department": "2", "message": "I ordered\r\ntwo <lamps>."})
    made = db.session.query(Ticket).one()
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/client/tickets/{made.id}")
    assert (made.customer_id, made.merchant_id, made.source, made.department.number, made.message) == (
        ada, alder, TicketSource.CLIENT, 2, "I ordered\ntwo <lamps>.")
    shown = signed_in.get(f"/client/tickets/{made.id}").text
    for words in (made.number, "Where is my order?", "I ordered\ntwo &lt;lamps&gt;.", "Technical", "We are on it"):
        assert words in shown


def test_a_form_that_is_sent_twice_asks_once(signed_in):
    token = once_of(signed_in.get("/client/tickets/new"))
    first, second = (signed_in.post("/client/tickets", NEW | {"once": token}) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    key = db.session.query(Ticket).one().id
    token = once_of(signed_in.get(f"/client/tickets/{key}"))
    for _ in range(2):
        assert signed_in.post(f"/client/tickets/{key}", {"message": "And when?", "once": token}).status_code == 303
    assert cast.count(TicketReply) == 1


@pytest.mark.parametrize(("sent", "words"), [
    ({"message": "x"}, "is required"), ({"subject": "x"}, "is required"),
    ({"subject": " ", "message": " "}, "is required"),
    (NEW | {"subject": "x" * 201}, "at most 200"), (NEW | {"message": "x" * 20_001}, "at most 20000"),
    (NEW | {"department": "99"}, "must exist"), (NEW | {"department": "x"}, "whole number"),
])
def test_what_is_wrong_is_said_beside_the_field_and_nothing_is_lost(signed_in, sent, words):
    reply = signed_in.post("/client/tickets", sent)
    assert reply.status_code == 422
    assert words in reply.text
    assert 'aria-invalid="true"' in reply.text
    for name in sent.keys() - {"department"}:
        assert sent[name].strip()[:200] in reply.text
    assert cast.count(Ticket) == 0


def test_a_reply_opens_a_closed_question_and_an_answer_is_shown_without_notes(signed_in, alder, ada):
    key = make_customers(alder, ada)
    cast.make_user("grace@alder.example", merchant_ids=[alder], name="Grace Hopper")
    answer(key, "It is on its way.", user_id=1)
    answer(key, "He pays late", internal=True)
    page = signed_in.get(f"/client/tickets/{key}").text
    assert "It is on its way." in page
    assert "Grace Hopper" in page
    assert "He pays late" not in page
    assert "Answered" in page
    act(key, tickets.close)
    assert "A reply opens the question again." in signed_in.get(f"/client/tickets/{key}").text
    signed_in.post(f"/client/tickets/{key}", {"message": "Not yet here"})
    assert stored(key).status is TicketStatus.CUSTOMER_REPLY


def test_a_question_is_closed_with_and_without_words_and_opened_again(signed_in, alder, ada):
    key = make_customers(alder, ada)
    page = f"/client/tickets/{key}"
    signed_in.get(page)
    signed_in.post(page, {"message": "Thank you", "close": "1"})
    assert (stored(key).status, cast.count(TicketReply)) == (TicketStatus.CLOSED, 1)
    signed_in.get(page)
    assert signed_in.post(f"{page}/reopen").status_code == 303
    assert stored(key).status is TicketStatus.OPEN
    signed_in.post(page, {"message": "", "close": "1"})
    assert (stored(key).status, cast.count(TicketReply)) == (TicketStatus.CLOSED, 1)
    assert signed_in.post(f"{page}/close").status_code == 303          # again: nothing to do
    assert signed_in.post(page, {"message": " "}).status_code == 422


def test_files_go_along_and_come_back_as_downloads(signed_in, alder):
    signed_in.get("/client/tickets/new")
    signed_in.post("/client/tickets", with_file(NEW, ("crack.jpg", b"JPEG"), ("till <b>.log", b"429")),
                   content_type="multipart/form-data")
    ticket = db.session.query(Ticket).one()
    page = signed_in.get(f"/client/tickets/{ticket.id}").text
    assert "crack.jpg" in page
    assert "till &lt;b&gt;.log" in page
    signed_in.post(f"/client/tickets/{ticket.id}", with_file({"message": "One more"}, ("more.txt", b"more")),
                   content_type="multipart/form-data")
    for one in stored(ticket.id).attachments:
        reply = signed_in.get(f"/client/tickets/{ticket.id}/files/{one.id}")
        assert (reply.status_code, reply.mimetype, len(reply.data)) == (200, "application/octet-stream", one.size)
        assert reply.headers["Content-Disposition"].startswith("attachment;")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("name", "content", "words"), [
    ("run.exe", b"x", "is a program"), ("empty.txt", b"", "is empty"),
    ("large.bin", b"x" * 1001, "is larger than"),
])
def test_a_file_that_is_not_taken_is_named_and_the_words_are_kept(signed_in, monkeypatch, name, content, words):
    monkeypatch.setattr(ticket_files, "LARGEST", 1000)
    signed_in.get("/client/tickets/new")
    reply = signed_in.post("/client/tickets", with_file(NEW, (name, content)), content_type="multipart/form-data")
    assert reply.status_code == 422
    for said in (name, words, "choose the files again", NEW["message"]):
        assert said in reply.text
    assert cast.count(Ticket) == 0


def test_a_form_beyond_all_limits_is_413(signed_in):
    signed_in.get("/client/tickets/new")
    body = bytes(ticket_files.LARGEST_TOGETHER + 2 * 1024 * 1024)
    reply = signed_in.open("POST", "/client/tickets", data=body, content_type="multipart/form-data; boundary=x")
    assert reply.status_code == 413


def test_the_file_of_a_note_does_not_exist(signed_in, alder, ada):
    key = make_customers(alder, ada)
    note = answer(key, "Between us", internal=True, files=ticket_files.keep([ticket_files.File("a.txt", b"secret")]))
    (row,) = [one for one in stored(key).attachments if one.reply_id == note]
    assert signed_in.get(f"/client/tickets/{key}/files/{row.id}").status_code == 404
    assert "a.txt" not in signed_in.get(f"/client/tickets/{key}").text


def test_the_list_tells_open_from_closed_and_is_searched(signed_in, alder, ada):
    assert "No questions yet" in signed_in.get("/client/tickets").text
    make_customers(alder, ada, subject="First")
    closed = make_customers(alder, ada, subject="Second")
    make_ticket(alder, subject="Of nobody")
    act(closed, tickets.close)
    answer(closed, "a secret word", internal=True)
    assert subjects(signed_in.get("/client/tickets")) == ["Second", "First"]
    assert subjects(signed_in.get("/client/tickets?which=open")) == ["First"]
    assert subjects(signed_in.get("/client/tickets?which=closed")) == ["Second"]
    assert subjects(signed_in.get("/client/tickets?q=first")) == ["First"]
    assert subjects(signed_in.get("/client/tickets?q=secret")) == []
    assert subjects(signed_in.get("/client/tickets?q=%00")) == ["Second", "First"]


def test_a_question_that_was_merged_is_only_read(signed_in, alder, ada):
    source, target = make_customers(alder, ada), make_customers(alder, ada)
    with transaction():
        own, one, two = ticket_merging.locked_pair(cast.actor_for(alder), source, target)
        ticket_merging.merge(own, one, two)
    page = signed_in.get(f"/client/tickets/{source}").text
    assert "joined with another one" in page
    assert 'name="message"' not in page
    assert signed_in.post(f"/client/tickets/{source}", {"message": "x"}).status_code == 409
    assert signed_in.post(f"/client/tickets/{source}/reopen").status_code == 409


def test_one_department_is_not_asked_for_and_an_inactive_one_not_offered(signed_in, alder):
    with transaction():
        for number in (2, 3):
            row = db.session.query(Department).filter_by(merchant_id=alder, number=number).one()
            departments.archive(cast.actor_for(alder), row)
    assert 'name="department"' not in signed_in.get("/client/tickets/new").text
    assert signed_in.post("/client/tickets", NEW).status_code == 303


def test_a_stopped_customer_reads_and_asks_nothing(signed_in, alder, ada):
    key = make_customers(alder, ada)
    number = make_file(key)
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), {"status": CustomerStatus.STOPPED})
    page = signed_in.get(f"/client/tickets/{key}").text
    assert 'name="message"' not in page
    assert "stopped" in signed_in.get("/client/").text
    assert signed_in.get(f"/client/tickets/{key}/files/{number}").status_code == 200
    for path in ("/client/tickets", f"/client/tickets/{key}", f"/client/tickets/{key}/close"):
        assert signed_in.post(path, NEW).status_code == 403
    assert (cast.count(Ticket), cast.count(TicketReply)) == (1, 0)


def test_the_overview_shows_the_latest_questions(signed_in, alder, ada):
    for number in range(4):
        make_customers(alder, ada, subject=f"Question {number}")
    assert subjects(signed_in.get("/client/")) == ["Question 3", "Question 2", "Question 1"]

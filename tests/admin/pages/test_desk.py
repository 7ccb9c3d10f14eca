"""The desk: queues beside the open ticket, answers with files, notes, what a ticket is about, merging, downloads."""

import io
import re

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.support import ticket_files
from domain.support.mails import ticket_addresses
from models.merchant import Merchant
from models.outbox import Task
from models.ticket import Ticket, TicketReply, TicketStatus
from tests import cast, ticketed
from tests.admin.page_text import text_of
from tests.domain.support.mailed_in import receive
from tests.domain.support.test_canned_answers import make as make_canned


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada", email="ada@example.org")


@pytest.fixture
def ticket(alder, ada):
    return ticketed.make_customers(alder, ada)


def send(admin, key, message="It is on its way.", **more):
    return admin.post(f"/admin/tickets/{key}/reply", {"message": message, **more})


def replies(key):
    db.session.expire_all()
    found = list(db.session.scalars(select(TicketReply).where(TicketReply.ticket_id == key).order_by(TicketReply.id)))
    db.session.rollback()
    return found


def test_the_desk_shows_what_waits_with_counts(admin, alder, ada, ticket):
    ticketed.make_customers(alder, ada, subject="Which colour?", priority=4)
    page = admin.get("/admin/desk").text
    assert page.index("Which colour?") < page.index("Where is my order?")
    text = text_of(page)
    assert "Waiting 2" in text
    assert "Unassigned 2" in text
    assert "Urgent" in text
    assert f'/admin/tickets/{ticket}?queue=waiting' in page
    assert "No ticket is in this queue" not in text
    assert "Nothing here" in admin.get("/admin/desk?queue=mine").text
    assert "Waiting 2" in text_of(admin.get("/admin/desk?queue=nonsense").text)


def test_a_ticket_stands_beside_its_queue_and_is_read_from_then_on(admin, alder, ada, ticket):
    other = ticketed.make_customers(alder, ada, subject="Which colour?")
    assert admin.get("/admin/desk").text.count('class="new"') == 2
    page = admin.get(f"/admin/tickets/{ticket}?queue=waiting").text
    assert page.count('class="new"') == 1
    assert re.search(rf'id="queued-{ticket}"><a class="qitem rowlink read"[^>]*aria-current="page"', page)
    assert f'href="/admin/tickets/{other}?queue=waiting" data-keys="]"' in page
    assert "I ordered two lamps." in page


def test_an_answer_is_mailed_and_shown_with_what_became_of_its_mail(admin, ticket, alder):
    done = send(admin, ticket, "It is <b>on</b> its way.", queue="unassigned")
    assert done.status_code == 303
    assert done.headers["Location"].startswith(f"/admin/tickets/{ticket}?queue=unassigned#message-")
    page = admin.get(f"/admin/tickets/{ticket}").text
    assert "It is &lt;b&gt;on&lt;/b&gt; its way." in page
    assert "waits to be mailed" in page
    assert "Your answer goes to ada@example.org by mail." in page
    (task,) = [one for one in db.session.scalars(select(Task)) if one.payload["mail"] == "ticket_answer"]
    assert f"/admin/outbox/{task.id}/mail" in page


def test_a_note_is_not_mailed(admin, ticket):
    send(admin, ticket, "Do not tell", mode="note")
    page = admin.get(f"/admin/tickets/{ticket}").text
    assert "Internal note" in page
    assert 'class="msg inside"' in page
    assert [one.payload["mail"] for one in db.session.scalars(select(Task))] == ["ticket_opened"]
    assert ticketed.stored(ticket).status is TicketStatus.OPEN


def test_send_and_close_does_both(admin, ticket):
    send(admin, ticket, then="close")
    assert ticketed.stored(ticket).status is TicketStatus.CLOSED
    assert len(replies(ticket)) == 1


def test_the_same_form_sent_twice_answers_once(admin, ticket):
    page = admin.get(f"/admin/tickets/{ticket}").text
    once = re.search(r'name="once" value="([^"]+)"', page)[1]
    first, second = (send(admin, ticket, once=once) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    assert len(replies(ticket)) == 1


def test_what_was_typed_stays_where_an_answer_is_refused(admin, ticket):
    done = send(admin, ticket, "x" * 20_001, mode="note")
    assert done.status_code == 422
    assert "x" * 20_001 in done.text
    assert re.search(r'id="mode-note" checked', done.text)
    empty = send(admin, ticket, "  ")
    assert empty.status_code == 422
    assert replies(ticket) == []


def test_files_go_with_the_answer_and_are_downloads(admin, ticket, birch, signed_in):
    done = send(admin, ticket, "See", files=[(io.BytesIO(b"<script>"), "../till.html")])
    assert done.status_code == 303
    page = admin.get(f"/admin/tickets/{ticket}").text
    url = re.search(r'class="file" href="([^"]+)"', page)[1]
    file = admin.get(url)
    assert file.data == b"<script>"
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert file.headers["Content-Disposition"] == "attachment; filename=till.html"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert signed_in("admin_user", [birch], email="b@birch.example").get(url).status_code == 404


def test_a_file_of_an_internal_note_is_found_by_staff_and_of_another_ticket_is_not(admin, ticket, alder):
    file, other = ticketed.make_file(ticket), ticketed.make_ticket(alder)
    assert admin.get(f"/admin/tickets/{ticket}/attachments/{file}").status_code == 200
    assert admin.get(f"/admin/tickets/{other}/attachments/{file}").status_code == 404


def test_whom_it_is_given_to_and_its_priority_are_changed_and_what_was_not_touched_stays(admin, ticket, alder):
    lin = cast.make_user("lin@alder.example", "normal_user", [alder])
    with transaction():
        db.session.get(Ticket, ticket).priority = 4
    admin.post(f"/admin/tickets/{ticket}/set", {
        "assignee_id": str(lin), "was_assignee_id": "", "priority": "2", "was_priority": "2", "department": "3",
        "was_department": "1",
    })
    row = ticketed.stored(ticket)
    assert (row.assignee_id, row.priority, row.department.number) == (lin, 4, 3)
    admin.post(f"/admin/tickets/{ticket}/set", {"assignee_id": "", "was_assignee_id": str(lin)})
    assert ticketed.stored(ticket).assignee_id is None


def test_nobody_of_another_merchant_is_given_a_ticket(admin, ticket, birch):
    eve = cast.make_user("eve@birch.example", "normal_user", [birch])
    admin.post(f"/admin/tickets/{ticket}/set", {"assignee_id": str(eve), "was_assignee_id": ""})
    assert ticketed.stored(ticket).assignee_id is None
    assert "must exist" in admin.get("/admin/desk").text


def test_a_mail_of_a_ticket_is_shown_whole_and_its_stranger_is_marked(admin, ticket, alder, monkeypatch):
    monkeypatch.setattr(ticket_addresses.settings, "mail_from", None)
    with transaction():
        db.session.get(Merchant, alder).support_email = "help@alder.example"
    to = f"help+{ticketed.stored(ticket).mail_token}@alder.example"
    db.session.rollback()
    receive(alder, "Thank you\n\n> quoted words", sender="Eve <eve@example.net>", to=to)
    receive(alder, "I am away", sender="Ada <ada@example.org>", to=to, message_id="2@x", Auto_Submitted="auto-replied")
    text = text_of(admin.get(f"/admin/tickets/{ticket}").text)
    assert "eve@example.net · by mail, not the customer’s address" in text
    assert "quoted words" in text
    assert "A mail from ada@example.org was kept: Auto-Submitted: auto-replied." in text


def test_a_request_that_a_message_names_is_linked(admin, alder, ada):
    key = ticketed.make_customers(alder, ada, message="It failed: req_0123456789abcdef <b>")
    page = admin.get(f"/admin/tickets/{key}").text
    assert 'href="/admin/requests/req_0123456789abcdef">req_0123456789abcdef</a> &lt;b&gt;' in page
    assert "No call with this id is in the log." in page


def test_a_ticket_is_merged_into_another_of_its_customer(admin, ticket, alder, ada):
    other = ticketed.make_customers(alder, ada, subject="Which colour?")
    ticketed.make_ticket(alder, subject="Somebody else’s", customer_id=cast.make_customer(alder, "Bo"))
    page = admin.get(f"/admin/tickets/{ticket}/merge").text
    assert "Which colour?" in page
    assert "Somebody else’s" not in page
    assert admin.post(f"/admin/tickets/{ticket}/merge", {"into": ""}).status_code == 422
    assert admin.post(f"/admin/tickets/{ticket}/merge", {"into": str(other)}).status_code == 303
    assert ticketed.stored(ticket).merged_into_id == other
    again = admin.post(f"/admin/tickets/{ticket}/merge", {"into": str(other)})
    assert (again.status_code, "was merged into another ticket already" in again.text) == (422, True)
    page = admin.get(f"/admin/tickets/{ticket}").text
    assert "merged into" in page
    assert 'id="answer"' not in page


def test_the_desk_of_another_merchant_has_nothing_of_it(signed_in, ticket, birch):
    eve = signed_in("admin_user", [birch], email="eve@birch.example")
    assert "Where is my order?" not in eve.get("/admin/desk").text
    for path in ("", "/merge", "/attachments/1"):
        assert eve.get(f"/admin/tickets/{ticket}{path}").status_code == 404
    for path in ("reply", "set", "merge"):
        assert eve.post(f"/admin/tickets/{ticket}/{path}", {"message": "x", "into": "1"}).status_code in (404, 422)
    assert replies(ticket) == []


def test_a_program_is_no_file_of_an_answer(ticket):
    with pytest.raises(ticket_files.Invalid, match="attention"):
        ticket_files.keep([ticket_files.File("run.exe", b"MZ")], "files")


def test_a_canned_answer_is_put_behind_what_was_typed_and_nothing_is_sent(admin, ticket, alder, birch):
    key, foreign = make_canned(alder), make_canned(birch)
    page = admin.get(f"/admin/tickets/{ticket}").text
    assert f'name="canned" value="{key}" formaction="/admin/tickets/{ticket}/compose"' in page
    typed = {"message": "Dear reader", "canned": str(key), "mode": "note"}
    done = admin.post(f"/admin/tickets/{ticket}/compose", typed)
    assert "Dear reader\n\nHello Ada</textarea>" in done.text
    assert re.search(r'id="mode-note" checked', done.text)
    assert replies(ticket) == []
    assert admin.post(f"/admin/tickets/{ticket}/compose", {"canned": str(foreign)}).status_code == 404


def test_a_number_in_the_subject_is_a_hint_to_the_own_ticket_and_to_no_other(admin, ticket, alder, birch, ada):
    own, foreign = ticketed.stored(ticket).number, ticketed.stored(ticketed.make_ticket(birch)).number
    db.session.rollback()
    key = ticketed.make_customers(alder, ada, subject=f"Re: {own.lower()} {foreign} TKT-00000000")
    page = admin.get(f"/admin/tickets/{key}").text
    assert f'The subject names <a href="/admin/tickets/{ticket}">{own}</a>.' in page
    assert f">{foreign}</a>" not in page
    assert "The subject names" not in admin.get(f"/admin/tickets/{ticket}").text

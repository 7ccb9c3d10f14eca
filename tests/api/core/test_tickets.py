"""Tickets in the Core API: what they say, who wrote, what a status may become, merging."""

import pytest

from database import db
from domain.support import ticket_files
from domain.support.ticket_files import File
from models.ticket import Ticket, TicketAttachment, TicketReply
from models.webhook import Delivery
from tests import cast
from tests.outbound.conftest import make_endpoint
from tests.ticketed import answer, ask_again, make_customers

FIELDS = {
    "id", "companies_id", "clients_id", "ticket_number", "subject", "message", "sender", "status", "departments_id",
    "priorities_id", "users_id", "source", "links", "attachments", "replies", "due_dt", "first_replied_dt",
    "last_reply_dt", "closed_dt", "merged_into_id", "c_dt", "u_dt",
}


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


@pytest.fixture
def key(alder, ada):
    return make_customers(alder, ada)


def test_a_ticket_is_opened_with_what_is_needed_and_shown_whole(core, alder, ada):
    made = core.result("tickets.create", {
        "companies_id": alder, "clients_id": ada, "subject": "Lamps", "message": "Where?", "departments_id": 2})
    assert set(made) == FIELDS
    assert (made["departments_id"], made["priorities_id"], made["status"], made["users_id"]) == (2, 2, "open", None)
    assert (made["replies"], made["attachments"], made["source"], made["sender"]) == ([], [], "staff", None)
    assert core.get(f"/tickets/{made['id']}").json == made
    assert core.result("tickets.search", {"ticket_number": made["ticket_number"].lower()}) == [made]
    assert core("POST", "/tickets", json={"companies_id": alder, "subject": "x", "message": "y"}).status_code == 200


def test_a_reply_is_shown_as_it_was_made_and_the_ticket_has_it(core, key):
    made = core.result("tickets.reply", {"id": key, "message": "Soon."})
    assert set(made) == {"id", "author_type", "author_name", "message", "internal", "c_dt", "attachments"}
    assert (made["author_type"], made["author_name"], made["internal"]) == ("staff", "Support", False)
    note = core("POST", f"/tickets/{key}/reply", json={"message": "They pay late.", "internal": True}).json
    assert note["internal"] is True
    shown = core.result("tickets.get", {"id": key})
    assert shown["replies"] == [made, note]
    assert shown["status"] == "answered"


def test_a_reply_names_what_is_wrong_and_nothing_is_written(core, key):
    for body, names in (({}, {"message"}), ({"message": " "}, {"message"}), ({"message": "x", "internal": "yes"}, {
            "internal"}), ({"message": "x", "colour": "red"}, {"colour"}), ({"message": "x" * 20_001}, {"message"})):
        assert set(core.error("tickets.reply", {"id": key, **body})["data"]) == names, body
        assert core("POST", f"/tickets/{key}/reply", json=body).status_code == 400
    assert cast.count(TicketReply) == 0


def test_status_priority_department_and_user_are_changed(core, alder, key):
    user = cast.make_user("robin@alder.example", merchant_ids=[alder], name="Robin")
    change = {"status": "on_hold", "priorities_id": 4, "departments_id": 3, "users_id": user}
    assert core.result("tickets.update", {"id": key, **change}) == 1
    shown = core.result("tickets.get", {"id": key})
    assert {name: shown[name] for name in change} == change
    assert core.result("tickets.search", {"users_id": user, "departments_id": 3, "priorities_id": 4}) == [shown]
    assert core.result("tickets.search", {"status": "open"}) == []


@pytest.mark.parametrize("status", ["answered", "customer_reply", "nonsense"])
def test_a_status_that_only_a_reply_leads_to_is_not_set(core, key, status):
    error = core.error("tickets.update", {"id": key, "status": status})
    assert error["data"] == {"status": "Must be one of open, on_hold, closed"}
    assert db.session.get(Ticket, key).status == "open"


def test_a_status_that_may_not_follow_is_a_logical_error(core, key):
    answer(key)
    error = core.error("tickets.update", {"id": key, "status": "open"})
    assert (error["code"], error["data"]["status"]) == (-32002, "is answered")
    assert core("PATCH", f"/tickets/{key}", json={"status": "open"}).status_code == 422


def test_the_verbs_lead_where_the_status_does(core, key):
    for verb, status in (("hold", "on_hold"), ("close", "closed"), ("reopen", "open")):
        assert core.result(f"tickets.{verb}", {"id": key}) == 1
        assert core.result("tickets.get", {"id": key})["status"] == status
    assert core.error("tickets.reopen", {"id": key})["code"] == -32002


def test_links_are_replaced_as_a_whole_and_name_what_exists(core, key):
    links = [{"noun": "request", "id": "req_0123456789abcdef"}]
    assert core.result("tickets.update", {"id": key, "links": links}) == 1
    assert core.result("tickets.get", {"id": key})["links"] == links
    error = core.error("tickets.update", {"id": key, "links": [{"noun": "order", "id": "5"}]})
    assert error["data"] == {"links[0].id": "Must exist"}
    assert core.result("tickets.update", {"id": key, "links": []}) == 1
    assert core.result("tickets.get", {"id": key})["links"] == []


def test_a_ticket_is_merged_into_another_one_of_its_customer(core, alder, ada, key):
    into = make_customers(alder, ada, message="Again")
    assert core.result("tickets.merge", {"id": key, "into": into}) == 1
    shown = core.result("tickets.get", {"id": key})
    assert (shown["status"], shown["merged_into_id"]) == ("closed", into)
    assert [one["message"] for one in core.result("tickets.get", {"id": into})["replies"]] == ["I ordered two lamps."]
    assert core.error("tickets.merge", {"id": key, "into": into})["code"] == -32002
    assert core.error("tickets.merge", {"id": into, "into": 987654})["data"] == {"into": "Must exist"}
    assert core.error("tickets.merge", {"id": into})["data"] == {"into": "Is required"}


def test_a_departments_number_is_what_tickets_name_it_by(core, birch):
    rows = core.result("departments.search", {"companies_id": [birch], "order": ["departments_id"]})
    assert [(one["departments_id"], one["name"]) for one in rows] == [
        (1, "Support"), (2, "Technical"), (3, "Billing")]
    assert rows[1]["id"] > 2
    made = core.result("tickets.create", {
        "companies_id": birch, "subject": "x", "message": "y", "departments_id": rows[1]["departments_id"]})
    assert made["departments_id"] == 2
    fresh = core.result("departments.create", {"companies_id": birch, "name": "Returns"})
    assert fresh["departments_id"] == 4


def test_events_say_what_happened_and_notes_say_nothing(core, alder, ada):
    make_endpoint(alder, "https://hooks.example.com/")
    key = make_customers(alder, ada)
    answer(key)
    answer(key, "Between us", internal=True)
    ask_again(key)
    for verb in ("hold", "close", "reopen"):
        core.result(f"tickets.{verb}", {"id": key})
    core.result("tickets.update", {"id": key, "priorities_id": 3})
    core.result("tickets.merge", {"id": key, "into": make_customers(alder, ada)})
    events = [one.event for one in db.session.query(Delivery).order_by(Delivery.id)]
    assert events == [f"ticket.{word}" for word in (
        "created", "replied", "replied", "held", "closed", "reopened", "updated", "created", "merged", "closed")]


def test_tickets_are_found_by_when_they_were_opened(core, key):
    opened = core.result("tickets.get", {"id": key})["c_dt"]
    for given, found in (({"c_dt_from": "2020-01-01"}, 1), ({"c_dt_to": "2020-01-01"}, 0), ({"c_dt_from": opened}, 1),
                         ({"c_dt_to": opened[:10]}, 1), ({"c_dt_from": "2100-01-01T00:00:00Z"}, 0)):
        assert len(core.result("tickets.search", given)) == found, given
    assert len(core.get(f"/tickets?c_dt_from={opened}").json) == 1
    error = core.error("tickets.search", {"c_dt_from": "yesterday"})
    assert error["data"] == {"c_dt_from": "Must be an ISO 8601 time such as 2026-01-31T12:00:00Z"}


@pytest.fixture
def with_file(alder, ada):
    """The ids of a ticket and of its file."""
    (file,) = ticket_files.keep([File("Ödön's \"bill\".html", b"<script>alert(1)</script>", "text/html")])
    ticket = make_customers(alder, ada, files=[file])
    return ticket, db.session.query(TicketAttachment.id).scalar()


def test_a_file_is_saved_whatever_it_says_it_is(core, with_file):
    ticket, file = with_file
    (shown,) = core.result("tickets.get", {"id": ticket})["attachments"]
    assert shown == {"id": file, "name": "Ödön's \"bill\".html", "size": 25, "type": "text/html"}
    reply = core.get(f"/tickets/{ticket}/attachments/{file}")
    assert (reply.data, reply.content_type) == (b"<script>alert(1)</script>", "application/octet-stream")
    assert reply.headers["Content-Disposition"] == (
        "attachment; filename=\"_d_n's _bill_.html\"; "
        "filename*=UTF-8''%C3%96d%C3%B6n%27s%20%22bill%22.html")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert core.get(f"/api/tickets/{ticket}/attachments/{file}").data == reply.data


def test_a_file_of_a_reply_stands_with_the_reply(core, key):
    (file,) = ticket_files.keep([File("plan.pdf", b"%PDF")])
    answer(key, files=[file])
    shown = core.result("tickets.get", {"id": key})
    assert shown["attachments"] == []
    assert [one["name"] for one in shown["replies"][0]["attachments"]] == ["plan.pdf"]


def test_a_file_is_found_through_its_own_ticket_by_who_sees_that_only(core, program, alder, birch, with_file, ada):
    ticket, file = with_file
    stranger = program("bob@birch.example", role="admin_user", merchant_ids=[birch])
    other = make_customers(alder, ada)
    assert stranger.get(f"/tickets/{ticket}/attachments/{file}").status_code == 404
    own = f"/tickets/{ticket}/attachments"
    for path in (f"/tickets/{other}/attachments/{file}", f"{own}/{file + 1}", f"{own}/x", f"{own}/{'9' * 30}"):
        reply = core.get(path)
        assert reply.status_code == 404, path
        assert reply.json["error"]["data"]["code"] == "not_found"
    assert core.error("tickets.download", {"id": ticket})["code"] == -32601

"""Mails that come in: which ticket they belong to, what opens one, what is kept aside, and what is refused of them."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from database import db, transaction
from domain import clock
from domain.support import ticket_files, ticket_merging, tickets
from domain.support.mails import ticket_addresses
from models.merchant import Merchant
from models.outbox import Task
from models.ticket import AuthorType, Department, Ticket, TicketAttachment, TicketReply, TicketSource, TicketStatus
from models.ticket_mail import MailKind, TicketMail
from tests import cast, ticketed
from tests.domain.support.mailed_in import HELP, receive


@pytest.fixture
def merchant(alder, monkeypatch):
    monkeypatch.setattr(ticket_addresses.settings, "mail_from", "billing@pay.example.com")
    with transaction():
        db.session.get(Merchant, alder).support_email = HELP
    return alder


@pytest.fixture
def ada(merchant):
    return cast.make_customer(merchant, "Ada", email="ada@example.org")


@pytest.fixture
def ticket(merchant, ada):
    """A ticket of Ada's that was answered by mail."""
    key = ticketed.make_customers(merchant, ada)
    ticketed.answer(key)
    return key


def tagged(key):
    return f"help+{ticketed.stored(key).mail_token}@alder.example"


def sent_id(key):
    """The Message-ID of the answer to a ticket."""
    return db.session.scalars(select(TicketMail.message_id).where(
        TicketMail.ticket_id == key, TicketMail.kind == MailKind.ANSWER)).one()


def replies(key):
    db.session.expire_all()
    return list(db.session.scalars(select(TicketReply).where(TicketReply.ticket_id == key).order_by(TicketReply.id)))


def rows(kind):
    db.session.expire_all()
    return list(db.session.scalars(select(TicketMail).where(TicketMail.kind == kind).order_by(TicketMail.id)))


def waiting(name):
    return [one for one in db.session.scalars(select(Task).order_by(Task.id)) if one.payload.get("mail") == name]


def test_a_mail_of_a_customer_opens_a_ticket(merchant, ada):
    done = receive(merchant, "Two lamps, please.\n\n-- \nAda", subject="Lamps", message_id="a@x")
    row = ticketed.stored(done.ticket_id)
    assert (done.action, done.ticket_number, done.reply_id) == ("created", row.number, None)
    assert (row.subject, row.message, row.customer_id, row.source) == (
        "Lamps", "Two lamps, please.", ada, TicketSource.MAIL)
    assert (row.author_type, row.author_name, row.sender, row.status) == (
        AuthorType.CLIENT, "Ada", "ada@example.org", TicketStatus.OPEN)
    (noted,) = rows(MailKind.CREATED)
    assert noted.text == "Two lamps, please.\n\n-- \nAda\n"


def test_a_customer_is_known_by_the_address_whatever_its_case(merchant, ada):
    done = receive(merchant, sender="Somebody <ADA@Example.ORG>")
    assert ticketed.stored(done.ticket_id).customer_id == ada


def test_a_strangers_mail_becomes_a_ticket_of_nobody(merchant, ada):
    done = receive(merchant, sender="Eve <eve@example.net>")
    row = ticketed.stored(done.ticket_id)
    assert (row.customer_id, row.author_name, row.sender) == (None, "Eve", "eve@example.net")


def test_a_mail_without_a_sender_is_not_lost(merchant):
    done = receive(merchant, sender="nobody")
    assert ticketed.stored(done.ticket_id).author_name == "Unknown sender"
    assert waiting("ticket_received") == []


def test_a_mail_to_a_department_becomes_its_ticket(merchant):
    with transaction():
        of_merchant = select(Department).where(Department.merchant_id == merchant, Department.number == 3)
        db.session.scalars(of_merchant).one().email = "Invoices@alder.example"
    for more in ({"to": "invoices@alder.example"}, {"recipient": "invoices@ALDER.example"},
                 {"Delivered_To": "invoices@alder.example"}, {"Cc": "x+2@alder.example, invoices@alder.example"}):
        done = receive(merchant, message_id=str(more).replace(" ", ""), **more)
        assert ticketed.stored(done.ticket_id).department.number == 3
    assert ticketed.stored(receive(merchant).ticket_id).department.number == 1


def test_a_reply_finds_its_ticket_by_the_token(merchant, ticket):
    text = "Thank you\n\nOn Sun, Nov 29, 2026, Alder <help@alder.example> wrote:\n> It is"
    done = receive(merchant, text, to=tagged(ticket))
    assert (done.action, done.ticket_id) == ("replied", ticket)
    reply = replies(ticket)[-1]
    assert (reply.id, reply.message, reply.author_type, reply.author_name) == (
        done.reply_id, "Thank you", AuthorType.CLIENT, "Ada")
    assert ticketed.stored(ticket).status is TicketStatus.CUSTOMER_REPLY


@pytest.mark.parametrize("where", ["To", "Cc", "Delivered-To", "X-Original-To", "recipient"])
def test_the_token_is_found_where_mail_servers_write_it(merchant, ticket, where):
    address = tagged(ticket).upper()
    name = {"To": "to", "recipient": "recipient"}.get(where, where.replace("-", "_"))
    value = f"Somebody <x@example.org>, Help <{address}>" if where == "To" else address
    assert receive(merchant, **{name: value}).ticket_id == ticket


def test_who_holds_the_token_may_write_and_is_shown_as_who_he_is(merchant, ticket):
    done = receive(merchant, sender="Bo <bo@example.net>", to=tagged(ticket))
    reply = replies(ticket)[-1]
    assert (done.action, reply.author_name, reply.sender) == ("replied", "Bo", "bo@example.net")


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_the_customers_reply_finds_its_ticket_by_the_message_that_it_answers(merchant, ticket, header):
    done = receive(merchant, **{header: f"<other@x> <{sent_id(ticket)}>"})
    assert (done.action, done.ticket_id) == ("replied", ticket)


def test_a_forged_sender_gets_into_nobodys_ticket(merchant, ticket):
    done = receive(merchant, "Send the goods to me", sender="Eve <eve@example.net>", In_Reply_To=f"<{sent_id(ticket)}>",
                   subject=f"Re: {ticketed.stored(ticket).number} Where is my order?")
    assert done.action == "created"
    assert done.ticket_id != ticket
    assert len(replies(ticket)) == 1


def test_the_subject_finds_nothing(merchant, ticket):
    done = receive(merchant, subject=f"Re: Where is my order? [{ticketed.stored(ticket).number}]")
    assert done.action == "created"


def test_another_merchants_ticket_is_not_found(merchant, ticket, birch):
    for more in ({"to": tagged(ticket)}, {"In_Reply_To": f"<{sent_id(ticket)}>"}):
        done = receive(birch, message_id=str(more).replace(" ", "").strip("<>{}"), **more)
        assert done.action == "created"
        assert ticketed.stored(done.ticket_id).merchant_id == birch
    assert len(replies(ticket)) == 1


def test_a_customers_second_mail_that_answers_the_first_goes_on_in_the_ticket(merchant, ada):
    first = receive(merchant, message_id="first@x")
    second = receive(merchant, "And the box?", message_id="second@x", References="<first@x>")
    assert (second.action, second.ticket_id) == ("replied", first.ticket_id)
    stranger = receive(merchant, message_id="third@x", sender="eve@example.net", References="<first@x>")
    assert stranger.ticket_id != first.ticket_id


def test_a_strangers_ticket_goes_on_by_the_strangers_mails(merchant):
    first = receive(merchant, sender="eve@example.net", message_id="first@x")
    second = receive(merchant, sender="Eve@example.net", message_id="2@x", In_Reply_To="<first@x>")
    assert second.ticket_id == first.ticket_id
    assert receive(merchant, sender="bo@example.net", message_id="3@x", In_Reply_To="<first@x>").action == "created"


def test_a_closed_ticket_is_open_again_and_a_merged_one_goes_on_where_it_is(merchant, ticket, ada):
    ticketed.act(ticket, tickets.close)
    receive(merchant, to=tagged(ticket), message_id="1@x")
    assert ticketed.stored(ticket).status is TicketStatus.CUSTOMER_REPLY
    address, target = tagged(ticket), ticketed.make_customers(merchant, ada)
    with transaction():
        ticket_merging.merge(*ticket_merging.locked_pair(cast.actor_for(merchant), ticket, target))
    assert receive(merchant, "Later", to=address, message_id="2@x").ticket_id == target


def test_the_same_mail_is_stored_once(merchant, ada):
    first = receive(merchant, message_id="a@x")
    again = receive(merchant, message_id="a@x", Received="from elsewhere", recipient="help@alder.example")
    assert (again.action, again.ticket_id) == ("duplicate", first.ticket_id)
    assert receive(merchant, message_id="a@x", Date2="x").action == "duplicate"
    assert db.session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_another_mail_with_a_used_message_id_is_not_lost(merchant, ada):
    receive(merchant, "Hello", message_id="person@gmail.example")
    other = receive(merchant, "Something else", sender="eve@example.net", message_id="person@gmail.example")
    assert other.action == "created"


def test_a_mail_without_a_message_id_is_known_by_its_bytes(merchant):
    assert [receive(merchant, "Hello").action, receive(merchant, "Hello").action, receive(merchant, "Hi").action] == [
        "created", "duplicate", "created"]


@pytest.mark.parametrize("headers", [{"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"Return_Path": "<>"}])
def test_what_a_program_sent_is_kept_and_nothing_follows(merchant, ticket, headers):
    before = len(waiting("ticket_replied")) + len(waiting("ticket_opened"))
    with_token = receive(merchant, "I am away", to=tagged(ticket), message_id="1@x", **headers)
    without = receive(merchant, "I am away", message_id="2@x", **headers)
    assert (with_token.action, with_token.ticket_id, with_token.reply_id) == ("kept", ticket, None)
    assert (without.action, without.ticket_id) == ("kept", None)
    assert without.reason
    assert ticketed.stored(ticket).status is TicketStatus.ANSWERED
    assert len(replies(ticket)) == 1
    assert [one.text.strip() for one in rows(MailKind.KEPT)] == ["I am away"] * 2
    assert waiting("ticket_received") == []
    assert len(waiting("ticket_replied")) + len(waiting("ticket_opened")) == before


def test_our_own_mail_that_comes_back_is_ignored(merchant, ticket):
    by_id = receive(merchant, message_id=sent_id(ticket), to=tagged(ticket))
    by_header = receive(merchant, message_id="rewritten@x", to=tagged(ticket), X_Ticket_Mail=f"<{sent_id(ticket)}>")
    by_sender = receive(merchant, message_id="other@x", sender="Help@alder.example", to=tagged(ticket))
    by_installation = receive(merchant, message_id="4@x", sender="billing@pay.example.com")
    assert [one.action for one in (by_id, by_header, by_sender, by_installation)] == ["ignored"] * 4
    assert len(replies(ticket)) == 1


def test_a_user_who_answers_a_notice_writes_to_no_customer(merchant, ada):
    cast.make_user("boss@alder.example", "admin_user", [merchant])
    key = ticketed.make_customers(merchant, ada)
    (notice,) = rows(MailKind.NOTICE)
    done = receive(merchant, "Tell her no", sender="boss@alder.example", In_Reply_To=f"<{notice.message_id}>")
    assert (done.action, done.ticket_id) == ("kept", key)
    assert replies(key) == []


def test_a_sender_is_told_once_an_hour_that_there_is_a_ticket(merchant, time_machine):
    for count in range(3):
        receive(merchant, f"Question {count}", sender="eve@example.net")
    receive(merchant, "Mine", sender="bo@example.net")
    assert [one.address for one in rows(MailKind.CONFIRMATION)] == ["eve@example.net", "bo@example.net"]
    time_machine.move_to(clock.now() + timedelta(minutes=61))
    receive(merchant, "Question 4", sender="Eve@example.net")
    assert len(rows(MailKind.CONFIRMATION)) == 3


def test_files_are_taken_and_what_is_refused_is_named_in_the_text(merchant, ada, monkeypatch):
    monkeypatch.setattr(ticket_files, "LARGEST", 10)
    done = receive(merchant, "See", files=[("a.log", b"429"), ("big.log", b"x" * 11), ("run.exe", b"MZ")])
    assert (done.attachments, done.refused) == (1, ["big.log", "run.exe"])
    row = ticketed.stored(done.ticket_id)
    assert row.message.startswith("See\n")
    assert "[Not taken: big.log is larger than" in row.message
    assert "[Not taken: run.exe is a program]" in row.message
    assert [one.name for one in db.session.scalars(select(TicketAttachment))] == ["a.log"]


def test_a_text_that_is_too_long_is_cut_and_kept_whole(merchant):
    done = receive(merchant, "word " * 10_000)
    message = ticketed.stored(done.ticket_id).message
    assert len(message) <= tickets.LONGEST
    assert "more characters are kept with the mail" in message
    assert rows(MailKind.CREATED)[0].text.strip() == ("word " * 10_000).strip()


@pytest.mark.parametrize(("subject", "text", "shown"), [
    ("", "", ("(no subject)", "(no text)")), ("\u200b", " \n", ("(no subject)", "(no text)")),
    ("x" * 400, "Hi", ("x" * 200, "Hi")),
])
def test_a_mail_without_words_has_some_to_show(merchant, subject, text, shown):
    row = ticketed.stored(receive(merchant, text, subject=subject).ticket_id)
    assert (row.subject, row.message) == shown


def test_a_reply_to_a_ticket_of_the_test_world_stays_there(merchant):
    tess = cast.make_customer(merchant, "Tess", email="tess@example.org",
                              actor=cast.actor_for(merchant).in_world(test=True))
    key = ticketed.make_customers(merchant, tess, test=True)
    done = receive(merchant, sender="tess@example.org", to=tagged(key), message_id="1@x")
    assert (done.action, replies(key)[0].test) == ("replied", True)
    live = receive(merchant, sender="tess@example.org", message_id="2@x")
    assert ticketed.stored(live.ticket_id).customer_id is None          # the live world does not know her

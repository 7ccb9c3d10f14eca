"""Mails about tickets: who gets them, their thread and address for replies, and what no text can put into a header."""

import re
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from blueprints.pay.mails import composing
from database import db, transaction
from domain.outbox.leases import Lease
from domain.people import merchants
from domain.support import tickets
from domain.support.mails import ticket_addresses, ticket_sending
from domain.support.ticket_files import File, keep
from models.merchant import Merchant
from models.outbox import Task, TaskStatus
from models.ticket import Ticket
from models.ticket_mail import MailKind, TicketMail
from outbound.mail import mailer
from outbound.runner import prepare
from tests import cast, ticketed
from tests.domain.support.mailed_in import receive
from tests.pay.mailed import BASE, waiting

SERVED = "http://127.0.0.1:8000"            # where the tests' application says that it is


@pytest.fixture(autouse=True)
def configured(monkeypatch, app):
    monkeypatch.setattr(mailer, "url", "smtp://127.0.0.1:1")
    monkeypatch.setattr(mailer, "sender", "Billing <billing@pay.example.com>")
    monkeypatch.setattr(ticket_addresses.settings, "mail_from", "billing@pay.example.com")


@pytest.fixture
def merchant(alder):
    with transaction():
        db.session.get(Merchant, alder).support_email = "help@alder.example"
    return alder


@pytest.fixture
def ticket(merchant):
    ada = cast.make_customer(merchant, "Ada", email="ada@example.org")
    return ticketed.make_customers(merchant, ada)


def lease(task):
    return Lease(id=task.id, kind=task.kind, lane=task.lane, pool=task.pool, payload=task.payload,
                 attempts=0, merchant_id=task.merchant_id, test=task.test)


def sent(task):
    """The mail of a task, as a mail program reads it."""
    mail = mailer.message(lease(task))
    mail.attach_files(mailer._read)
    return message_from_bytes(mail.as_bytes(policy=policy.SMTP), policy=policy.default)


def body(mail, kind="plain"):
    return mail.get_body((kind,)).get_content().replace("\r\n", "\n")


@pytest.mark.parametrize("test", [False, True], ids=["live", "test"])
def test_mails_to_the_customer_lead_to_the_ticket_in_the_merchants_client_area(app, merchant, test):
    who = cast.actor_for(merchant).in_world(test=test)
    ada = cast.make_customer(merchant, "Ada", email="ada@example.org", actor=who)
    ticket = ticketed.make_customers(merchant, ada, test=test)
    ticketed.answer(ticket, "On its way.")
    db.session.expire_all()
    (task,) = [one for one in db.session.scalars(select(Task)) if one.payload.get("mail") == "ticket_answer"]
    mail = sent(task)
    key = db.session.get(Merchant, merchant).area_key
    link = f"{SERVED}/client/{'test' if test else 'sign-in'}/{key}?next=/client/tickets/{ticket}"
    assert f"Open the conversation:\n{link}" in body(mail)
    assert f'href="{link}"' in body(mail, "html")
    assert app.test_client().get(link.removeprefix(SERVED)).status_code == 200


def test_who_is_not_the_customer_gets_no_link_to_the_client_area(merchant):
    receive(merchant, sender="Eve <eve@example.net>")
    stranger = db.session.scalars(select(Ticket)).one()
    ticketed.answer(stranger.id, "On its way.")
    assert "/client/" not in body(sent(waiting("ticket_answer")[0]))


def test_an_answer_is_mailed_in_the_merchants_name_with_the_address_of_its_ticket(ticket):
    ticketed.answer(ticket, "It is <on> its way.\nTomorrow & no later.")
    (task,) = waiting("ticket_answer")
    mail = sent(task)
    token = ticketed.stored(ticket).mail_token
    assert mail["From"].addresses[0].addr_spec == "help@alder.example"
    assert mail["From"].addresses[0].display_name == "Alder & Sons"
    assert (mail["To"], mail["Reply-To"]) == ("ada@example.org", f"help+{token}@alder.example")
    assert mail["Subject"] == "Re: Where is my order?"
    assert mail["Auto-Submitted"] is None
    assert re.fullmatch(r"<[0-9a-f]{32}@alder\.example>", mail["Message-ID"])
    assert "It is <on> its way.\nTomorrow & no later." in body(mail)
    assert "It is &lt;on&gt; its way.<br>Tomorrow &amp; no later." in body(mail, "html")
    assert "what you write goes to the same conversation" in body(mail)


def test_a_note_is_not_mailed(ticket):
    ticketed.answer(ticket, "Do not tell", internal=True)
    assert waiting("ticket_answer") == []


def test_the_answers_of_a_ticket_are_one_thread(ticket):
    for words in ("First", "Second", "Third"):
        ticketed.answer(ticket, words)
    first, second, third = map(sent, waiting("ticket_answer"))
    assert first["In-Reply-To"] is None
    assert second["In-Reply-To"] == first["Message-ID"]
    assert third["References"] == f"{first['Message-ID']} {second['Message-ID']}"
    assert third["In-Reply-To"] == second["Message-ID"]
    assert sent(waiting("ticket_answer")[0])["Message-ID"] == first["Message-ID"]


def test_a_long_thread_names_its_first_and_its_latest_mails(ticket):
    for count in range(14):
        ticketed.answer(ticket, f"Answer {count}")
    mails = list(map(sent, waiting("ticket_answer")))
    named = mails[-1]["References"].split()
    assert len(named) == ticket_sending.MOST_REFERENCES
    assert named == [mails[0]["Message-ID"], *(one["Message-ID"] for one in mails[4:13])]


def test_the_department_takes_replies_at_its_own_address(ticket):
    with transaction():
        db.session.get(Ticket, ticket).department.email = "orders+eu@alder.example"
    ticketed.answer(ticket)
    mail = sent(waiting("ticket_answer")[0])
    assert mail["Reply-To"] == f"orders+eu+{ticketed.stored(ticket).mail_token}@alder.example"
    assert mail["From"].addresses[0].addr_spec == "help@alder.example"


def test_without_an_address_of_the_merchant_the_installations_is_used(ticket, merchant):
    with transaction():
        db.session.get(Merchant, merchant).support_email = None
    ticketed.answer(ticket)
    mail = sent(waiting("ticket_answer")[0])
    assert mail["From"].addresses[0].addr_spec == "billing@pay.example.com"
    assert mail["Reply-To"] == f"billing+{ticketed.stored(ticket).mail_token}@pay.example.com"


def test_files_go_along_until_the_mail_would_be_too_large(ticket, monkeypatch):
    monkeypatch.setattr("blueprints.pay.mails.ticket_mails.LARGEST_TOGETHER", 10)
    files = keep([File("a.txt", b"12345"), File("big.log", b"1234567"), File("b.eml", b"From", "message/rfc822")])
    ticketed.answer(ticket, files=files)
    mail = sent(waiting("ticket_answer")[0])
    assert [(one.get_filename(), one.get_payload(decode=True)) for one in mail.iter_attachments()] == [
        ("a.txt", b"12345"), ("b.eml", b"From")]
    assert "Too large for a mail, so ask us for: big.log" in body(mail)


@pytest.mark.parametrize(("subject", "said"), [
    ("Lamps", "Re: Lamps"), ("Re: Lamps", "Re: Lamps"), ("AW: Re: RE[2]: Lamps", "Re: Lamps"), ("Re:", "Re: Re:"),
    ("Rest: of it", "Re: Rest: of it"),
])
def test_the_subject_of_an_answer_says_re_once(ticket, subject, said):
    with transaction():
        db.session.get(Ticket, ticket).subject = subject
    ticketed.answer(ticket)
    assert sent(waiting("ticket_answer")[0])["Subject"] == said


@pytest.mark.parametrize("words", ["Lamps\r\nBcc: all@example.org", "Lamps\nX-Bad: 1", "\u2028Lamps\x0bX: 1"])
def test_no_text_puts_a_line_into_a_header(ticket, merchant, words):
    with transaction():
        row = db.session.get(Ticket, ticket)
        row.subject = words
        db.session.get(Merchant, merchant).name = words
    ticketed.answer(ticket)
    mail = sent(waiting("ticket_answer")[0])
    assert mail["Bcc"] is mail["X-Bad"] is mail["X"] is None
    assert "Lamps" in mail["Subject"]
    assert "Lamps" in mail["From"]


def test_a_customers_ticket_is_told_to_the_merchant_but_never_to_an_address_that_opens_tickets(merchant):
    ada = cast.make_customer(merchant, "Ada", email="ada@example.org")
    cast.make_user("boss@alder.example", "admin_user", [merchant])
    with transaction():
        db.session.get(Merchant, merchant).email = "Help@alder.example"
    key = ticketed.make_customers(merchant, ada)
    mail = sent(waiting("ticket_opened")[0])
    assert mail["To"] == "boss@alder.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] is None
    assert f"{'/admin/tickets/'}{key}" in body(mail)
    with transaction():
        db.session.get(Merchant, merchant).email = "sales@alder.example"
    ticketed.make_customers(merchant, ada)
    assert sent(waiting("ticket_opened")[1])["To"] == "sales@alder.example"


def test_a_customers_reply_is_told_to_whom_the_ticket_is_assigned(ticket, merchant):
    ticketed.ask_again(ticket)
    assert waiting("ticket_replied") == []
    lin = cast.make_user("lin@alder.example", "normal_user", [merchant])
    ticketed.act(ticket, tickets.update, {"assignee_id": lin})
    ticketed.ask_again(ticket, "And when?")
    mail = sent(waiting("ticket_replied")[0])
    assert (mail["To"], mail["Subject"]) == ("lin@alder.example", "Ada replied: Where is my order?")
    assert "And when?" in body(mail)


def test_what_staff_writes_is_told_to_no_staff(merchant):
    ticketed.make_ticket(merchant)
    assert waiting("ticket_opened") == []


def test_a_kind_that_is_off_leaves_no_trace(ticket, merchant):
    with transaction():
        own, row = merchants.LISTING.lock(cast.actor_for(merchant), merchant)
        merchants.update(own, row, {"mails_off": ["ticket_answer"]})
    ticketed.answer(ticket)
    assert waiting("ticket_answer") == []
    assert db.session.scalars(select(TicketMail).where(TicketMail.kind == MailKind.ANSWER)).all() == []


def test_nobody_is_answered_whose_address_is_unknown(merchant):
    key = ticketed.make_customers(merchant, cast.make_customer(merchant, "Bo"))
    ticketed.answer(key)
    assert waiting("ticket_answer") == []


def test_answers_of_the_test_world_are_kept_and_not_sent(merchant):
    tess = cast.make_customer(merchant, "Tess", email="tess@example.org",
                              actor=cast.actor_for(merchant).in_world(test=True))
    key = ticketed.make_customers(merchant, tess, test=True)
    ticketed.answer(key)
    (task,) = waiting("ticket_answer")
    with transaction():
        assert prepare([lease(task)]) == []
    db.session.expire_all()
    assert db.session.get(Task, task.id).status is TaskStatus.CANCELLED
    assert "It is on its way." in composing.compose(task.payload, task.merchant_id, BASE).text

"""The list of mails that came in: what each became, its whole text, and making a ticket of one that was kept."""

import re

from database import db, transaction
from domain.support.mails import ticket_mails
from models.merchant import Merchant
from models.ticket import Ticket, TicketSource
from models.ticket_mail import MailKind, TicketMail
from tests import cast, ticketed
from tests.admin.page_text import text_of
from tests.domain.support.mailed_in import receive


def test_each_mail_is_listed_with_what_it_became(admin, alder):
    with transaction():
        db.session.get(Merchant, alder).support_email = "help@alder.example"
    done = receive(alder, "Two lamps\n\n> quoted", subject="Lamps wanted", message_id="1@x")
    receive(alder, "I am away", subject="Away", message_id="2@x", Auto_Submitted="auto-replied")
    page = admin.get("/admin/ticket_mails").text
    text = text_of(page)
    assert "Lamps wanted" in text
    assert "Opened a ticket" in text
    assert "Kept aside" in text
    assert done.ticket_number in text
    assert page.index("Away") < page.index("Lamps")
    kept = text_of(admin.get("/admin/ticket_mails?kind=kept").text)
    assert "Away" in kept
    assert "Lamps wanted" not in kept
    url = re.search(r'href="(/admin/ticket_mails/\d+)"[^>]*>Lamps', page)[1]
    mail = admin.get(url).text
    assert "&gt; quoted" in mail
    assert f"/admin/tickets/{done.ticket_id}" in mail


def test_a_mail_that_was_kept_becomes_a_ticket_once(admin, alder):
    ada = cast.make_customer(alder, "Ada", email="ada@example.org")
    hers = {"address": "ada@example.org", "address_key": "ada@example.org"}
    key = ticketed.make_kept_mail(cast.actor_for(alder), "Lamps", **hers)
    for _ in range(2):
        assert admin.post(f"/admin/ticket_mails/{key}/make_ticket").status_code in (204, 303)
    db.session.expire_all()
    ticket = db.session.query(Ticket).one()
    assert (ticket.subject, ticket.message, ticket.customer_id, ticket.source) == (
        "Lamps", "I am away.", ada, TicketSource.MAIL)
    assert (db.session.get(TicketMail, key).kind, db.session.get(TicketMail, key).ticket_id) == (
        MailKind.CREATED, ticket.id)


def test_what_was_sent_is_not_among_them_and_nobody_else_sees_them(admin, alder, birch, signed_in):
    ticketed.answer(ticketed.make_customers(alder, cast.make_customer(alder, "Ada", email="ada@example.org")))
    key = ticketed.make_kept_mail(cast.actor_for(alder), "Private words")
    assert ticket_mails.LISTING.count(cast.actor_for(alder)) == 1
    eve = signed_in("admin_user", [birch], email="eve@birch.example")
    assert "Private words" not in eve.get("/admin/ticket_mails").text
    assert eve.get(f"/admin/ticket_mails/{key}").status_code == 404
    assert eve.post(f"/admin/ticket_mails/{key}/make_ticket").status_code == 404
    agent = signed_in("restricted_user", [alder], email="agent@alder.example")
    assert "Private words" not in agent.get("/admin/ticket_mails").text

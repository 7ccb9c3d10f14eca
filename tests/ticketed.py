"""Creates tickets and replies, of customers and of strangers."""

import secrets
from dataclasses import replace

from database import db, transaction
from domain import clock, inputs
from domain.pages import Query
from domain.support import ticket_files, tickets, tickets_of_customer
from domain.support.ticket_files import File
from domain.support.tickets import ReplyInput, TicketInput
from domain.support.tickets_of_customer import CustomerReplyInput, CustomerTicketInput
from models.ticket import Ticket
from models.ticket_mail import MailKind, TicketMail
from tests import cast


def customer_actor(merchant_id, customer_id, *, test=False):
    """A customer, as the Client API makes one of a token."""
    who = cast.actor_for(merchant_id, customer_id=customer_id, label=f"customer_{customer_id}", source="client")
    return who.in_world(test=test)


def make_ticket(merchant_id, *, actor=None, files=(), **more):
    """The id of a ticket that staff wrote."""
    sent = {"subject": "Where is my order?", "message": "I ordered two lamps.", **more}
    with transaction():
        return tickets.create(
            actor or cast.actor_for(merchant_id), inputs.parse(TicketInput, sent), tuple(files)).id


def make_customers(merchant_id, customer_id, *, files=(), test=False, **more):
    """The id of a ticket that its customer wrote."""
    sent = {"subject": "Where is my order?", "message": "I ordered two lamps.", **more}
    with transaction():
        who = customer_actor(merchant_id, customer_id, test=test)
        return tickets_of_customer.create(who, inputs.parse(CustomerTicketInput, sent), tuple(files)).id


def answer(key, message="It is on its way.", *, internal=False, user_id=None, files=()):
    """The id of a reply of staff, or of an internal note."""
    with transaction():
        ticket = db.session.get(Ticket, key)
        who = replace(cast.actor_for(ticket.merchant_id).in_world(test=ticket.test), user_id=user_id)
        own, row = tickets.LISTING.lock(who, key)
        new = inputs.parse(ReplyInput, {"message": message, "internal": internal})
        return tickets.reply(own, row, new, tuple(files)).id


def ask_again(key, message="And when?", *, files=()):
    """The id of a reply of the ticket's customer."""
    with transaction():
        ticket = db.session.get(Ticket, key)
        who = customer_actor(ticket.merchant_id, ticket.customer_id, test=ticket.test)
        own, row = tickets_of_customer.RESOURCE.listing.lock(who, key)
        return tickets_of_customer.reply(
            own, row, inputs.parse(CustomerReplyInput, {"message": message}), tuple(files)).id


def make_file(key, name="till.log", content=b"429 Too Many Requests"):
    """The id of a file of a ticket's first message."""
    kept = ticket_files.keep([File(name, content)])
    with transaction():
        (row,) = ticket_files.add(db.session.get(Ticket, key), None, kept)
        db.session.flush()
        return row.id


def make_kept_mail(actor, text="", **more):
    """The id of a mail that a program sent, which was kept."""
    with transaction():
        known = {
            "kind": MailKind.KEPT, "message_id": secrets.token_hex(8), "address": "program@example.org",
            "address_key": "program@example.org", "name": "", "subject": text or "Out of office", "text": "I am away.",
            "reason": "Precedence: bulk", "created_at": clock.now(),
        }
        row = TicketMail(merchant_id=actor.merchant_id, test=actor.test, **(known | more))
        db.session.add(row)
        db.session.flush()
        return row.id


def act(key, run, *more):
    """Do something with a locked ticket as its merchant's staff."""
    with transaction():
        ticket = db.session.get(Ticket, key)
        who = cast.actor_for(ticket.merchant_id).in_world(test=ticket.test)
        return run(*tickets.LISTING.lock(who, key), *more)


def stored(key):
    db.session.expire_all()
    return db.session.get(Ticket, key)


def query(**filters):
    return Query(filters=filters, sort="id", descending=False)

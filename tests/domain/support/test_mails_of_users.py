"""Mails of a customer's users are the customer's; answers go to the user who asked."""

import pytest

from blueprints.pay.mails import composing
from database import db, transaction
from domain.people.logins import customer_users
from domain.support.mails import ticket_sending
from models.ticket import AuthorType
from tests import cast, ticketed
from tests.domain.support.mailed_in import receive
from tests.domain.support.test_mail_receiving import ada, merchant, replies, sent_id, ticket, waiting  # noqa: F401

BOB = "Robert <BOB@example.org>"


@pytest.fixture
def bob(ada):  # noqa: F811
    return cast.make_customer_user(ada, "bob@example.org", "Bob Babbage")


def remove(merchant_id, key):
    with transaction():
        customer_users.delete(*customer_users.LISTING.lock(cast.actor_for(merchant_id), key))


def test_a_users_mail_opens_a_ticket_of_the_customer_and_answers_go_to_the_user(merchant, ada, bob):  # noqa: F811
    done = receive(merchant, sender=BOB)
    row = ticketed.stored(done.ticket_id)
    assert (row.customer_id, row.author_name, row.author_type) == (ada, "Bob Babbage", AuthorType.CLIENT)
    assert ticket_sending.customer_address(row) == "bob@example.org"
    ticketed.answer(done.ticket_id)
    task = waiting("ticket_answer")[-1]
    assert f"next=/client/tickets/{done.ticket_id}" in composing.compose(task.payload, merchant, "https://x.example").text
    remove(merchant, bob)
    assert "/client/" not in composing.compose(task.payload, merchant, "https://x.example").text
    assert ticket_sending.customer_address(ticketed.stored(done.ticket_id)) == "ada@example.org"


def test_a_users_reply_to_an_answer_belongs_to_the_ticket(merchant, ada, bob, ticket):  # noqa: F811
    done = receive(merchant, "And where is it?", sender=BOB, In_Reply_To=f"<{sent_id(ticket)}>")
    assert (done.action, done.ticket_id) == ("replied", ticket)
    assert replies(ticket)[-1].author_name == "Bob Babbage"


@pytest.mark.parametrize("who", ["removed", "of another customer", "of another merchant"])
def test_nobody_elses_reply_gets_into_it_by_the_message_id(merchant, birch, ada, bob, ticket, who):  # noqa: F811
    if who == "removed":
        remove(merchant, bob)
    else:
        remove(merchant, bob)
        home = merchant if who == "of another customer" else birch
        cast.make_customer_user(cast.make_customer(home, "Eve"), "bob@example.org", "Other Bob")
    done = receive(merchant, sender=BOB, In_Reply_To=f"<{sent_id(ticket)}>")
    row = ticketed.stored(done.ticket_id)
    assert (done.action, row.id == ticket) == ("created", False)
    assert row.customer_id != ada
    assert row.author_name == ("Other Bob" if who == "of another customer" else "Robert")


def test_a_user_of_the_test_world_is_nobody_of_the_live_one(merchant):  # noqa: F811
    there = cast.actor_for(merchant).in_world(test=True)
    cast.make_customer_user(cast.make_customer(merchant, actor=there), "bob@example.org", actor=there)
    done = receive(merchant, sender=BOB)
    assert ticketed.stored(done.ticket_id).customer_id is None
    db.session.expire_all()

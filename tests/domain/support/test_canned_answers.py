"""Canned answers: what is filled in, and what is offered to whom."""

from database import db, transaction
from domain import inputs
from domain.support import canned_answers
from domain.support.canned_answers import CannedAnswerInput
from models.canned_answer import CannedAnswer
from models.ticket import Ticket
from tests import cast, ticketed


def make(merchant_id, title="Retry", text="Hello {customer}"):
    with transaction():
        sent = inputs.parse(CannedAnswerInput, {"title": title, "text": text})
        return canned_answers.create(cast.actor_for(merchant_id), sent).id


def test_words_are_filled_in_and_others_stay(alder):
    ada = cast.make_customer(alder, "Ada {number}", email="ada@example.org")
    ticket = db.session.get(Ticket, ticketed.make_customers(alder, ada))
    key = make(alder, text="Hello {customer}, {number} “{subject}”: {other} {0} {agent.x} {agent}")
    found = canned_answers.filled(db.session.get(CannedAnswer, key), db.session.get(Ticket, ticket.id), "Lin")
    assert found == f"Hello Ada {{number}}, {ticket.number} “Where is my order?”: {{other}} {{0}} {{agent.x}} Lin"


def test_those_that_are_on_are_offered_by_title_to_their_merchant(alder, birch):
    second, first, off = make(alder, "b"), make(alder, "A"), make(alder, "c")
    make(birch, "d")
    with transaction():
        canned_answers.archive(*canned_answers.LISTING.lock(cast.actor_for(alder), off))
    assert [one.id for one in canned_answers.offered(alder)] == [first, second]

"""Two tickets become one: nothing that was written is lost, and nobody reads what is not his."""

from datetime import timedelta

import pytest
import time_machine

from database import transaction
from domain import clock
from domain.errors import Conflict, Invalid, NotFound
from domain.support import ticket_files, ticket_merging, tickets
from domain.support.ticket_files import File
from models.ticket import TicketLink, TicketReply
from tests import cast
from tests.ticketed import act, answer, ask_again, make_customers, make_ticket, stored


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace")


def merge(alder, key, into):
    with transaction():
        own, source, target = ticket_merging.locked_pair(cast.actor_for(alder), key, into)
        return ticket_merging.merge(own, source, target).id


def messages(alder, key):
    record = tickets.LISTING.read(cast.actor_for(alder), key)
    return [record.message, *(one.message for one in record.children["replies"])]


def test_messages_files_and_links_go_over_in_the_order_in_which_they_were_written(alder, ada):
    (first,), (later,) = (ticket_files.keep([File(name, b"bytes")]) for name in ("a.txt", "b.txt"))
    start = clock.now()
    with time_machine.travel(start, tick=False):
        into = make_customers(alder, ada, message="One")
    with time_machine.travel(start + timedelta(minutes=1), tick=False):
        key = make_customers(alder, ada, message="Two req_0123456789abcdef", files=[first])
    with time_machine.travel(start + timedelta(minutes=2), tick=False):
        answer(into, "Three")
    with time_machine.travel(start + timedelta(minutes=3), tick=False):
        ask_again(key, "Four", files=[later])
    assert merge(alder, key, into) == into
    assert messages(alder, into) == ["One", "Two req_0123456789abcdef", "Three", "Four"]
    record = tickets.LISTING.read(cast.actor_for(alder), into)
    names = {one.id: one.message for one in record.children["replies"]}
    assert [(one.name, names[one.reply_id][:4]) for one in record.children["attachments"]] == [
        ("a.txt", "Two "), ("b.txt", "Four")]
    assert [one.key for one in record.children["links"]] == ["req_0123456789abcdef"]
    source = stored(key)
    assert (source.status, source.merged_into_id) == ("closed", into)
    assert tickets.LISTING.read(cast.actor_for(alder), key).children["replies"] == []


def test_the_one_that_stays_waits_since_the_first_message_without_an_answer(alder, ada):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        into = make_customers(alder, ada)
    answer(into)
    assert stored(into).status == "answered"
    with time_machine.travel(start + timedelta(hours=1), tick=False):
        key = make_customers(alder, ada)
    merge(alder, key, into)
    ticket = stored(into)
    assert (ticket.status, ticket.waiting_since) == ("customer_reply", start + timedelta(hours=1))


def test_a_ticket_that_was_answered_leaves_the_other_ones_status(alder, ada):
    into, key = make_customers(alder, ada), make_customers(alder, ada)
    answer(key)
    act(into, tickets.close)
    merge(alder, key, into)
    assert stored(into).status == "closed"


def test_a_strangers_ticket_may_join_a_customers_and_gives_it_no_stranger(alder, ada):
    into, key = make_customers(alder, ada), make_ticket(alder)
    merge(alder, key, into)
    assert stored(into).customer_id == ada


def test_tickets_of_different_customers_are_not_merged(alder, ada):
    into, key = make_customers(alder, ada), make_customers(alder, cast.make_customer(alder, "Grace"))
    before = cast.count(TicketReply), cast.count(TicketLink)
    with pytest.raises(Conflict, match="different customers"):
        merge(alder, key, into)
    assert (cast.count(TicketReply), cast.count(TicketLink)) == before
    assert stored(key).merged_into_id is None


def test_nothing_is_merged_with_itself_with_a_foreign_one_or_twice(alder, birch, ada):
    key, into = make_customers(alder, ada), make_customers(alder, ada)
    theirs = make_ticket(birch)
    for wrong in (key, theirs, 987_654):
        with pytest.raises(Invalid) as problem:
            merge(alder, key, wrong)
        assert list(problem.value.fields) == ["into"]
    with pytest.raises(NotFound):
        merge(alder, theirs, key)
    merge(alder, key, into)
    for pair in ((key, into), (into, key)):
        with pytest.raises(Conflict, match="already"):
            merge(alder, *pair)


def test_a_merged_ticket_takes_no_more_messages_and_stays_closed(alder, ada):
    key, into = make_customers(alder, ada), make_customers(alder, ada)
    merge(alder, key, into)
    for attempt in (answer, ask_again):
        with pytest.raises(Conflict, match="merged"):
            attempt(key)
    with pytest.raises(Conflict, match="merged"):
        act(key, tickets.reopen)
    assert ticket_merging.resolved(stored(key)).id == into

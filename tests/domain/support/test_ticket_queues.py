"""The queues of the desk: what is in each, in which order, for whom, and what a user has not read."""

from dataclasses import replace
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.support import ticket_queues, tickets
from domain.support.ticket_queues import Queue
from tests import cast, ticketed


@pytest.fixture
def lin(alder):
    key = cast.make_user("lin@alder.example", "normal_user", [alder])
    return replace(cast.actor_for(alder), user_id=key)


def ids(who, queue):
    found = [one.id for one in ticket_queues.rows(who, queue)]
    db.session.rollback()
    return found


def test_each_queue_has_its_tickets_the_most_urgent_first(alder, lin, time_machine):
    ada = cast.make_customer(alder, "Ada", email="ada@example.org")
    low = ticketed.make_customers(alder, ada, priority=1)
    urgent = ticketed.make_customers(alder, ada, priority=4)
    mine = ticketed.make_customers(alder, ada)
    ticketed.act(mine, tickets.update, {"assignee_id": lin.user_id})
    answered = ticketed.make_customers(alder, ada)
    ticketed.answer(answered)
    held = ticketed.make_customers(alder, ada)
    ticketed.act(held, tickets.hold)
    older, closed = ticketed.make_customers(alder, ada), ticketed.make_customers(alder, ada)
    for one in (older, closed):
        ticketed.act(one, tickets.close)
    assert ids(lin, Queue.WAITING) == [urgent, mine, low]
    assert ids(lin, Queue.UNASSIGNED) == [urgent, low]
    assert ids(lin, Queue.MINE) == [mine]
    assert ids(lin, Queue.ON_HOLD) == [held]
    assert ids(lin, Queue.CLOSED) == [closed, older]
    assert ids(lin, Queue.OVERDUE) == []
    time_machine.move_to(clock.now() + timedelta(hours=2))
    assert ids(lin, Queue.OVERDUE) == [urgent]
    assert ticket_queues.counts(lin) == {
        Queue.WAITING: 3, Queue.MINE: 1, Queue.UNASSIGNED: 2, Queue.OVERDUE: 1, Queue.ON_HOLD: 1}
    assert ticket_queues.waiting(lin) == 3


def test_nobody_else_has_them_in_a_queue(alder, birch, lin):
    ticketed.make_ticket(alder)
    for who in (cast.actor_for(birch), lin.in_world(test=True)):
        assert ids(who, Queue.WAITING) == []
        assert ticket_queues.counts(who)[Queue.WAITING] == ticket_queues.waiting(who) == 0


def test_a_restricted_user_has_the_own_tickets_only(alder, lin):
    ticketed.make_ticket(alder)
    own = ticketed.make_ticket(alder, assignee_id=lin.user_id)
    who = replace(lin, own_only=True)
    assert ids(who, Queue.WAITING) == [own]
    assert ticket_queues.counts(who)[Queue.WAITING] == 1


def test_a_ticket_is_new_to_each_user_until_it_is_read_and_after_every_message(alder, lin, time_machine):
    ada = cast.make_customer(alder, "Ada", email="ada@example.org")
    key = ticketed.make_customers(alder, ada)
    other = replace(lin, user_id=cast.make_user("bo@alder.example", "normal_user", [alder]))

    def unread(who):
        (row,) = ticket_queues.rows(who, Queue.WAITING)
        db.session.rollback()
        return bool(row.unread)

    assert unread(lin)
    with transaction():
        ticket_queues.mark_read(lin, key)
    assert (unread(lin), unread(other)) == (False, True)
    time_machine.move_to(clock.now() + timedelta(minutes=1))
    ticketed.ask_again(key)
    assert unread(lin)
    assert not ticket_queues.is_read(lin, key, ticketed.stored(key).last_reply_at)
    db.session.rollback()
    with transaction():
        ticket_queues.mark_read(lin, key)
    assert not unread(lin)

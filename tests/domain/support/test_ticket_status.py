"""What may follow which status of a ticket, from every status by every step; until when a ticket should be answered."""

from datetime import timedelta

import pytest
import time_machine

from domain import clock
from domain.errors import Conflict
from domain.support import ticket_status, tickets
from domain.support.ticket_status import SetByHand, Step
from models.ticket import Ticket, TicketStatus
from tests import cast
from tests.ticketed import act, answer, ask_again, make_customers, make_ticket, query, stored

REPLY = {"staff_reply": "answered", "client_reply": "customer_reply"}
LEADS_TO = {
    "open": {"staff_reply": "answered", "client_reply": "open", "hold": "on_hold", "close": "closed"},
    "answered": REPLY | {"hold": "on_hold", "close": "closed"},
    "customer_reply": REPLY | {"hold": "on_hold", "close": "closed"},
    "on_hold": REPLY | {"close": "closed", "reopen": "open"},
    "closed": REPLY | {"hold": "on_hold", "reopen": "open"},
}


@pytest.mark.parametrize("status", TicketStatus)
@pytest.mark.parametrize("step", Step)
def test_a_ticket_takes_the_status_that_the_step_leads_to_or_stays(status, step):
    ticket = Ticket(status=status, priority=2)
    wanted = LEADS_TO[status].get(step)
    assert ticket_status.may(status, step) == (wanted is not None)
    if wanted is None:
        with pytest.raises(Conflict, match="cannot be"):
            ticket_status.take(ticket, step, clock.now())
        assert ticket.status is status
    else:
        ticket_status.take(ticket, step, clock.now())
        assert ticket.status == wanted


def test_a_conversation_goes_back_and_forth(alder):
    key = make_customers(alder, cast.make_customer(alder))
    assert stored(key).status == "open"
    ask_again(key)
    assert stored(key).status == "open"
    answer(key)
    assert stored(key).status == "answered"
    ask_again(key)
    assert stored(key).status == "customer_reply"
    answer(key, internal=True)
    assert stored(key).status == "customer_reply"


def test_a_customers_reply_opens_a_closed_ticket_again(alder):
    key = make_customers(alder, cast.make_customer(alder))
    act(key, tickets.close)
    assert stored(key).closed_at is not None
    ask_again(key)
    ticket = stored(key)
    assert (ticket.status, ticket.closed_at) == ("customer_reply", None)
    assert ticket.due_at is not None


@pytest.mark.parametrize(("priority", "hours"), [(1, 24), (2, 8), (3, 4), (4, 1)])
def test_the_first_answer_is_due_by_priority_and_later_ones_have_longer(alder, priority, hours):
    key = make_customers(alder, cast.make_customer(alder), priority=priority)
    ticket = stored(key)
    assert ticket.due_at - ticket.created_at == timedelta(hours=hours)
    answer(key)
    assert (stored(key).due_at, stored(key).waiting_since) == (None, None)
    assert stored(key).first_replied_at is not None
    ask_again(key)
    ticket = stored(key)
    assert ticket.due_at - ticket.waiting_since == timedelta(hours=2 * hours if priority != 2 else 24)


def test_the_time_counts_from_the_first_message_that_nobody_answered(alder):
    key = make_customers(alder, cast.make_customer(alder))
    answer(key)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        ask_again(key)
        since = clock.now()
    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        ask_again(key, "Hello?")
    assert stored(key).waiting_since == since


def test_another_priority_moves_the_time(alder):
    key = make_ticket(alder)
    act(key, tickets.update, {"priority": 4})
    ticket = stored(key)
    assert ticket.due_at - ticket.created_at == timedelta(hours=1)


def test_nobody_waits_for_an_answer_to_a_ticket_on_hold_or_closed(alder):
    for step in (tickets.hold, tickets.close):
        key = make_ticket(alder)
        act(key, step)
        assert (stored(key).due_at, stored(key).waiting_since) == (None, None)
        act(key, tickets.reopen)
        assert stored(key).status == "open"
        assert stored(key).due_at is not None


def test_a_status_that_is_set_again_changes_nothing_and_another_is_refused(alder):
    key = make_ticket(alder)
    act(key, tickets.update, {"status": SetByHand.OPEN})
    assert stored(key).status == "open"
    answer(key)
    with pytest.raises(Conflict):
        act(key, tickets.reopen)


def test_undo_gives_back_the_status_and_since_when_somebody_waits(alder):
    key = make_customers(alder, cast.make_customer(alder))
    before = stored(key).waiting_since, stored(key).due_at
    act(key, tickets.close)
    act(key, tickets.put_status_back, {"status": "open"})
    assert (stored(key).status, stored(key).closed_at) == ("open", None)
    assert (stored(key).waiting_since, stored(key).due_at) == before
    answer(key)
    ask_again(key)
    waiting = stored(key).waiting_since
    act(key, tickets.hold)
    act(key, tickets.put_status_back, {"status": "customer_reply"})
    assert (stored(key).status, stored(key).waiting_since) == ("customer_reply", waiting)


def test_late_tickets_are_those_that_wait_for_longer_than_they_should(alder):
    late, early = make_ticket(alder, priority=4), make_ticket(alder, priority=1)
    closed = make_ticket(alder, priority=4)
    act(closed, tickets.close)
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        found = tickets.LISTING.page(cast.actor_for(alder), query(late=True))
    assert [one.id for one in found.records] == [late]
    assert early not in [one.id for one in found.records]

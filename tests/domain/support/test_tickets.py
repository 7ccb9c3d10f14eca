"""Tickets: who writes them, whom they belong to, what is found of them, and what nobody else sees."""

import re

import pytest

from database import transaction
from domain import inputs, usage
from domain.errors import Conflict, Foreign, Invalid, NotFound
from domain.pages import Query
from domain.people import customers, users
from domain.people.user_listing import LISTING
from domain.support import assignees, tickets, tickets_of_customer
from domain.support.ticket_listing import OF_CUSTOMERS
from domain.support.tickets import TicketInput
from models.ticket import Ticket, TicketLink
from tests import cast, invoicing
from tests.ordered import make_order
from tests.ticketed import (
    act,
    answer,
    ask_again,
    customer_actor,
    make_customers,
    make_ticket,
    query,
    stored,
)

REQUEST = "req_0123456789abcdef"


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


def read(alder, key, test=False):
    return tickets.LISTING.read(cast.actor_for(alder).in_world(test=test), key)


def test_a_ticket_of_a_customer_has_a_number_a_department_and_a_priority(alder, ada):
    ticket = stored(make_customers(alder, ada))
    assert re.fullmatch(r"TKT-[0-9A-F]{8}", ticket.number)
    assert (ticket.department.name, ticket.priority, ticket.source) == ("Support", 2, "client")
    assert (ticket.author_type, ticket.author_name, ticket.customer_id) == ("client", "Ada Lovelace", ada)


def test_staff_without_a_name_are_support_and_never_an_address(alder, ada):
    nameless = cast.make_user("robin@alder.example", merchant_ids=[alder])
    named = cast.make_user("grace@alder.example", merchant_ids=[alder], name="Grace Hopper")
    key = make_customers(alder, ada)
    for user in (None, nameless, named):
        answer(key, user_id=user)
    record = OF_CUSTOMERS.read(customer_actor(alder, ada), key)
    assert [one.author_name for one in record.children["replies"]] == ["Support", "Support", "Grace Hopper"]
    assert "robin@" not in str(record.children)


def test_customers_do_not_see_internal_notes_nor_whom_a_ticket_is_given_to(alder, ada):
    key = make_customers(alder, ada)
    answer(key, "They never pay.", internal=True)
    answer(key, "Soon.")
    record = OF_CUSTOMERS.read(customer_actor(alder, ada), key)
    assert [one.message for one in record.children["replies"]] == ["Soon."]
    assert not hasattr(record.row, "assignee_id")
    assert len(read(alder, key).children["replies"]) == 2


def test_customers_find_no_ticket_by_the_words_of_a_note(alder, ada):
    key = make_customers(alder, ada)
    answer(key, "Secretive remark", internal=True)
    search = Query(search="secretive", sort="id")
    assert OF_CUSTOMERS.page(customer_actor(alder, ada), search).records == []
    assert [one.id for one in tickets.LISTING.page(cast.actor_for(alder), search).records] == [key]


def test_tickets_are_found_by_the_words_of_any_message_by_number_and_by_sender(alder, ada):
    key = make_customers(alder, ada, subject="Lamps", message="They are broken")
    make_customers(alder, ada, subject="Chairs")
    ask_again(key, "Überhaupt nicht")
    for words in ("lamps", "BROKEN", "uberhaupt", stored(key).number.lower()[:10], "lovelace"):
        found = tickets.LISTING.page(cast.actor_for(alder), Query(search=words, sort="id"))
        assert key in [one.id for one in found.records], words
    found = tickets.LISTING.page(cast.actor_for(alder), Query(search="uberhaupt", sort="id"))
    assert (found.total, len(found.records)) == (1, 1)


def test_a_customer_reads_own_tickets_only(alder, birch, ada):
    key = make_customers(alder, ada)
    other, abroad = cast.make_customer(alder, "Grace"), cast.make_customer(birch, "Bob")
    with pytest.raises(Foreign):
        OF_CUSTOMERS.read(customer_actor(alder, other), key)
    with pytest.raises(NotFound):
        OF_CUSTOMERS.read(customer_actor(birch, abroad), key)
    assert OF_CUSTOMERS.page(customer_actor(alder, other), Query(sort="id")).total == 0


def test_live_and_test_tickets_are_apart(alder):
    there = cast.actor_for(alder).in_world(test=True)
    customer = cast.make_customer(alder, actor=there)
    key = make_customers(alder, customer, test=True)
    with pytest.raises(NotFound):
        read(alder, key)
    assert read(alder, key, test=True).number
    with pytest.raises(Invalid) as wrong:
        make_ticket(alder, customer_id=customer)
    assert list(wrong.value.fields) == ["customer_id"]


def test_everything_wrong_is_named_at_once(alder, birch):
    stranger = cast.make_user("bob@birch.example", merchant_ids=[birch])
    theirs = cast.make_customer(birch)
    with pytest.raises(Invalid) as wrong:
        make_ticket(alder, customer_id=theirs, assignee_id=stranger, department=9,
                    links=[{"noun": "order", "key": "77"}, {"noun": "request", "key": "req_x"}])
    assert set(wrong.value.fields) == {"customer_id", "assignee_id", "department", "links.0.key"}
    assert cast.count(Ticket) == 0


@pytest.mark.parametrize(("sent", "field"), [
    ({"subject": " "}, "subject"), ({"subject": "x" * 201}, "subject"), ({"message": "\n"}, "message"),
    ({"message": "x" * 20_001}, "message"), ({"priority": 5}, "priority"), ({"priority": "High"}, "priority"),
    ({"department": 0}, "department"), ({"status": "answered"}, "status"),
    ({"links": [{"noun": "planet", "key": "1"}]}, "links.0.noun"),
])
def test_bad_values_are_refused(sent, field):
    with pytest.raises(Invalid) as wrong:
        inputs.parse(TicketInput, {"subject": "x", "message": "y"} | sent)
    assert list(wrong.value.fields) == [field]


def test_a_ticket_is_given_to_users_of_its_merchant_only(alder, birch):
    own = cast.make_user("robin@alder.example", merchant_ids=[alder], name="Robin")
    operator = cast.make_user("ops@example.org", "admin_user", all_merchants=True)
    gone = cast.make_user("gone@alder.example", merchant_ids=[alder])
    cast.make_user("bob@birch.example", merchant_ids=[birch])
    with transaction():
        users.archive(*LISTING.lock(cast.actor_for(alder), gone))
    assert assignees.choices(cast.actor_for(alder)) == [(operator, "ops@example.org"), (own, "Robin")]
    key = make_ticket(alder)
    act(key, tickets.update, {"assignee_id": own})
    assert read(alder, key).assignee_name == "Robin"
    with pytest.raises(Invalid):
        act(key, tickets.update, {"assignee_id": gone})


def test_a_strangers_ticket_gets_its_customer_once(alder, ada):
    key = make_ticket(alder)
    act(key, tickets.update, {"customer_id": ada})
    act(key, tickets.update, {"customer_id": ada})
    with pytest.raises(Conflict, match="already"):
        act(key, tickets.update, {"customer_id": cast.make_customer(alder, "Grace")})
    assert stored(key).customer_id == ada


def test_links_lead_to_own_orders_and_to_requests_that_a_message_names(alder, birch, ada):
    order, theirs = make_order(alder), make_order(birch)
    key = make_customers(alder, ada, message=f"It said {REQUEST}, what is that?")
    act(key, tickets.update, {"links": inputs.parse(
        TicketInput, {"subject": "x", "message": "y", "links": [
            {"noun": "order", "key": str(order)}, {"noun": "request", "key": REQUEST}]}).links})
    ask_again(key, f"Again {REQUEST} and req_ffffffffffffffff")
    links = [(one.noun, one.key) for one in read(alder, key).children["links"]]
    assert links == [("request", REQUEST), ("order", str(order)), ("request", "req_ffffffffffffffff")]
    with pytest.raises(Invalid):
        make_ticket(alder, links=[{"noun": "order", "key": str(theirs)}])
    assert cast.count(TicketLink) == 3


def test_a_ticket_is_linked_to_an_own_invoice(alder, birch, ada):
    own, theirs = (invoicing.make_issued(one) for one in (alder, birch))
    key = make_ticket(alder, links=[{"noun": "invoice", "key": str(own)}])
    assert [(one.noun, one.key) for one in stored(key).links] == [("invoice", str(own))]
    with pytest.raises(Invalid) as wrong:
        make_ticket(alder, links=[{"noun": "invoice", "key": str(theirs)}])
    assert list(wrong.value.fields) == ["links.0.key"]


def test_a_customer_with_an_open_ticket_is_not_deleted(alder, ada):
    key = make_customers(alder, ada)
    with pytest.raises(usage.InUse, match="1 open ticket"), transaction():
        customers.delete(*customers.LISTING.lock(cast.actor_for(alder), ada))
    act(key, tickets.close)
    with transaction():
        customers.delete(*customers.LISTING.lock(cast.actor_for(alder), ada))


def test_who_sees_own_rows_only_sees_tickets_that_are_given_to_him(alder):
    robin = cast.make_user("robin@alder.example", "restricted_user", [alder])
    who = cast.actor_for(alder, user_id=robin, own_only=True)
    others, own = make_ticket(alder), make_ticket(alder, actor=who)
    assert [one.id for one in tickets.LISTING.page(who, query()).records] == [own]
    with pytest.raises(NotFound):
        tickets.LISTING.read(who, others)


def test_only_customers_open_tickets_as_customers(alder):
    new = inputs.parse(tickets_of_customer.CustomerTicketInput, {"subject": "x", "message": "y"})
    with pytest.raises(Conflict):
        tickets_of_customer.create(cast.actor_for(alder), new)

"""Several people of one customer: each with an address, sessions and a name of their own."""

import re
from datetime import timedelta
from functools import partial

import pytest
import time_machine
from sqlalchemy import select

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock, inputs, settings
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.people import customers
from domain.people.logins import customer_emails, customer_users
from models.audit import AuditEntry
from models.customer import Customer, CustomerStatus
from models.customer_user import CustomerUser
from models.ticket import Ticket
from tests import cast
from tests.client.authenticator import PASSWORD, set_password, user_at
from tests.client.conftest import BASE, last_mail, link_of, mail_of, tasks

BOB = "bob@analytical.example"


@pytest.fixture
def bob(ada):
    return cast.make_customer_user(ada, BOB, "Bob Babbage")


def change(alder, ada, **changes):
    with transaction():
        customers.update(*customers.LISTING.lock(cast.actor_for(alder), ada), changes)


def remove(alder, key):
    with transaction():
        customer_users.delete(*customer_users.LISTING.lock(cast.actor_for(alder), key))


def users_of(ada):
    db.session.expire_all()
    return [(one.email, one.is_first) for one in customer_emails.of_customer(ada)]


def test_the_customers_own_address_is_the_first_user_without_any_set_up(signed_in, ada):
    assert users_of(ada) == [("ada@example.org", True)]
    page = signed_in.get("/client/users").text
    assert "Ada Lovelace" in page
    assert "You" in page
    assert "Remove Ada" not in page


def test_a_colleague_is_invited_and_signs_in_by_the_link_of_the_mail_in_any_browser_once(signed_in, browser, ada):
    signed_in.get("/client/users")
    reply = signed_in.post("/client/users", {"email": BOB, "name": "Bob Babbage"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/users?said=invited")
    assert "Invited on" in signed_in.get("/client/users").text
    mail = mail_of(tasks("client_invitation")[-1])
    assert (mail.to, mail.sender) == (BOB, "Alder & Sons")
    for words in ("Bob Babbage", "Analytical Engines", "7 days"):
        assert words in mail.text
    one, other = browser(), browser()
    link = link_of(mail)
    assert "One press" in one.get(link).text
    assert one.get("/client/").status_code == 303
    assert one.post(link).headers["Location"] == "/client/"
    page = one.get("/client/").text
    assert "Welcome, Bob Babbage" in page
    assert "Analytical Engines" in page
    other.get("/client/sign-in")
    assert other.post(link).status_code in (400, 404)
    assert other.get(link).status_code == 404
    assert signed_in.get("/client/").status_code == 200


def test_a_user_without_a_name_is_called_by_the_address_once(signed_in, browser, ada):
    signed_in.get("/client/users")
    signed_in.post("/client/users", {"email": BOB, "name": ""})
    one, link = browser(), link_of(mail_of(tasks("client_invitation")[-1]))
    one.get(link)
    one.post(link)
    entries = select(AuditEntry.actor).where(AuditEntry.action == "customer.signed_in").order_by(AuditEntry.id.desc())
    assert db.session.scalars(entries).first() == BOB


def test_what_staff_sees_of_an_invitation_is_no_link(ada, bob, alder):
    task = tasks("client_invitation")[-1]
    shown = composing.compose(task.payload, alder, BASE, hides_secrets=True)
    assert "/client/link/" not in shown.text + shown.html


def test_mails_for_signing_in_go_to_the_users_own_address(browser, alder, ada, bob):
    one = browser()
    one.ask(alder, BOB.upper())
    mail = last_mail()
    assert mail.to == BOB
    assert "Bob Babbage" in mail.text
    one.get(link_of(mail))
    one.post(link_of(mail))
    assert one.get("/client/").status_code == 200
    assert user_at(BOB).signed_in_at is not None
    assert user_at("ada@example.org").signed_in_at is None


def test_each_user_has_sessions_of_their_own(signed_in, browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    assert one.get("/client/sessions").text.count("This browser") == 1
    assert "Sign out everywhere else" not in one.get("/client/sessions").text
    assert one.post("/client/sessions/end").status_code == 303
    assert signed_in.get("/client/").status_code == 200


@pytest.mark.parametrize("by", ["colleague", "staff"])
def test_a_removed_user_is_signed_out_at_once_and_stays_out(signed_in, browser, alder, ada, bob, by):
    set_password(BOB)
    one, asked = browser(), browser()
    one.sign_in(alder, BOB)
    asked.ask(alder, BOB)
    link = link_of(last_mail())
    invitation = link_of(mail_of(tasks("client_invitation")[-1]) or last_mail())
    if by == "staff":
        remove(alder, bob)
    else:
        signed_in.get("/client/users")
        assert signed_in.post(f"/client/users/{bob}/remove").headers["Location"] == "/client/users?said=removed"
    assert one.get("/client/").status_code == 303
    asked.get("/client/sign-in")
    for path in {link, invitation}:
        assert asked.get(path).status_code == 404
    before = len(tasks())
    browser().ask(alder, BOB)
    assert len(tasks()) == before
    assert browser().by_password(alder, BOB, PASSWORD).status_code == 401
    assert users_of(ada) == [("ada@example.org", True)]
    cast.make_customer_user(ada, BOB)                           # the address is free again


def test_who_removes_oneself_is_signed_out(browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    one.get("/client/users")
    assert one.post(f"/client/users/{bob}/remove").headers["Location"] == "/client/sign-in"
    assert one.get("/client/").status_code == 303


def test_neither_the_first_nor_the_last_user_is_removed(signed_in, alder, ada):
    signed_in.get("/client/users")
    assert signed_in.post(f"/client/users/{user_at('ada@example.org').id}/remove").status_code == 409
    nameless = cast.make_customer(alder, "No address")
    first, second = (cast.make_customer_user(nameless, f"{name}@none.example") for name in ("one", "two"))
    remove(alder, first)
    with pytest.raises(Conflict, match="last user"):
        remove(alder, second)
    assert users_of(nameless) == [("two@none.example", False)]


def test_the_first_user_follows_the_customers_address(browser, alder, ada):
    set_password("ada@example.org")
    one = browser()
    one.sign_in(alder, "ada@example.org")
    change(alder, ada, email="augusta@example.org")
    assert users_of(ada) == [("augusta@example.org", True)]
    assert one.get("/client/").status_code == 303
    assert browser().by_password(alder, "augusta@example.org", PASSWORD).status_code == 401   # it was another's
    change(alder, ada, email=None)
    assert users_of(ada) == []
    change(alder, ada, email="ada@example.org")
    assert users_of(ada) == [("ada@example.org", True)]
    assert browser().sign_in(alder, "ada@example.org").status_code == 303


def test_a_customer_who_gets_a_users_address_has_that_user_as_the_first(browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    change(alder, ada, email=BOB)
    assert users_of(ada) == [(BOB, True)]
    assert one.get("/client/").status_code == 200


def test_an_address_belongs_to_one_customer_of_a_merchant_and_world(alder, birch, ada, bob):
    with pytest.raises(Conflict) as refused:
        cast.make_customer(alder, "Eve", email=BOB.upper())
    assert "another customer" in refused.value.fields["email"].text
    eve = cast.make_customer(alder, "Eve", email="eve@example.org")
    for taken in (BOB, "ada@example.org"):
        with pytest.raises(Conflict):
            cast.make_customer_user(eve, taken)
        with pytest.raises(Conflict):
            change(alder, eve, email=taken)
    with pytest.raises(Conflict):
        cast.make_customer_user(ada, BOB)
    cast.make_customer_user(cast.make_customer(birch), BOB)
    test = cast.actor_for(alder).in_world(test=True)
    cast.make_customer_user(cast.make_customer(alder, actor=test), BOB)
    assert cast.count(CustomerUser) == 5


def test_a_customer_does_not_learn_whose_addresses_are_other_customers(signed_in, browser, alder, ada):
    eve = cast.make_customer(alder, "Eve", email="eve@example.org")
    signed_in.get("/client/users")
    replies = [signed_in.post("/client/users", {"email": email}) for email in ("eve@example.org", "new@example.org")]
    assert [(one.status_code, one.headers["Location"]) for one in replies] == [(303, "/client/users?said=invited")] * 2
    shown = re.findall(r"Invited on", signed_in.get("/client/users").text)
    assert len(shown) == 2
    assert [mail_of(one).to for one in tasks("client_invitation")] == ["new@example.org"]
    one = browser()
    one.sign_in(alder, "eve@example.org")                       # it signs in where it did
    assert "Welcome, Eve" in one.get("/client/").text
    change(alder, eve, email="eve@new.example")
    assert users_of(eve) == [("eve@new.example", True)]


@pytest.mark.parametrize(("sent", "words"), [
    ({"email": "ada"}, "e-mail address"), ({"email": ""}, "is required"),
    ({"email": "ada@example.org"}, "is a user of this customer already"),
    ({"email": "b@example.org", "name": "x" * 101}, "at most 100"),
])
def test_what_is_wrong_with_an_invitation_is_said(signed_in, ada, sent, words):
    signed_in.get("/client/users")
    reply = signed_in.post("/client/users", sent)
    assert reply.status_code == 422
    assert words in reply.text
    assert tasks("client_invitation") == []


def test_a_customer_invites_twenty_in_an_hour(signed_in, ada):
    signed_in.get("/client/users")
    replies = [signed_in.post("/client/users", {"email": f"b{number}@example.org"}) for number in range(21)]
    assert [one.status_code for one in replies] == [303] * 20 + [429]


def test_a_stopped_customer_invites_and_removes_nobody(signed_in, alder, ada, bob):
    change(alder, ada, status=CustomerStatus.STOPPED)
    assert "Invite a colleague" not in signed_in.get("/client/users").text
    assert signed_in.post("/client/users", {"email": "eve@example.org"}).status_code == 403
    assert signed_in.post(f"/client/users/{bob}/remove").status_code == 403


def test_users_of_a_deleted_customer_are_out_their_addresses_are_free_and_undo_brings_them_back(
        browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    set_password("ada@example.org")
    with transaction():
        customers.delete(*customers.LISTING.lock(cast.actor_for(alder), ada))
    assert one.get("/client/").status_code == 303
    other = cast.make_customer(alder, "Other", email=BOB)
    with transaction():
        customers.restore(*customers.LISTING.lock(cast.actor_for(alder), ada, removed=True))
    assert users_of(ada) == [("ada@example.org", True), (BOB, False)]
    assert browser().by_password(alder, "ada@example.org", PASSWORD).status_code == 303
    mine = browser()
    mine.sign_in(alder, BOB)
    assert "Welcome, Other" in mine.get("/client/").text         # whoever took it meanwhile keeps it
    assert one.get("/client/").status_code == 303
    assert users_of(other) == [(BOB, True)]


def test_a_copy_in_the_other_world_has_the_first_user_and_no_password(alder, ada, bob):
    set_password("ada@example.org")
    there = cast.actor_for(alder).in_world(test=True)
    with transaction():
        made = customers.copy(there, db.session.get(Customer, ada))
        key = made.id
    assert users_of(key) == [("ada@example.org", True)]
    assert customer_emails.of_customer(key)[0].password_hash is None


def test_questions_and_the_audit_trail_name_the_user(browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    once = re.search(r'name="once" value="([^"]+)"', one.get("/client/tickets/new").text)[1]
    assert one.post("/client/tickets", {"once": once, "subject": "Late", "message": "Where is it?"}).status_code == 303
    ticket = db.session.query(Ticket).one()
    assert (ticket.author_name, ticket.sender, ticket.customer_id) == ("Bob Babbage", BOB, ada)
    entries = {one.action: one.actor for one in db.session.query(AuditEntry).filter_by(source="client")}
    assert set(entries.values()) == {f"Bob Babbage <{BOB}>"}
    assert {"customer.signed_in", "ticket.created"} <= set(entries)


def test_a_user_changes_the_own_name(browser, alder, ada, bob):
    one = browser()
    one.sign_in(alder, BOB)
    one.get("/client/security")
    assert one.post("/client/security/name", {"name": " Robert <b> "}).status_code == 303
    assert user_at(BOB).name == "Robert <b>"
    assert "Welcome, Robert &lt;b&gt;" in one.get("/client/").text
    assert "Ada Lovelace" in one.get("/client/users").text
    reply = one.post("/client/security/name", {"name": "x" * 101})
    assert reply.status_code == 422
    assert "at most 100" in reply.text


def test_only_the_name_of_a_user_is_changed(alder, ada, bob):
    for sent in ({"email": "eve@example.org"}, {"customer_id": cast.make_customer(alder, "Eve")}):
        changes = inputs.changes(customer_users.CustomerUserInput, sent)
        with transaction():
            who, row = customer_users.LISTING.lock(cast.actor_for(alder), bob)
            with pytest.raises(Invalid) as refused:
                customer_users.update(who, row, changes)
        assert "cannot be changed" in next(iter(refused.value.fields.values())).text


@pytest.mark.parametrize("words", [
    "Ada\n\nYour access ends. Write to\u2028eve", "https://evil.example/x", "Go to www.evil.example",
    "evil.example/x now", "evil.example",
])
def test_an_invitation_carries_no_lines_and_links_of_who_invites(signed_in, ada, words):
    signed_in.get("/client/users")
    assert signed_in.post("/client/users", {"email": BOB, "name": words}).status_code == 303
    mail = mail_of(tasks("client_invitation")[-1])
    assert "\n\nYour access ends." not in mail.text
    assert "evil.example" not in mail.text + mail.html
    assert "you can sign in at Alder & Sons" in mail.text.replace("You", "you")


@pytest.mark.parametrize(("organisation", "shown"), [
    ("https://evil.example/x", False), ("evil.example/x", False), ("Booking.example", True), ("A\n\nB", True)])
def test_a_customers_name_in_it_is_no_link_either(signed_in, alder, ada, organisation, shown):
    change(alder, ada, organisation=organisation)
    signed_in.get("/client/users")
    signed_in.post("/client/users", {"email": BOB})
    mail = mail_of(tasks("client_invitation")[-1])
    assert (" ".join(organisation.split()) in mail.text.replace("\n", " ")) is shown
    assert "\n\nB" not in mail.text
    if not shown:
        assert db.session.get(Customer, ada).code in mail.subject


def test_a_customer_invites_so_many_people_a_day_also_when_they_are_removed(signed_in, alder, ada):
    with transaction():
        settings.update(Actor.operator(), {"client_invitations_per_day": 2})
    signed_in.get("/client/users")
    for email in ("a@example.org", "b@example.org"):
        assert signed_in.post("/client/users", {"email": email}).status_code == 303
        with transaction():
            user = db.session.scalar(select(CustomerUser).where(CustomerUser.email == email))
            customer_users.delete(cast.actor_for(alder), user)
    reply = signed_in.post("/client/users", {"email": "c@example.org"})
    assert reply.status_code == 422
    assert "You can invite 2 people in 24 hours." in reply.text
    assert len(tasks("client_invitation")) == 2
    with transaction():                     # staff may, and who has signed in does not count
        given = {"customer_id": ada, "email": "d@example.org"}
        customer_users.create(cast.actor_for(alder), inputs.parse(customer_users.CustomerUserInput, given))
        db.session.scalar(select(CustomerUser).where(CustomerUser.email == "a@example.org")).is_confirmed = True
    assert signed_in.post("/client/users", {"email": "c@example.org"}).status_code == 303
    with transaction():
        settings.update(Actor.operator(), {"client_invitations_per_day": 0})
    assert "nobody is invited here" in signed_in.post("/client/users", {"email": "e@example.org"}).text


def test_the_next_day_a_customer_invites_again(signed_in, alder, ada):
    with transaction():
        settings.update(Actor.operator(), {"client_invitations_per_day": 1})
    invite = partial(customer_users.invite, cast.actor_for(alder), db.session.get(Customer, ada))
    new = [customer_users.InvitationInput(email=f"{name}@example.org") for name in "abc"]
    with transaction():
        invite(new[0])
    with pytest.raises(Conflict, match="1 person"), transaction():
        invite(new[1])
    with time_machine.travel(clock.now() + timedelta(days=1, minutes=1)), transaction():
        invite(new[2])
    assert len(tasks("client_invitation")) == 2

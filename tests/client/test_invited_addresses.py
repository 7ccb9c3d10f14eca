"""Whom a customer's user invites is nobody until that person has signed in: anybody's address may be typed there."""

import pytest

from database import transaction
from domain.errors import Conflict
from domain.people import customers
from domain.people.logins import customer_users
from tests import cast, ticketed
from tests.client.authenticator import user_at
from tests.client.conftest import link_of, mail_of, tasks
from tests.domain.support.mailed_in import receive

VICTIM = "victim@elsewhere.example"


def invite(customer_id, merchant_id, email=VICTIM):
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(merchant_id), customer_id)
        return customer_users.invite(who, row, customer_users.InvitationInput(email=email)).id


def accept(browser):
    one = browser()
    link = link_of(mail_of(tasks("client_invitation")[-1]))
    one.get(link)
    return one.post(link)


def test_a_mail_of_somebody_who_was_only_invited_is_not_shown_to_the_customer(browser, alder, ada):
    invite(ada, alder)
    done = receive(alder, "My contract is attached.", sender=f"Vic <{VICTIM}>")
    assert ticketed.stored(done.ticket_id).customer_id is None
    accept(browser)
    done = receive(alder, "And here is the second one.", sender=f"Vic <{VICTIM}>")
    assert ticketed.stored(done.ticket_id).customer_id == ada


def test_whom_staff_adds_is_the_customers_at_once(alder, ada):
    cast.make_customer_user(ada, VICTIM)
    assert ticketed.stored(receive(alder, sender=VICTIM).ticket_id).customer_id == ada


@pytest.mark.parametrize("how", ["a new customer", "another address", "a user by staff", "restored"])
def test_staff_gives_the_address_to_another_customer_and_the_invitation_opens_nothing(browser, alder, ada, how):
    other = None
    if how != "a new customer":
        other = cast.make_customer(alder, "Victim", email=VICTIM if how == "restored" else None)
    if how == "restored":
        with transaction():
            customers.delete(*customers.LISTING.lock(cast.actor_for(alder), other))
    invited = invite(ada, alder)
    link = link_of(mail_of(tasks("client_invitation")[-1]))
    if how == "a new customer":
        other = cast.make_customer(alder, "Victim", email=VICTIM)
    elif how == "another address":
        with transaction():
            customers.update(*customers.LISTING.lock(cast.actor_for(alder), other), {"email": VICTIM})
    elif how == "a user by staff":
        cast.make_customer_user(other, VICTIM)
    else:
        with transaction():
            customers.restore(*customers.LISTING.lock(cast.actor_for(alder), other, removed=True))
    assert browser().get(link).status_code == 404
    one = browser()
    one.sign_in(alder, VICTIM)
    assert "Victim" in one.get("/client/users").text
    assert "Analytical" not in one.get("/client/users").text
    with transaction():
        customer_users.delete(*customer_users.LISTING.lock(cast.actor_for(alder), invited))


def test_somebody_who_has_signed_in_keeps_the_address(browser, alder, ada):
    invite(ada, alder)
    accept(browser)
    with pytest.raises(Conflict):
        cast.make_customer(alder, "Victim", email=VICTIM)
    assert user_at(VICTIM).customer_id == ada


def test_of_two_customers_who_invite_the_same_the_first_has_it(alder, ada):
    other = cast.make_customer(alder, "Other")
    invite(ada, alder)
    invite(other, alder)
    assert len(tasks("client_invitation")) == 1

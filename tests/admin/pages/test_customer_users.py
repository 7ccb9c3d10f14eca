"""The users of a customer, on the customer's page: added, invited again, removed, and helped when a phone is lost."""

import pytest

from database import db, transaction
from domain import clock
from domain.people import customers
from models.audit import AuditEntry
from models.customer import Customer
from models.customer_user import CustomerUser
from tests import cast
from tests.client.authenticator import user_at, with_app
from tests.client.conftest import mail_of, tasks

BOB = "bob@example.org"


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")


@pytest.fixture
def bob(ada):
    return cast.make_customer_user(ada, BOB, "Bob Babbage")


def test_a_user_is_added_from_the_customers_page(admin, alder, ada):
    page = admin.get(f"/admin/customers/{ada}").text
    assert "First user" in page
    assert f"/admin/customer_users/new?merchant_id={alder}&amp;customer_id={ada}" in page
    form = f"/admin/customer_users/new?merchant_id={alder}&customer_id={ada}"
    assert f'({ada})"' in admin.get(form).text
    sent = {"merchant_id": alder, "customer_id": ada, "email": BOB, "name": "Bob Babbage"}
    assert admin.post("/admin/customer_users", sent).status_code == 303
    assert mail_of(tasks("client_invitation")[-1]).to == BOB
    assert BOB in admin.get(f"/admin/customers/{ada}").text
    tab = admin.get(f"/admin/customers/{ada}?tab=customer_users").text
    assert "Invited" in tab
    assert "Bob Babbage" in tab
    assert "created" in admin.get(f"/admin/customers/{ada}?tab=timeline").text


def test_a_taken_address_is_said_beside_the_field(admin, alder, ada):
    cast.make_customer(alder, "Eve", email="eve@example.org")
    for email, words in (("eve@example.org", "already used by another customer"), ("ada@example.org", "is a user of")):
        reply = admin.post("/admin/customer_users", {"merchant_id": alder, "customer_id": ada, "email": email})
        assert reply.status_code == 422
        assert words in reply.text


def test_a_user_is_invited_again_until_the_first_sign_in(admin, bob):
    assert admin.post(f"/admin/customer_users/{bob}/invite").status_code == 303
    assert len(tasks("client_invitation")) == 2
    with transaction():
        db.session.get(CustomerUser, bob).signed_in_at = clock.now()
    admin.post(f"/admin/customer_users/{bob}/invite")
    assert len(tasks("client_invitation")) == 2


def test_a_user_is_removed_after_a_question_and_the_first_is_not(admin, ada, bob):
    page = f"/admin/customer_users/{bob}"
    assert "signed out at once" in admin.get(f"{page}/delete").text
    assert admin.post(f"{page}/delete").status_code == 303
    db.session.expire_all()
    assert db.session.get(CustomerUser, bob).deleted_at is not None
    assert admin.get(page).status_code == 404
    first = user_at("ada@example.org").id
    admin.post(f"/admin/customer_users/{first}/delete")
    assert user_at("ada@example.org").id == first
    entries = db.session.query(AuditEntry).filter_by(object_type="customer_user", object_id=bob).all()
    assert {one.action for one in entries} == {"customer_user.created", "customer_user.deleted"}


def test_staff_turns_two_factor_off_for_somebody_who_has_lost_it(admin, bob):
    with_app(BOB)
    page = f"/admin/customer_users/{bob}"
    assert "Turn off two-factor" in admin.get(page).text
    assert "whom you know" in admin.get(f"{page}/turn_off_two_factor").text
    admin.post(f"{page}/turn_off_two_factor")
    assert user_at(BOB).two_factor_at is None
    assert "Turn off two-factor" not in admin.get(page).text


def test_another_merchant_and_who_may_not_write_change_nothing(signed_in, alder, birch, ada, bob):
    stranger = signed_in(merchants=[birch], email="b@birch.example")
    for path in (f"/admin/customer_users/{bob}", f"/admin/customer_users/{bob}/delete"):
        assert stranger.get(path).status_code == 404
    assert stranger.post(f"/admin/customer_users/{bob}/delete").status_code == 404
    sent = {"merchant_id": birch, "customer_id": ada, "email": "eve@example.org"}
    assert stranger.post("/admin/customer_users", sent).status_code == 422
    assert BOB not in stranger.get("/admin/customer_users").text
    assert user_at(BOB).id == bob


def test_a_restricted_user_sees_users_of_own_customers_only(signed_in, alder, ada, bob):
    agent = signed_in("restricted_user", [alder], email="agent@alder.example")
    assert agent.get(f"/admin/customer_users/{bob}").status_code == 404
    assert BOB not in agent.get("/admin/customer_users").text
    agent.post("/admin/customers", {"merchant_id": alder, "name": "Mine", "email": "mine@example.org",
                                    "status": "active", "credit_limit": "0"})
    assert db.session.query(Customer).filter_by(email="mine@example.org").count() == 1
    assert "mine@example.org" in agent.get("/admin/customer_users").text


def test_the_other_world_has_none_of_them(admin, alder, ada, bob):
    there = cast.actor_for(alder).in_world(test=True)
    with transaction():
        key = customers.copy(there, db.session.get(Customer, ada)).id
    assert db.session.query(CustomerUser).filter_by(customer_id=key).count() == 1
    first = db.session.query(CustomerUser).filter_by(customer_id=key).one().id
    assert admin.get(f"/admin/customer_users/{first}").status_code == 404

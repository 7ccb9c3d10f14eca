"""Users of customers set a password after signing in by a link, and sign in by it; nobody learns who has an account."""

import re

import pytest

from database import db, transaction
from domain.people import customers
from models.audit import AuditEntry
from models.customer import CustomerStatus
from tests import cast
from tests.client.authenticator import PASSWORD, set_password, user_at, with_app
from tests.client.conftest import sign_in_of

EMAIL = "ada@example.org"
OTHER = "six dry candles in a box"
WRONG = "E-mail or password is wrong."


def test_a_password_is_set_after_signing_in_by_a_link_and_signs_in(signed_in, browser, alder, ada):
    assert "You have none" in signed_in.get("/client/security").text
    reply = signed_in.post("/client/security/password", {"password": PASSWORD})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/security?said=password")
    stored = user_at(EMAIL).password_hash
    assert stored.startswith("$argon2id$")
    one = browser()
    reply = one.by_password(alder, f" {EMAIL.upper()} ", PASSWORD)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/")
    assert "Welcome, Ada" in one.get("/client/").text
    entries = db.session.query(AuditEntry).filter_by(action="customer_user.password_set").all()
    assert [(one.actor, one.before, one.after) for one in entries] == [(f"Ada Lovelace <{EMAIL}>", None, None)]
    assert stored not in str([(one.before, one.after) for one in db.session.query(AuditEntry)])


def test_another_user_of_the_customer_has_another_password(browser, alder, ada):
    cast.make_customer_user(ada, "bob@example.org", "Bob")
    set_password(EMAIL)
    assert browser().by_password(alder, "bob@example.org", PASSWORD).status_code == 401


def test_a_wrong_password_an_unknown_address_and_one_without_a_password_look_the_same(browser, alder, ada):
    set_password(EMAIL)
    cast.make_customer(alder, "Bea", email="bea@example.org")
    one, pages = browser(), []
    for email in (EMAIL, "eve@example.org", "bea@example.org", "", "x" * 300, "ada\0@example.org"):
        reply = one.by_password(alder, email, "not the right password")
        assert reply.status_code == 401
        assert WRONG in reply.text
        assert reply.headers["Cache-Control"] == "no-store"
        pages.append(re.sub(r'value="[^"]*"', "", reply.text))
    assert len(set(pages)) == 1
    assert PASSWORD not in one.by_password(alder, "eve@example.org", PASSWORD).text


@pytest.mark.parametrize("email", [EMAIL, "eve@example.org"])
def test_ten_wrong_passwords_lock_an_account_that_exists_or_not(browser, alder, ada, email):
    set_password(EMAIL)
    replies = [browser(REMOTE_ADDR=f"192.0.2.{number}").by_password(alder, email, "wrong" * 4) for number in range(11)]
    assert [one.status_code for one in replies] == [401] * 10 + [429]
    assert int(replies[-1].headers["Retry-After"]) > 0
    assert browser(REMOTE_ADDR="192.0.2.99").by_password(alder, email, PASSWORD).status_code == 429
    assert browser().sign_in(alder, EMAIL).status_code == 303          # the way by mail stays


def test_a_stranger_does_not_lock_out_a_browser_in_which_the_user_has_signed_in_before(browser, alder, ada):
    set_password(EMAIL)
    one = browser(REMOTE_ADDR="192.0.2.1")
    assert one.by_password(alder, EMAIL, PASSWORD).status_code == 303
    one.get("/client/")
    one.post("/client/sign-out")
    for number in range(11):
        browser(REMOTE_ADDR=f"192.0.2.{number}").by_password(alder, EMAIL, "wrong" * 4)
    assert browser(REMOTE_ADDR="192.0.2.99").by_password(alder, EMAIL, PASSWORD).status_code == 429
    assert one.by_password(alder, EMAIL, PASSWORD).status_code == 303


def test_an_address_of_many_wrong_passwords_is_refused(browser, alder, ada, monkeypatch):
    monkeypatch.setattr("domain.access.passwords.matches", lambda password, hashed: False)
    one = browser(REMOTE_ADDR="192.0.2.7")
    replies = [one.by_password(alder, f"eve{number}@example.org", "wrong" * 4).status_code for number in range(101)]
    assert replies == [401] * 100 + [429]
    assert browser(REMOTE_ADDR="192.0.2.8").by_password(alder, EMAIL, "wrong" * 4).status_code == 401


def test_passwords_of_other_merchants_and_worlds_open_nothing(browser, alder, birch, ada):
    set_password(EMAIL)
    cast.make_customer(birch, "Ada abroad", email=EMAIL + ".example")
    assert browser().by_password(birch, EMAIL, PASSWORD).status_code == 401
    assert browser().by_password(alder, EMAIL, PASSWORD, test=True).status_code == 401


def test_who_may_not_be_here_does_not_enter_by_a_password(browser, alder, ada):
    set_password(EMAIL)
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        customers.update(who, row, {"status": CustomerStatus.ARCHIVED})
    assert browser().by_password(alder, EMAIL, PASSWORD).status_code == 401


def test_staffs_password_opens_no_client_area_and_the_reverse(browser, alder, ada):
    cast.make_user(EMAIL, merchant_ids=[alder])
    set_password(EMAIL)
    assert browser().by_password(alder, EMAIL, cast.PASSWORD).status_code == 401
    one = browser()
    one.get("/login")
    assert one.post("/login", {"email": EMAIL, "password": PASSWORD}).status_code == 401


def test_who_came_by_a_password_types_it_to_change_it_and_who_came_by_a_link_does_not(browser, alder, ada):
    set_password(EMAIL)
    one, other = browser(), browser()
    one.by_password(alder, EMAIL, PASSWORD)
    assert 'name="old_password"' in one.get("/client/security").text
    for old in ("", OTHER):
        reply = one.post("/client/security/password", {"old_password": old, "password": OTHER})
        assert reply.status_code == 422
        assert "is not your password" in reply.text
    other.by_password(alder, EMAIL, PASSWORD)
    assert other.get("/client/").status_code == 200
    reply = one.post("/client/security/password", {"old_password": PASSWORD, "password": OTHER})
    assert reply.status_code == 303
    assert one.get("/client/").status_code == 200
    assert other.get("/client/").status_code == 303                     # signed out everywhere else
    forgetful = browser()
    forgetful.sign_in(alder, EMAIL)
    assert 'name="old_password"' not in forgetful.get("/client/security").text
    assert forgetful.post("/client/security/password", {"password": PASSWORD}).status_code == 303
    assert browser().by_password(alder, EMAIL, OTHER).status_code == 401


@pytest.mark.parametrize(("password", "words"), [
    ("", "at least 15"), ("short", "at least 15"), ("x" * 1025, "at most 1024"), ("a" * 20, "too common"),
])
def test_a_bad_password_is_refused_and_nothing_is_stored(signed_in, ada, password, words):
    signed_in.get("/client/security")
    reply = signed_in.post("/client/security/password", {"password": password})
    assert reply.status_code == 422
    assert words in reply.text
    assert user_at(EMAIL).password_hash is None


def test_wrong_old_passwords_are_limited(browser, alder, ada):
    set_password(EMAIL)
    one = browser()
    one.by_password(alder, EMAIL, PASSWORD)
    one.get("/client/security")
    sent = {"old_password": "wrong" * 4, "password": OTHER}
    assert [one.post("/client/security/password", sent).status_code for _ in range(11)] == [422] * 10 + [429]


def test_a_stopped_user_may_still_set_a_password(signed_in, alder, ada):
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        customers.update(who, row, {"status": CustomerStatus.STOPPED})
    signed_in.get("/client/security")
    assert signed_in.post("/client/security/password", {"password": PASSWORD}).status_code == 303


def test_the_form_is_at_the_merchants_address_and_leads_where_somebody_wanted(browser, alder, ada):
    set_password(EMAIL)
    one = browser()
    one.get("/client/invoices?which=open")
    assert f"{sign_in_of(alder)}/password" in one.get(sign_in_of(alder)).text
    assert one.by_password(alder, EMAIL, PASSWORD).headers["Location"] == "/client/invoices?which=open"
    assert browser().get("/client/sign-in/0000000000/password").status_code == 404


@pytest.mark.parametrize("typed", ["{merchant} False {email}", "client {merchant} False {email}", "code {user}",
                                   "client code {user}"])
def test_what_somebody_types_at_the_sign_in_of_staff_counts_for_no_customer(browser, alder, ada, typed):
    cast.make_user(merchant_ids=[alder])
    set_password(EMAIL)
    app, _ = with_app(EMAIL)
    account = typed.format(merchant=alder, email=EMAIL, user=user_at(EMAIL).id)
    for number in range(10):
        staff = browser(REMOTE_ADDR=f"192.0.2.{number}")
        staff.get("/login")
        assert staff.post("/login", {"email": account, "password": "wrong" * 4}).status_code == 401
    one = browser()
    assert one.by_password(alder, EMAIL, PASSWORD).headers["Location"] == "/client/code"
    assert one.enter_code(app.code()).headers["Location"] == "/client/"

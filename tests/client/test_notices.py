"""A mail tells users of customers what was changed about how they sign in; whoever had the old address is told, too."""

import pytest

from database import transaction
from domain.people import customers
from domain.people.logins import customer_users
from tests import cast
from tests.client.authenticator import PASSWORD, App, set_password, user_at, with_app
from tests.client.conftest import mail_of, sign_in_of, tasks

EMAIL = "ada@example.org"
OTHER = "six dry candles in a box"


def told():
    """The notices, each with whom it goes to."""
    return [(one.payload["change"], one.payload["to"]) for one in tasks("client_security")]


def last():
    return mail_of(tasks("client_security")[-1])


def change(alder, ada, **changes):
    with transaction():
        customers.update(*customers.LISTING.lock(cast.actor_for(alder), ada), changes)


def test_a_password_that_is_set_and_changed(signed_in, alder, ada):
    signed_in.get("/client/security")
    assert signed_in.post("/client/security/password", {"password": PASSWORD}).status_code == 303
    mail = last()
    assert (mail.to, mail.sender) == (EMAIL, "Alder & Sons")
    for words in ("A password was set", "Analytical Engines", "127.0.0.1", sign_in_of(alder), "Was it not you?"):
        assert words in mail.text
    assert "Alder &amp; Sons" in mail.html
    signed_in.post("/client/security/password", {"password": OTHER})
    assert "Your password was changed" in last().subject
    assert told() == [("password_set", EMAIL), ("password_changed", EMAIL)]
    assert PASSWORD not in str([one.payload for one in tasks("client_security")])


def test_what_was_refused_is_not_told(browser, alder, ada):
    set_password(EMAIL)
    one = browser()
    one.by_password(alder, EMAIL, PASSWORD)
    one.get("/client/security")
    one.post("/client/security/password", {"old_password": "wrong" * 4, "password": OTHER})
    assert told() == []


def test_two_factor_that_is_turned_on_and_off_and_its_codes(signed_in, alder, ada):
    signed_in.get("/client/security")
    signed_in.post("/client/security/two-factor/begin")
    app = App.scanned(signed_in.get("/client/security/two-factor").text)
    signed_in.post("/client/security/two-factor", {"code": app.code()})
    signed_in.post("/client/security/codes", {"proof": app.code(1)})
    with transaction():
        user_at(EMAIL).totp_step -= 10
    signed_in.post("/client/security/two-factor/off", {"proof": app.code()})
    assert told() == [(name, EMAIL) for name in ("two_factor_on", "recovery_codes_renewed", "two_factor_off")]


def test_a_recovery_code_that_signs_in_and_two_factor_that_staff_turns_off(browser, alder, ada):
    _, codes = with_app(EMAIL)
    one = browser(REMOTE_ADDR="192.0.2.44")
    one.sign_in(alder, EMAIL)
    one.enter_code(codes[0])
    assert "192.0.2.44" in last().text
    with transaction():
        customer_users.turn_off_second_factor(
            *customer_users.LISTING.lock(cast.actor_for(alder), user_at(EMAIL).id))
    assert "Alder & Sons did that for you" in last().text
    assert "From:" not in last().text
    assert [name for name, _ in told()] == ["recovery_code_used", "two_factor_off_by_staff"]


def test_another_address_is_told_to_both_if_the_user_has_signed_in_before(signed_in, alder, ada):
    change(alder, ada, email="new@example.org")
    assert told() == [("old_address", EMAIL), ("new_address", "new@example.org")]
    old, new = (mail_of(one) for one in tasks("client_security"))
    assert (old.to, new.to) == (EMAIL, "new@example.org")
    assert "new@example.org" not in old.text
    assert "/client/" not in old.text
    assert sign_in_of(alder) in new.text


@pytest.mark.parametrize("email", ["ADA@example.org", EMAIL])
def test_the_same_address_is_told_to_nobody(signed_in, alder, ada, email):
    change(alder, ada, email=email, phone="1")
    assert told() == []


def test_an_address_that_is_taken_off_or_another_users_is_told_to_the_old_one(signed_in, alder, ada):
    cast.make_customer_user(ada, "bob@example.org")
    change(alder, ada, email="bob@example.org")
    change(alder, ada, email=None)
    assert told() == [("old_address", EMAIL)]                           # Bob has never signed in


def test_customers_who_have_never_signed_in_get_no_mail(alder, ada):
    change(alder, ada, email="new@example.org")
    assert told() == []

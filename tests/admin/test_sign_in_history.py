"""The history of sign-ins, the mail about a new browser, and the mails about another password or address."""

from datetime import timedelta

import pytest
import time_machine

from blueprints.auth import device
from blueprints.pages.browsers import browser
from blueprints.pay.mails import composing
from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.access import password_links, sign_in_history
from domain.people import users
from domain.people.logins import user_links, user_notices
from domain.vault import vault
from models.outbox import Task
from models.user_sign_in import Means, UserSignIn
from tests import cast
from tests.admin.with_app import user_at, with_app, wrong_code

ADA, NEW = "ada@alder.example", "another long password 7"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(autouse=True)
def fresh_limits():
    counters.forget()


@pytest.fixture
def ada(alder):
    return cast.make_user(ADA, merchant_ids=[alder])


def history():
    """What is written, the oldest first: by what, whether it succeeded, and whether somebody has the address."""
    db.session.expire_all()
    return [(one.means.value, one.succeeded, one.user_id is not None, one.by_api)
            for one in db.session.query(UserSignIn).order_by(UserSignIn.id)]


def told():
    """The mails about signing in, as they would be sent now, with what each is about."""
    db.session.expire_all()
    found = db.session.query(Task).filter_by(kind="mail").order_by(Task.id)
    return [(one.payload["change"], composing.compose(one.payload, one.merchant_id, "https://billing.example.com"))
            for one in found if one.payload["mail"] == user_notices.MAIL]


def test_sign_ins_and_attempts_are_shown_to_the_user_and_to_admins(app, visitor, admin, ada):
    phone, codes = with_app(ADA)
    one = visitor(REMOTE_ADDR="192.0.2.44", HTTP_USER_AGENT=FIREFOX)
    one.sign_in(ADA, "wrong")
    one.sign_in("nobody@alder.example", "wrong")
    one.sign_in(ADA)
    one.get("/login/code")
    one.post("/login/code", {"code": wrong_code(phone)})
    one.post("/login/code", {"code": phone.code()})
    again = visitor()
    again.sign_in(ADA)
    again.get("/login/code")
    again.post("/login/code", {"code": codes[0]})
    body = {"login": ADA, "password": cast.PASSWORD}
    app.test_client().post("/iam/auth/jwt/authenticate", json=body | {"password": "wrong"})
    app.test_client().post("/iam/auth/jwt/authenticate", json=body)
    assert history() == [
        ("password", True, True, False),                                # the admin
        ("password", False, True, False), ("password", False, False, False), ("code", False, True, False),
        ("code", True, True, False), ("recovery_code", True, True, False), ("password", False, True, True),
        ("code", False, True, True)]
    for page in (again.get("/admin/account").text, admin.get(f"/admin/users/{ada}").text):
        for words in ("Wrong password", "Wrong code", "Password and code", "Password and recovery code",
                      "Firefox on Linux", "192.0.2.44", "Core API, "):
            assert words in page


def test_who_does_not_see_a_user_does_not_see_the_history(signed_in, visitor, ada, alder, birch):
    visitor(REMOTE_ADDR="192.0.2.44").sign_in(ADA)
    other = signed_in("admin_user", [birch], email="b@birch.example")
    assert other.get(f"/admin/users/{ada}").status_code == 404
    assert "192.0.2.44" not in other.get("/admin/account").text


def test_the_history_is_bounded_by_age_and_by_number(ada, alder, monkeypatch):
    bob = cast.make_user("bob@alder.example", merchant_ids=[alder])

    def note(user_id, count):
        with transaction():
            for _ in range(count):
                sign_in_history.note(user_id, Means.PASSWORD, succeeded=False, ip="x" * 99, user_agent="x" * 999)

    def forget(limit=5000):
        with transaction():
            return sign_in_history.forget_old(limit)

    monkeypatch.setattr(sign_in_history, "MOST", 4)
    note(ada, 9)
    note(bob, 3)
    note(None, 1)
    assert [forget(2), forget(), forget()] == [2, 3, 0]
    kept = [one.id for one in db.session.query(UserSignIn).filter_by(user_id=ada)]
    assert sorted(kept) == [6, 7, 8, 9]
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        assert forget() == 1, "whom nobody knows"
    with time_machine.travel(clock.now() + timedelta(days=91)):
        assert forget() == 7


def test_a_new_browser_is_told_and_neither_the_first_nor_a_known_one(visitor, ada):
    first = visitor(HTTP_USER_AGENT=FIREFOX)
    first.sign_in(ADA)
    first.post("/logout")
    first.sign_in(ADA)
    assert told() == []
    visitor(REMOTE_ADDR="192.0.2.44", HTTP_USER_AGENT=FIREFOX).sign_in(ADA)
    ((change, mail),) = told()
    assert (change, mail.to, mail.subject) == ("new_browser", ADA, "You signed in from a new browser, Countinghouse")
    for words in ("Firefox on Linux", "192.0.2.44", "Was it not you? Sign in and choose another password"):
        assert words in mail.text


def test_with_two_factor_a_browser_is_new_and_known_after_the_code(visitor, ada):
    visitor().sign_in(ADA)
    phone, codes = with_app(ADA)
    one = visitor()
    one.sign_in(ADA)
    assert (told(), one.client.get_cookie("device")) == ([], None)
    one.get("/login/code")
    one.post("/login/code", {"code": phone.code()})
    assert [change for change, _ in told()] == ["new_browser"]
    one.post("/logout")
    one.sign_in(ADA)
    one.get("/login/code")
    one.post("/login/code", {"code": codes[0]})
    assert [change for change, _ in told()] == ["new_browser", "recovery_code_used"]


def test_two_people_share_a_browser_also_after_a_rotation_of_the_secret(app, visitor, ada, alder):
    cast.make_user("bob@alder.example", merchant_ids=[alder])
    shared, settings = visitor(), app.config["SETTINGS"]
    for name in (ADA, "bob@alder.example", ADA, "bob@alder.example"):
        shared.sign_in(name)
        shared.post("/logout")
    try:
        vault.configure(("a newer secret of the installation, 32 letters", *settings.secret_keys), bcrypt_cost=4)
        shared.sign_in(ADA)
    finally:
        vault.configure(settings.secret_keys, bcrypt_cost=4)
    assert told() == []


def test_a_browser_remembers_the_last_accounts_only(visitor, alder):
    shared = visitor()
    for number in range(device.MOST + 1):
        cast.make_user(f"user{number}@alder.example", merchant_ids=[alder])
        shared.sign_in(f"user{number}@alder.example")
        shared.post("/logout")
    shared.sign_in("user1@alder.example")
    assert told() == []
    shared.post("/logout")
    shared.sign_in("user0@alder.example")
    assert [change for change, _ in told()] == ["new_browser"]


def test_another_password_is_told_by_whom_it_was_set(admin, visitor, ada, alder):
    one = visitor(REMOTE_ADDR="192.0.2.44")
    one.sign_in(ADA)
    one.get("/admin/account")
    one.post("/admin/account/password", {"old_password": cast.PASSWORD, "password": NEW, "again": NEW})
    admin.post(f"/admin/users/{ada}/password", {"password": cast.PASSWORD})
    with transaction():
        link = password_links.new(user_at(ADA), user_links.LASTS, invites=False, ip=None)
        token = password_links.token_of(link)
    one.get(f"/login/link/{token}")
    one.post(f"/login/link/{token}", {"password": NEW})
    invited = admin.post("/admin/users", {
        "email": "new@alder.example", "role": "normal_user", "active": "on", "merchant_ids": str(alder)})
    assert invited.status_code == 303
    with transaction():
        token = password_links.token_of(user_links.invitation(user_at("new@alder.example")))
    one.get(f"/login/link/{token}")
    one.post(f"/login/link/{token}", {"password": NEW})
    mails = told()
    assert [(change, mail.to) for change, mail in mails] == [
        ("password_changed", ADA), ("password_by_admin", ADA), ("password_changed", ADA),
        ("password_set", "new@alder.example")]
    assert ["192.0.2.44" in mail.text for _, mail in mails] == [True, False, True, True]
    assert "An administrator has set another one" in mails[1][1].text


def test_another_address_is_told_to_the_old_one_and_to_the_new_one(ada, alder):
    who = cast.actor_for(alder)
    for email in ("ADA@alder.example", "ada@elsewhere.example"):
        with transaction():
            users.update(who, users.find_by_email(ADA), {"email": email, "name": "Ada"})
    (old, to_old), (new, to_new) = told()
    assert (old, to_old.to) == ("old_address", "ADA@alder.example")
    assert (new, to_new.to) == ("new_address", "ada@elsewhere.example")
    assert "elsewhere" not in to_old.text
    assert "/admin/account" not in to_old.text
    assert "/admin/account" in to_new.text


@pytest.mark.once("is about texts")
@pytest.mark.parametrize(("said", "words"), [
    (FIREFOX, "Firefox on Linux"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
     "Chrome on Windows"),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 "
     "Edg/140.0.0.0", "Edge on Windows"),
    ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
     "Mobile/15E148 Safari/604.1", "Safari on iPhone"),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 "
     "Safari/605.1.15", "Safari on macOS"),
    ("Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
     "Safari/537.36", "Chrome on Android"),
    ("curl/8.5.0", "curl"), ("python-requests/2.32", "A Python program"), ("", "Unknown browser"),
    (None, "Unknown browser"), ("<script>alert(1)</script>", "Unknown browser"),
])
def test_a_browser_is_said_in_words(said, words):
    assert browser(said) == words

"""Links by which users choose a password: forgotten ones and invitations."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from blueprints.pay.mails import composing
from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.access import password_links
from domain.people import users
from domain.people.logins import user_links, user_passwords
from models.audit import AuditEntry
from models.outbox import Task
from models.user import User, UserLink
from tests import cast

ADA, NEW = "ada@alder.example", "a quite long and new one"
BASE = "https://billing.example.com"


@pytest.fixture(autouse=True)
def fresh_limits():
    counters.forget()


@pytest.fixture(autouse=True)
def mail_server(app, monkeypatch):
    """An installation that sends mail."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url="smtp://127.0.0.1:2525"))


@pytest.fixture
def ada(alder):
    return cast.make_user(ADA, "normal_user", [alder])


def mails():
    """The mails with links that are on their way to users, as they would be sent now."""
    db.session.expire_all()
    found = db.session.scalars(select(Task).where(Task.kind == "mail").order_by(Task.id)).all()
    return [composing.compose(one.payload, one.merchant_id, BASE) for one in found
            if one.payload["mail"] == user_links.MAIL]


def path_in(mail):
    return re.search(rf"{BASE}(/login/link/\S+)", mail.text)[1]


def test_a_forgotten_password_is_replaced_by_a_mail_once_and_sessions_end(visitor, ada, alder):
    before, one = visitor(), visitor()
    before.sign_in(ADA)
    one.get("/login/forgot")
    assert one.post("/login/forgot", {"email": " ADA@alder.example "}).headers["Location"] == "/login/sent"
    assert "If <b>" in one.get("/login/sent").text
    (mail,) = mails()
    assert (mail.to, mail.sender, mail.subject) == (ADA, "Countinghouse", "Choose a new password for Countinghouse")
    path = path_in(mail)
    assert one.get(path).status_code == 200
    assert before.get("/admin/").status_code == 200, "opening the link changes nothing"
    weak = one.post(path, {"password": "short"})
    assert (weak.status_code, "must have at least" in weak.text) == (422, True)
    reply = one.post(path, {"password": NEW})
    assert reply.status_code == 303
    assert reply.headers["Location"].startswith("/login")
    assert before.get("/admin/").status_code == 303
    assert one.sign_in(ADA).status_code == 401
    assert one.sign_in(ADA, NEW).status_code == 303
    again = visitor()
    assert again.get(path).status_code == 404
    assert again.post(path, {"password": "another long password"}).status_code == 404
    assert mails() == [None], "a used link is not sent any more"


@pytest.mark.parametrize("email", ["bob@alder.example", "idle@alder.example", "gone@alder.example", "\x00@x"])
def test_an_address_without_an_active_user_gets_the_same_answer_and_no_mail(visitor, ada, alder, email):
    who = cast.actor_for(alder)
    for name, verb in (("idle@alder.example", users.archive), ("gone@alder.example", users.delete)):
        cast.make_user(name, "normal_user", [alder])
        with transaction():
            verb(who, users.find_by_email(name))
    known, unknown = visitor(), visitor()
    replies = []
    for one, typed in ((known, ADA), (unknown, email)):
        one.get("/login/forgot")
        reply = one.post("/login/forgot", {"email": typed})
        replies.append((reply.status_code, reply.headers.get("Location")))
    if "\x00" in email:
        assert replies[1] == (422, None)
    else:
        assert replies[0] == replies[1]
        assert db.session.scalar(select(func.count(UserLink.id))) == 2, "what is stored is the same"
    assert len(mails()) == 1


def test_a_link_ends_with_its_hour_with_the_address_and_with_the_user(visitor, ada, alder):
    one, who = visitor(), cast.actor_for(alder)

    def asked():
        counters.forget()
        with transaction():
            user_passwords.ask_for_link(ADA, ip=None)
        return path_in(mails()[-1])

    path = asked()
    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert one.get(path).status_code == 404
    with transaction():
        users.update(who, users.find_by_email(ADA), {"email": "ada@elsewhere.example"})
    assert one.get(path).status_code == 404, "it was sent to an address that is another's now"
    with transaction():
        users.update(who, users.find_by_email("ada@elsewhere.example"), {"email": ADA})
    path = asked()
    with transaction():
        users.archive(who, users.find_by_email(ADA))
    assert one.post(path, {"password": NEW}).status_code == 404


@pytest.mark.parametrize("change", ["", "x", "0" * 96, "ü"])
def test_a_link_that_was_changed_opens_nothing_and_wrong_ones_are_limited(visitor, ada, change):
    with transaction():
        user_passwords.ask_for_link(ADA, ip=None)
    path = path_in(mails()[0])
    wrong, one = f"{path[:-4]}{change}" if len(change) < 9 else f"/login/link/{change}", visitor()
    assert one.get(wrong).status_code == 404
    assert [one.get(wrong).status_code for _ in range(31)][-1] == 429
    assert one.get(path).status_code == 200, "who has the right one is not kept out"


def test_asking_is_limited_by_who_asks_and_not_for_the_users_own_browser(visitor, ada):
    own, stranger = visitor(), visitor(REMOTE_ADDR="198.51.100.7")
    own.sign_in(ADA)
    own.post("/logout")
    statuses = [stranger.post("/login/forgot", {"email": ADA}).status_code for _ in range(4)]
    assert statuses == [303, 303, 303, 429]
    assert own.post("/login/forgot", {"email": ADA}).status_code == 303


def test_without_a_mail_server_the_page_says_what_to_do(app, visitor, ada, monkeypatch):
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], smtp_url=None))
    one = visitor()
    assert "user reset-password" in one.get("/login/forgot").text
    assert one.post("/login/forgot", {"email": ADA}).status_code == 409
    assert mails() == []


def test_a_user_who_was_created_without_a_password_is_invited_and_chooses_one(admin, visitor, alder):
    made = admin.post("/admin/users", {
        "email": "new@alder.example", "role": "normal_user", "active": "on", "merchant_ids": str(alder),
        "password": ""})
    assert made.status_code == 303, made.text
    assert "This user has no password yet" in admin.get(made.headers["Location"]).text
    (mail,) = mails()
    assert (mail.to, "gave you access" in mail.text) == ("new@alder.example", True)
    one = visitor()
    assert one.sign_in("new@alder.example", "").status_code == 401
    counters.forget()
    assert one.post(path_in(mail), {"password": NEW}).status_code == 303
    assert one.sign_in("new@alder.example", NEW).status_code == 303
    assert "This user has no password yet" not in admin.get(made.headers["Location"]).text


def test_a_link_can_be_copied_and_a_newer_one_replaces_it(admin, visitor, ada, alder):
    def copied():
        page = admin.post(f"/admin/users/{ada}/invitation")
        assert page.headers["Cache-Control"] == "no-store"
        return re.search(r"(/login/link/[0-9a-f]+)", page.text)[1]

    first = copied()
    second = copied()
    assert visitor().get(first).status_code == 404
    assert visitor().get(second).status_code == 200
    told = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_type == "user")).all()
    assert told.count("user.invited") == 2
    with transaction():
        users.archive(cast.actor_for(alder), users.find_by_email(ADA))
    refused = admin.post(f"/admin/users/{ada}/invitation")
    assert "Activate the user first" in admin.get(refused.headers["Location"]).text
    assert db.session.scalar(select(func.count(UserLink.id))) == 2


def test_who_may_not_write_users_or_has_other_merchants_makes_no_link(signed_in, ada, alder, birch):
    reader, other = signed_in("normal_user", [alder]), signed_in("admin_user", [birch], email="b@birch.example")
    assert reader.post(f"/admin/users/{ada}/invitation").status_code == 403
    assert other.post(f"/admin/users/{ada}/invitation").status_code == 404
    assert db.session.scalar(select(func.count(UserLink.id))) == 0


def test_old_links_are_forgotten_and_open_ones_kept(ada):
    with transaction():
        user_passwords.ask_for_link(ADA, ip=None)
    with time_machine.travel(clock.now() + timedelta(hours=2)), transaction():
        assert password_links.forget_old() == 0
    with time_machine.travel(clock.now() + timedelta(hours=26)), transaction():
        assert password_links.forget_old() == 1


def test_no_password_is_not_an_empty_one(ada):
    with transaction():
        db.session.get(User, ada).password_hash = ""
    for typed in ("", " ", "x" * 15):
        with pytest.raises(Exception, match="wrong"):
            user_passwords.verified(ADA, typed)

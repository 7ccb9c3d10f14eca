"""The second factor of the dashboard's users: asked for after the password, skipped by no way in."""

from dataclasses import replace
from datetime import timedelta
from threading import Thread

import pytest
import time_machine

from blueprints.pay.mails import composing
from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.access import password_links, second_factors, sessions
from domain.errors import Invalid
from domain.people import users
from domain.people.logins import user_links, user_notices, user_passwords, user_second_factors
from domain.people.logins.user_passwords import Browser
from models.audit import AuditEntry
from models.outbox import Task
from models.user import UserRecoveryCode, UserSession
from tests import cast
from tests.admin.with_app import user_at, with_app, wrong_code
from tests.client.authenticator import App, codes_of

ADA, NEW = "ada@alder.example", "another long password 7"


@pytest.fixture(autouse=True)
def fresh_limits():
    counters.forget()


@pytest.fixture
def ada(alder):
    return cast.make_user(ADA, merchant_ids=[alder])


def enter(one, code, **more):
    return one.post("/login/code", {"code": code, **more})


def entered(visitor, app, **environment):
    """A browser that has given both factors, with the code of the next half minute, so that this one is still fresh."""
    one = visitor(**environment)
    one.sign_in(ADA)
    one.get("/login/code")
    assert enter(one, app.code()).status_code == 303
    one.get("/admin/account")
    return one


def is_in(one):
    return one.get("/admin/").status_code == 200


def set_up(one):
    """Turn it on by the pages; the app and the page with the recovery codes."""
    one.get("/admin/account")
    assert one.post("/admin/account/two-factor/begin").headers["Location"] == "/admin/account/two-factor"
    app = App.scanned(one.get("/admin/account/two-factor").text)
    return app, one.post("/admin/account/two-factor", {"code": app.code()})


def test_it_is_set_up_with_a_key_a_qr_code_and_a_first_code(admin, visitor):
    email, other = "admin_user@alder.example", visitor()
    other.sign_in(email)
    token = user_at(email).token_version
    admin.post("/admin/account/two-factor/begin")
    page = admin.get("/admin/account/two-factor")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<svg" in page.text
    assert " style=" not in page.text
    app = App.scanned(page.text)
    wrong = admin.post("/admin/account/two-factor", {"code": wrong_code(app)})
    assert (wrong.status_code, "is not the code that your app shows now" in wrong.text) == (422, True)
    assert user_at(email).two_factor_at is None                         # not before a code was typed
    done = admin.post("/admin/account/two-factor", {"code": f" {app.code()[:3]} {app.code()[3:]} "})
    assert (done.headers["Cache-Control"], len(codes_of(done.text))) == ("no-store", 10)
    assert (is_in(admin), is_in(other)) == (True, False)
    assert user_at(email).token_version == token + 1                    # JSON Web Tokens of before end
    shown = admin.get("/admin/account").text
    assert "Recovery codes left: 10" in shown
    assert not codes_of(shown)                                          # shown once
    assert admin.get("/admin/account/two-factor").status_code == 303    # nor is the key
    assert admin.post("/admin/account/two-factor/begin").status_code == 409


def test_secret_and_codes_are_not_stored_as_they_are(admin):
    app, done = set_up(admin)
    user = user_at("admin_user@alder.example")
    stored = str([one.digest for one in db.session.query(UserRecoveryCode)])
    entries = str([(one.before, one.after) for one in db.session.query(AuditEntry)])
    assert app.totp.secret == second_factors.secret_of(user)
    for text in (app.totp.secret, *codes_of(done.text), *(one.replace("-", "") for one in codes_of(done.text))):
        assert text not in stored + entries + user.totp_secret
    assert user.totp_secret not in entries


def test_the_password_is_followed_by_the_code_and_the_wanted_page(visitor, ada):
    app, _ = with_app(ADA)
    one = visitor()
    reply = one.sign_in(ADA, next="/admin/customers?status=active")
    assert (reply.status_code, reply.headers["Location"].split("?")[0]) == (303, "/login/code")
    assert not is_in(one)
    page = one.get(reply.headers["Location"])
    assert (page.headers["Cache-Control"], ADA in page.text) == ("no-store", True)
    reply = enter(one, app.code(), next="/admin/customers?status=active")
    assert reply.headers["Location"] == "/admin/customers?status=active"
    assert is_in(one)


def test_what_waits_for_the_code_opens_nothing_else(app, visitor, ada, alder):
    """Every address behind the sign-in, with the cookie of the half sign-in, and with its token as another cookie's."""
    from tests.admin.test_guards import addresses

    with_app(ADA)
    one = visitor()
    one.sign_in(ADA)
    for endpoint, method, path in addresses(app):
        reply = one.open(method, path)
        assert (reply.status_code, reply.headers["Location"].split("?")[0]) == (303, "/login"), endpoint
    with one.client.session_transaction() as cookie:
        assert "_user_id" not in cookie
        cookie["_user_id"] = cookie["waits"]
    assert not is_in(one)
    assert user_at(ADA).two_factor_at is not None


def test_no_way_in_leads_past_the_second_factor(visitor, ada, alder):
    """A new password by a link, an invitation, one that an admin set; a browser that is known."""
    phone, _ = with_app(ADA)
    known = entered(visitor, phone)
    known.post("/logout")
    assert known.sign_in(ADA).headers["Location"] == "/login/code"
    for invites in (False, True):
        with transaction():
            link = (user_links.invitation(user_at(ADA)) if invites
                    else password_links.new(user_at(ADA), user_links.LASTS, invites=False, ip=None))
            token = password_links.token_of(link)
        one = visitor()
        one.get(f"/login/link/{token}")
        assert one.post(f"/login/link/{token}", {"password": NEW}).status_code == 303
        assert not is_in(one)
        assert one.sign_in(ADA, NEW).headers["Location"] == "/login/code"
        assert not is_in(one)
    changes = users.hashed_changes(cast.actor_for(alder), {"password": cast.PASSWORD})
    with transaction():
        users.update(cast.actor_for(alder), user_at(ADA), changes)
    one = visitor()
    assert one.sign_in(ADA).headers["Location"] == "/login/code"
    assert second_factors.codes_left(user_at(ADA)) == 10


def test_a_code_works_once_and_so_does_a_recovery_code(visitor, ada):
    app, codes = with_app(ADA)
    first, second = visitor(), visitor()
    for one in (first, second):
        one.sign_in(ADA)
        one.get("/login/code")
    assert enter(first, app.code()).status_code == 303
    refused = enter(second, app.code())
    assert (refused.status_code, "is wrong, or was used already" in refused.text) == (422, True)
    assert enter(second, codes[0].upper().replace("-", " ")).status_code == 303
    assert is_in(second)
    third = visitor()
    third.sign_in(ADA)
    third.get("/login/code")
    assert enter(third, codes[0]).status_code == 422
    assert not is_in(third)
    assert second_factors.codes_left(user_at(ADA)) == 9
    assert db.session.query(AuditEntry).filter_by(action="user.recovery_code_used").count() == 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "\0", "٣٣٣٣٣٣", "aaaaa-aaaaa", "x" * 5000])
def test_what_is_no_code_is_refused(visitor, ada, code):
    with_app(ADA)
    one = visitor()
    one.sign_in(ADA)
    one.get("/login/code")
    assert enter(one, code).status_code == 422
    assert not is_in(one)


def test_recovery_codes_of_a_colleague_open_nothing(visitor, ada, alder):
    cast.make_user("bob@alder.example", merchant_ids=[alder])
    _, codes = with_app("bob@alder.example")
    with_app(ADA)
    one = visitor()
    one.sign_in(ADA)
    one.get("/login/code")
    assert enter(one, codes[0]).status_code == 422
    assert second_factors.codes_left(user_at("bob@alder.example")) == 10


def test_wrong_codes_are_limited_over_several_sign_ins_and_not_by_what_is_typed_as_an_account(visitor, ada):
    app, _ = with_app(ADA)
    for _ in range(11):
        visitor().sign_in(str(ada), "wrong")
    replies = []
    for number in range(3):
        one = visitor(REMOTE_ADDR=f"192.0.2.{number}")
        one.sign_in(ADA)
        one.get("/login/code")
        replies += [enter(one, wrong_code(app)).status_code for _ in range(4)]
    assert replies == [422] * 10 + [429] * 2
    refused = enter(one, app.code())
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert not is_in(one)


def test_the_question_for_the_code_ends_after_ten_minutes_and_with_sign_out(visitor, ada):
    app, _ = with_app(ADA)
    one, other = visitor(), visitor()
    for each in (one, other):
        each.sign_in(ADA)
        each.get("/login/code")
    cookie = one.client.get_cookie("session").value
    one.post("/logout")
    one.client.set_cookie("session", cookie)
    assert one.get("/login/code").headers["Location"] == "/login"
    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)):
        assert other.get("/login/code").headers["Location"] == "/login"
        assert enter(other, app.code()).headers["Location"] == "/login"
        assert not is_in(other)


@pytest.mark.parametrize("end", ["archived", "password"])
def test_who_may_no_longer_sign_in_does_not_finish_it(visitor, ada, alder, end):
    app, _ = with_app(ADA)
    one = visitor()
    one.sign_in(ADA)
    one.get("/login/code")
    changes = {"active": False} if end == "archived" else users.hashed_changes(cast.actor_for(alder), {"password": NEW})
    with transaction():
        users.update(cast.actor_for(alder), user_at(ADA), changes)
    assert enter(one, app.code()).headers["Location"] == "/login"
    assert not is_in(one)


@pytest.mark.parametrize("what", ["password", "code", "recovery"])
def test_turning_it_off_needs_the_password_or_a_fresh_code(visitor, ada, what):
    app, codes = with_app(ADA)
    one, other = entered(visitor, app), visitor()
    other.sign_in(ADA)
    other.get("/login/code")
    assert enter(other, codes[9]).status_code == 303
    for proof in ("", "wrong" * 4, wrong_code(app), app.code()):         # a code that was used is not fresh
        reply = one.post("/admin/account/two-factor/off", {"proof": proof})
        assert (reply.status_code, "is neither your password nor a fresh code" in reply.text) == (422, True)
    assert is_in(other)
    proof = {"password": cast.PASSWORD, "code": app.code(1), "recovery": codes[3]}[what]
    assert one.post("/admin/account/two-factor/off", {"proof": proof}).headers["Location"] == "/admin/account"
    user = user_at(ADA)
    assert (user.two_factor_at, user.totp_secret, cast.count(UserRecoveryCode)) == (None, None, 0)
    assert (is_in(one), is_in(other)) == (True, False)
    assert visitor().sign_in(ADA).headers["Location"] == "/admin/"


def test_new_recovery_codes_end_those_of_before_and_wrong_proofs_are_limited(visitor, ada):
    app, codes = with_app(ADA)
    one = entered(visitor, app)
    page = one.post("/admin/account/two-factor/codes", {"proof": app.code(1)})
    new = codes_of(page.text)
    assert (len(new), page.headers["Cache-Control"], bool(set(new) & set(codes))) == (10, "no-store", False)
    other = visitor()
    other.sign_in(ADA)
    other.get("/login/code")
    assert [enter(other, code).status_code for code in (codes[0], new[0])] == [422, 303]
    counters.forget()
    replies = [one.post("/admin/account/two-factor/codes", {"proof": "123"}).status_code for _ in range(11)]
    assert replies == [422] * 10 + [429]


def test_a_stolen_session_cannot_set_a_password_to_turn_it_off(visitor, ada, alder):
    """Neither by the page of users, nor by the Core API with the own token."""
    app, _ = with_app(ADA)
    one = entered(visitor, app)
    page = one.post(f"/admin/users/{ada}/password", {"password": NEW})
    assert (page.status_code, "is changed under My account" in page.text) == (422, True)
    who = replace(cast.actor_for(alder), user_id=ada)
    changes = users.hashed_changes(who, {"password": NEW})
    with transaction(), pytest.raises(Invalid):
        users.update(who, user_at(ADA), changes)
    assert user_passwords.verified(ADA, cast.PASSWORD).user.id == ada
    reply = one.post("/admin/account/password", {"old_password": cast.PASSWORD, "password": NEW, "again": NEW})
    assert reply.headers["Location"] == "/login"


def test_an_admin_turns_it_off_for_somebody_else_and_nobody_above(signed_in, admin, visitor, ada, alder, birch):
    app, _ = with_app(ADA)
    one = entered(visitor, app)
    reader, other = signed_in("normal_user", [alder]), signed_in("admin_user", [birch], email="b@birch.example")
    assert reader.post(f"/admin/users/{ada}/turn_off_two_factor").status_code == 403
    assert other.post(f"/admin/users/{ada}/turn_off_two_factor").status_code == 404
    chief = cast.make_user("chief@example.com", all_merchants=True)
    assert admin.post(f"/admin/users/{chief}/turn_off_two_factor").status_code == 404
    question = admin.get(f"/admin/users/{ada}/turn_off_two_factor").text
    assert "whom you know" in question
    assert "1 open session ends." in question
    assert user_at(ADA).two_factor_at is not None
    admin.post(f"/admin/users/{ada}/turn_off_two_factor")
    assert user_at(ADA).two_factor_at is None
    assert not is_in(one)
    assert visitor().sign_in(ADA).headers["Location"] == "/admin/"
    entry = db.session.query(AuditEntry).filter_by(action="user.two_factor_off").one()
    assert (entry.object_id, entry.actor, entry.merchant_id) == (ada, "admin_user@alder.example", alder)


def test_ones_own_is_not_turned_off_on_the_page_of_users(visitor, ada):
    app, _ = with_app(ADA)
    one = entered(visitor, app)
    assert "turn_off_two_factor" not in one.get(f"/admin/users/{ada}").text
    one.post(f"/admin/users/{ada}/turn_off_two_factor")
    assert user_at(ADA).two_factor_at is not None


def test_a_deleted_user_leaves_no_secret(ada, alder):
    with_app(ADA)
    user = user_at(ADA)
    with transaction():
        users.delete(cast.actor_for(alder), user)
    assert (user.totp_secret, cast.count(UserRecoveryCode)) == (None, 0)


def notices():
    """The mails about signing in, as they would be sent now."""
    db.session.expire_all()
    found = db.session.query(Task).filter_by(kind="mail").order_by(Task.id)
    return [composing.compose(one.payload, one.merchant_id, "https://billing.example.com") for one in found
            if one.payload["mail"] == user_notices.MAIL and one.payload["change"] != user_notices.NEW_BROWSER]


def test_a_mail_tells_of_each_change_and_of_a_used_recovery_code(visitor, ada, alder):
    one = visitor(REMOTE_ADDR="192.0.2.44")
    one.sign_in(ADA)
    app, page = set_up(one)
    one.post("/admin/account/two-factor/codes", {"proof": cast.PASSWORD})
    one.post("/logout")
    one.sign_in(ADA)
    one.get("/login/code")
    with transaction():
        code = second_factors.renew_codes(user_at(ADA))[0]
    assert enter(one, code).status_code == 303
    one.get("/admin/account")
    one.post("/admin/account/two-factor/off", {"proof": "no"})
    one.post("/admin/account/two-factor/off", {"proof": cast.PASSWORD})
    told = notices()
    assert [mail.subject for mail in told] == [f"{one}, Countinghouse" for one in (
        "Two-factor authentication was turned on", "New recovery codes were made", "A recovery code was used",
        "Two-factor authentication was turned off")]
    for mail in told:
        assert mail.to == ADA
        for words in ("192.0.2.44", "https://billing.example.com/admin/account", "Was it not you?"):
            assert words in mail.text
    secrets = [app.totp.secret, code, *codes_of(page.text)]
    assert not [one for one in secrets if one in str([mail.text for mail in told])]
    with_app(ADA)
    with transaction():
        user_second_factors.turn_off(cast.actor_for(alder, ip="192.0.2.99"), user_at(ADA))
    assert "An administrator did that" in notices()[-1].text
    assert "192.0.2.99" not in notices()[-1].text


@pytest.mark.files
def test_a_code_that_is_sent_by_many_at_once_signs_one_in(install):
    app = install(sink=lambda record: None)
    with app.app_context():
        cast.make_user(ADA, merchant_ids=[cast.make_merchant()])
        phone, codes = with_app(ADA)
        with transaction():
            for _ in range(8):
                sessions.begin(user_at(ADA), ip=None, user_agent=None)
        waiting = [one.id for one in db.session.query(UserSession)]
        code = phone.code()
    done = []

    def try_one(key, typed):
        with app.app_context(), transaction():
            session = db.session.get(UserSession, key)
            if user_passwords.enter_code(session, typed, Browser(None, None)) is not None:
                done.append(typed)

    threads = [Thread(target=try_one, args=pair) for pair in zip(waiting, [code, codes[0]] * 4, strict=True)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(done) == sorted([code, codes[0]])

"""The second factor: set up with an app, asked for whatever the first was, and each code works once."""

from datetime import timedelta
from threading import Thread

import pytest

from database import db, transaction
from domain import clock
from domain.access import customer_sessions, second_factors
from domain.people import customers
from domain.people.logins import customer_passwords, customer_users
from domain.vault import vault
from models.audit import AuditEntry
from models.customer_login import CustomerSession
from models.customer_user import CustomerRecoveryCode
from tests import cast
from tests.client.authenticator import PASSWORD, App, codes_of, set_password, user_at, with_app
from tests.client.conftest import code_of, last_mail, link_of, mail_of, sign_in_of, tasks

EMAIL = "ada@example.org"


def later(monkeypatch, distance):
    now = clock.now() + distance
    monkeypatch.setattr(clock, "now", lambda: now)


def set_up(signed_in):
    """Turn it on by the pages; the app and the recovery codes."""
    signed_in.get("/client/security")
    assert signed_in.post("/client/security/two-factor/begin").headers["Location"] == "/client/security/two-factor"
    app = App.scanned(signed_in.get("/client/security/two-factor").text)
    return app, signed_in.post("/client/security/two-factor", {"code": app.code()})


def is_in(one):
    return one.get("/client/").status_code == 200


def test_it_is_set_up_with_a_key_a_qr_code_and_a_first_code(signed_in, ada):
    signed_in.get("/client/security")
    signed_in.post("/client/security/two-factor/begin")
    page = signed_in.get("/client/security/two-factor")
    assert page.headers["Cache-Control"] == "no-store"
    assert "<svg" in page.text
    assert " style=" not in page.text
    assert user_at(EMAIL).two_factor_at is None                         # not before a code was typed
    app = App.scanned(page.text)
    wrong = signed_in.post("/client/security/two-factor", {"code": "000000" if app.code() != "000000" else "111111"})
    assert wrong.status_code == 422
    assert "is not the code that your app shows now" in wrong.text
    done = signed_in.post("/client/security/two-factor", {"code": f" {app.code()[:3]} {app.code()[3:]} "})
    assert done.headers["Cache-Control"] == "no-store"
    assert len(codes_of(done.text)) == 10
    assert user_at(EMAIL).two_factor_at is not None
    assert is_in(signed_in)
    shown = signed_in.get("/client/security").text
    assert not codes_of(shown)                                          # shown once
    assert "Recovery codes left" in shown
    assert signed_in.get("/client/security/two-factor").status_code == 303      # nor is the key


def test_secret_and_codes_are_not_stored_as_they_are(signed_in, ada):
    app, done = set_up(signed_in)
    user = user_at(EMAIL)
    secret = second_factors.secret_of(user)
    assert app.totp.secret == secret
    assert secret not in user.totp_secret
    stored = str([one.digest for one in db.session.query(CustomerRecoveryCode)])
    entries = str([(one.before, one.after) for one in db.session.query(AuditEntry)])
    for code in codes_of(done.text):
        for form in (code, code.replace("-", "")):
            assert form not in stored + entries
    assert secret not in entries
    assert user.totp_secret not in entries


def test_signing_in_by_a_link_asks_for_the_code_too(browser, alder, ada):
    app, _ = with_app(EMAIL)
    one = browser()
    reply = one.sign_in(alder, EMAIL)
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/code")
    assert not is_in(one)
    reply = one.enter_code(app.code())
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/")
    assert is_in(one)


def test_no_way_in_leads_past_the_second_factor(browser, alder, ada):
    """By a link, by its code, by a password, by an invitation; with the cookie of the half sign-in as another."""
    bob = cast.make_customer_user(ada, "bob@example.org")
    set_password("bob@example.org")
    with_app("bob@example.org")
    entered = []
    link, code, password, invited = (browser() for _ in range(4))
    entered.append(link.sign_in(alder, "bob@example.org"))
    code.ask(alder, "bob@example.org")
    entered.append(code.post(f"{sign_in_of(alder)}/sent", {"code": code_of(last_mail())}))
    entered.append(password.by_password(alder, "bob@example.org", PASSWORD))
    with transaction():
        customer_users.send_again(*customer_users.LISTING.lock(cast.actor_for(alder), bob))
    invitation = link_of(mail_of(tasks("client_invitation")[-1]))
    invited.get(invitation)
    entered.append(invited.post(invitation))
    assert [one.headers["Location"] for one in entered] == ["/client/code"] * 4
    for one in (link, code, password, invited):
        waits = one.client.get_cookie("client-waits").value
        one.client.set_cookie("client", waits)
        for path in ("/client/", "/client/invoices", "/client/security", "/client/api", "/client/users"):
            assert one.get(path).status_code == 303, path
        one.get("/client/code")
        one.post("/client/security/two-factor/off", {"proof": PASSWORD})
        one.post("/client/security/password", {"password": "another long password"})
        assert not is_in(one)
    assert customer_sessions.find(waits) is None
    assert user_at("bob@example.org").two_factor_at is not None
    assert user_at("bob@example.org").signed_in_at is None
    assert db.session.query(AuditEntry).filter_by(action="customer.signed_in").count() == 0


def test_a_code_works_once_also_in_the_next_half_minute(browser, alder, ada, monkeypatch):
    app, _ = with_app(EMAIL)
    first, second = browser(), browser()
    first.sign_in(alder, EMAIL)
    second.sign_in(alder, EMAIL)
    code = app.code()
    assert first.enter_code(code).status_code == 303
    reply = second.enter_code(code)
    assert reply.status_code == 422
    assert "is wrong, or was used already" in reply.text
    later(monkeypatch, timedelta(seconds=30))
    assert second.enter_code(code).status_code == 422
    assert second.enter_code(app.code(-1)).status_code == 422      # nor an earlier one
    assert second.enter_code(app.code()).status_code == 303


def test_codes_of_the_half_minutes_beside_now_work_and_others_do_not(browser, alder, ada):
    app, _ = with_app(EMAIL)
    for steps, status in ((-2, 422), (2, 422), (-1, 303), (1, 303)):
        one = browser()
        one.sign_in(alder, EMAIL)
        assert one.enter_code(app.code(steps)).status_code == status, steps


@pytest.mark.parametrize("code", ["", "12345", "1234567", "\0", "٣٣٣٣٣٣", "aaaaa-aaaaa", "x" * 5000])
def test_what_is_no_code_is_refused(browser, alder, ada, code):
    with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    assert one.enter_code(code).status_code == 422
    assert not is_in(one)


def test_a_recovery_code_works_once_in_place_of_the_app(browser, alder, ada):
    _, codes = with_app(EMAIL)
    one, other = browser(), browser()
    one.sign_in(alder, EMAIL)
    assert one.enter_code(codes[0].upper().replace("-", " ")).status_code == 303
    assert is_in(one)
    other.sign_in(alder, EMAIL)
    assert other.enter_code(codes[0]).status_code == 422
    assert other.enter_code(codes[1]).status_code == 303
    assert second_factors.codes_left(user_at(EMAIL)) == 8
    assert db.session.query(AuditEntry).filter_by(action="customer_user.recovery_code_used").count() == 2


def test_recovery_codes_of_a_colleague_open_nothing(browser, alder, ada):
    cast.make_customer_user(ada, "bob@example.org")
    _, codes = with_app("bob@example.org")
    app, _ = with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    assert one.enter_code(codes[0]).status_code == 422
    assert second_factors.codes_left(user_at("bob@example.org")) == 10
    assert one.enter_code(app.code()).status_code == 303


def test_wrong_codes_are_limited_also_over_several_sign_ins(browser, alder, ada):
    app, _ = with_app(EMAIL)
    wrong = "000000" if "000000" not in (app.code(-1), app.code(), app.code(1)) else "111111"
    replies = []
    for number in range(3):
        one = browser(REMOTE_ADDR=f"192.0.2.{number}")
        one.sign_in(alder, EMAIL)
        one.get("/client/code")
        replies += [one.enter_code(wrong).status_code for _ in range(4)]
    assert replies == [422] * 10 + [429] * 2
    assert one.enter_code(app.code()).status_code == 429
    assert not is_in(one)


def test_the_question_for_the_code_ends_after_ten_minutes_and_with_sign_out(browser, alder, ada, monkeypatch):
    app, _ = with_app(EMAIL)
    one, other = browser(), browser()
    one.sign_in(alder, EMAIL)
    other.sign_in(alder, EMAIL)
    one.get("/client/code")
    other.get("/client/code")
    waits = one.client.get_cookie("client-waits").value
    one.post("/client/sign-out")
    one.client.set_cookie("client-waits", waits)
    one.get(sign_in_of(alder))
    assert one.post("/client/code", {"code": app.code()}).headers["Location"] == "/client/sign-in"
    later(monkeypatch, timedelta(minutes=10, seconds=1))
    assert other.post("/client/code", {"code": app.code()}).headers["Location"] == "/client/sign-in"
    assert not is_in(other)


@pytest.mark.parametrize("end", ["removed", "archived", "address"])
def test_who_may_no_longer_be_here_does_not_finish_signing_in(browser, alder, ada, end):
    bob = cast.make_customer_user(ada, "bob@example.org")
    app, _ = with_app("bob@example.org")
    one = browser()
    one.sign_in(alder, "bob@example.org")
    one.get("/client/code")
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        if end == "archived":
            customers.archive(who, row)
        elif end == "address":
            customers.update(who, row, {"email": "bob@example.org"})
            customers.update(who, row, {"email": "new@example.org"})
        else:
            customer_users.delete(*customer_users.LISTING.lock(cast.actor_for(alder), bob))
    assert one.post("/client/code", {"code": app.code()}).headers["Location"] == "/client/sign-in"
    assert not is_in(one)


def test_another_address_of_the_customer_takes_the_password_off_and_not_the_second_factor(browser, alder, ada):
    set_password(EMAIL)
    app, _ = with_app(EMAIL)
    with transaction():
        customers.update(*customers.LISTING.lock(cast.actor_for(alder), ada), {"email": "new@example.org"})
    one = browser()
    assert one.sign_in(alder, "new@example.org").headers["Location"] == "/client/code"
    assert one.enter_code(app.code()).status_code == 303


def test_turning_it_on_signs_out_everywhere_else(signed_in, browser, alder, ada):
    other = browser()
    other.sign_in(alder, EMAIL)
    assert is_in(other)
    set_up(signed_in)
    assert is_in(signed_in)
    assert not is_in(other)


@pytest.mark.parametrize("what", ["password", "code", "recovery"])
def test_turning_it_off_needs_the_password_or_a_fresh_code(browser, alder, ada, what):
    set_password(EMAIL)
    app, codes = with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    used = app.code()
    one.enter_code(used)
    one.get("/client/security")
    for proof in ("", "wrong" * 4, "000000", used):                     # a code that was used is not fresh
        reply = one.post("/client/security/two-factor/off", {"proof": proof})
        assert reply.status_code == 422
        assert "is neither your password nor a fresh code" in reply.text
    assert user_at(EMAIL).two_factor_at is not None
    proof = {"password": PASSWORD, "code": app.code(1), "recovery": codes[3]}[what]
    reply = one.post("/client/security/two-factor/off", {"proof": proof})
    assert reply.headers["Location"] == "/client/security?said=off"
    user = user_at(EMAIL)
    assert (user.two_factor_at, user.totp_secret, cast.count(CustomerRecoveryCode)) == (None, None, 0)
    assert browser().sign_in(alder, EMAIL).headers["Location"] == "/client/"


def test_new_recovery_codes_need_the_same_and_end_those_of_before(browser, alder, ada):
    app, codes = with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    one.enter_code(app.code())
    elsewhere = browser()
    elsewhere.sign_in(alder, EMAIL)
    elsewhere.enter_code(codes[9])
    one.get("/client/security")
    assert one.post("/client/security/codes", {"proof": "000000"}).status_code == 422
    assert is_in(elsewhere)
    reply = one.post("/client/security/codes", {"proof": app.code(1)})
    assert (is_in(one), is_in(elsewhere)) == (True, False)
    new = codes_of(reply.text)
    assert len(new) == 10
    assert not set(new) & set(codes)
    other = browser()
    other.sign_in(alder, EMAIL)
    assert other.enter_code(codes[0]).status_code == 422
    assert other.enter_code(new[0]).status_code == 303


def test_wrong_proofs_are_limited(browser, alder, ada):
    app, _ = with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    one.enter_code(app.code())
    one.get("/client/security")
    replies = [one.post("/client/security/two-factor/off", {"proof": "123"}).status_code for _ in range(11)]
    assert replies == [422] * 10 + [429]


def test_it_cannot_be_begun_anew_while_it_is_on(browser, alder, ada):
    app, _ = with_app(EMAIL)
    before = user_at(EMAIL).totp_secret
    one = browser()
    one.sign_in(alder, EMAIL)
    one.enter_code(app.code())
    one.get("/client/security")
    assert one.post("/client/security/two-factor/begin").status_code == 409
    assert one.post("/client/security/two-factor", {"code": app.code(1)}).status_code == 409
    assert user_at(EMAIL).totp_secret == before


def test_a_secret_that_is_used_outlives_the_rotation_of_the_installations_secret(app, browser, alder, ada):
    phone, _ = with_app(EMAIL)
    settings, newer = app.config["SETTINGS"], "a newer secret of the installation, of 32 letters"
    one = browser()
    one.sign_in(alder, EMAIL)
    try:
        vault.configure((newer, *settings.secret_keys), bcrypt_cost=4)
        assert one.enter_code(phone.code()).status_code == 303
        vault.configure((newer,), bcrypt_cost=4)
        assert second_factors.secret_of(user_at(EMAIL)) == phone.totp.secret
    finally:
        vault.configure(settings.secret_keys, bcrypt_cost=4)


def test_staff_turns_it_off_for_somebody_who_has_lost_it_and_signs_the_user_out(browser, alder, ada):
    app, _ = with_app(EMAIL)
    one = browser()
    one.sign_in(alder, EMAIL)
    one.enter_code(app.code())
    with transaction():
        who, row = customer_users.LISTING.lock(cast.actor_for(alder), user_at(EMAIL).id)
        customer_users.turn_off_second_factor(who, row)
    assert not is_in(one)
    assert browser().sign_in(alder, EMAIL).headers["Location"] == "/client/"


@pytest.mark.files
def test_a_code_that_is_sent_by_many_at_once_signs_one_in(install):
    app = install(sink=lambda record: None)
    with app.app_context():
        merchant = cast.make_merchant()
        cast.make_customer(merchant, email=EMAIL)
        phone, codes = with_app(EMAIL)
        with transaction():
            user = user_at(EMAIL)
            for _ in range(8):
                customer_sessions.begin(user, by_link=True, ip=None, user_agent=None)
        waiting = [one.id for one in db.session.query(CustomerSession)]
        code = phone.code()
    entered = []

    def enter(key, typed):
        with app.app_context(), transaction():
            session = db.session.get(CustomerSession, key)
            if customer_passwords.enter_code(session, typed, ip=None, user_agent=None) is not None:
                entered.append(typed)

    tried = zip(waiting, [code, codes[0]] * 4, strict=True)
    threads = [Thread(target=enter, args=pair) for pair in tried]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(entered) == sorted([code, codes[0]])

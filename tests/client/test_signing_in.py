"""Customers sign in by a link, once, for 15 minutes, in the browser that asked; nobody learns who is a customer."""

from datetime import timedelta

import pytest

from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.access import customer_sessions
from domain.actor import Actor
from domain.people import customers, merchants
from domain.people.logins import customer_sign_ins
from models.audit import AuditEntry
from models.customer import Customer, CustomerStatus
from models.customer_login import CustomerSession, CustomerSignIn
from models.merchant import Merchant
from tests import cast
from tests.client.conftest import code_of, last_mail, link_of, mail_of, sign_in_of, tasks

WRONG_CODE = "is not the code of the last mail"


def change(alder, ada, **changes):
    with transaction():
        customers.update(cast.actor_for(alder), db.session.get(Customer, ada), changes)


def later(monkeypatch, distance):
    now = clock.now() + distance
    monkeypatch.setattr(clock, "now", lambda: now)


def test_a_link_signs_in_after_a_press_and_the_area_is_the_merchants(browser, alder, ada):
    one = browser()
    assert one.get("/client/").headers["Location"] == "/client/sign-in"
    sent = one.ask(alder, "ada@example.org")
    assert (sent.status_code, sent.headers["Location"]) == (303, f"{sign_in_of(alder)}/sent")
    assert "ada@example.org" in one.get(sent.headers["Location"]).text
    link = link_of(last_mail())
    shown = one.get(link)
    assert shown.status_code == 200
    assert "One press" in shown.text
    assert one.get("/client/").status_code == 303               # to open a link is not to use it
    entered = one.post(link)
    assert (entered.status_code, entered.headers["Location"]) == (303, "/client/")
    page = one.get("/client/").text
    assert "Welcome, Ada" in page
    assert "Alder &amp; Sons" in page
    assert "Analytical Engines" in page


def test_the_mail_says_who_asked_and_is_in_the_merchants_name(browser, alder, ada):
    with transaction():
        db.session.get(Merchant, alder).email = "hello@alder.example"
    browser(REMOTE_ADDR="192.0.2.7").ask(alder, "ADA@Example.org ")
    mail = last_mail()
    assert (mail.to, mail.sender, mail.reply_to) == ("ada@example.org", "Alder & Sons", "hello@alder.example")
    for words in ("192.0.2.7", "15 minutes", "do nothing"):
        assert words in mail.text
    assert code_of(mail) not in mail.subject
    assert len(tasks()) == 1


def test_an_unknown_address_gets_the_same_answer_and_no_mail(browser, alder, ada):
    known, unknown = browser(), browser()
    replies = [known.ask(alder, "ada@example.org"), unknown.ask(alder, "eve@example.org")]
    assert [(one.status_code, one.headers["Location"]) for one in replies] == [(303, f"{sign_in_of(alder)}/sent")] * 2
    pages = [known.get(f"{sign_in_of(alder)}/sent"), unknown.get(f"{sign_in_of(alder)}/sent")]
    first, second = (page.text.replace(browser_.token, "") for page, browser_ in zip(
        pages, (known, unknown), strict=True))
    assert first.replace("ada@example.org", "X") == second.replace("eve@example.org", "X")
    assert len(tasks()) == 1
    assert cast.count(CustomerSignIn) == 2                      # both write alike


@pytest.mark.parametrize("email", [
    "", "ada", "ada@", "a b@example.org", "ada@example.org\0", "x" * 300 + "@example.org",
])
def test_what_is_no_address_is_refused_and_nothing_is_sent(browser, alder, ada, email):
    one = browser()
    reply = one.ask(alder, email)
    assert reply.status_code == 422
    assert "must be an e-mail address" in reply.text
    assert cast.count(CustomerSignIn) == 0


def test_a_link_works_once(browser, alder, ada):
    one = browser()
    one.sign_in(alder, "ada@example.org")
    one.get("/client/")
    link = f"/client/link/{customer_sign_ins.token_of(db.session.query(CustomerSignIn).one())}"
    one.post("/client/sign-out")
    one.get(sign_in_of(alder))
    assert one.get(link).status_code == 404
    assert one.post(link).status_code == 404
    assert one.get("/client/").status_code == 303


def test_a_link_works_for_fifteen_minutes(browser, alder, ada, monkeypatch):
    one = browser()
    one.ask(alder, "ada@example.org")
    mail = last_mail()
    later(monkeypatch, timedelta(minutes=15, seconds=1))
    assert one.get(link_of(mail)).status_code == 404
    assert one.post(link_of(mail)).status_code == 404
    assert WRONG_CODE in one.post(f"{sign_in_of(alder)}/sent", {"code": code_of(mail)}).text
    assert mail_of(tasks()[-1]) is None                         # and is not sent any more


def test_a_link_works_only_in_the_browser_that_asked(browser, alder, ada):
    mine, others = browser(), browser()
    mine.ask(alder, "ada@example.org")
    link = link_of(last_mail())
    others.get(sign_in_of(alder))
    shown = others.get(link)
    assert "This is another browser" in shown.text
    assert others.post(link).status_code == 403
    assert others.get("/client/").status_code == 303
    mine.get(link)
    assert mine.post(link).status_code == 303                   # it was not used up


def test_the_code_signs_in_the_browser_that_asked(browser, alder, ada):
    one, other = browser(), browser()
    one.ask(alder, "ada@example.org")
    code = code_of(last_mail())
    other.ask(alder, "eve@example.org")
    assert other.post(f"{sign_in_of(alder)}/sent", {"code": code}).status_code == 422
    reply = one.post(f"{sign_in_of(alder)}/sent", {"code": f" {code[:3]} {code[3:]}"})
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/")
    assert one.get("/client/").status_code == 200


def test_five_wrong_codes_end_a_mail(browser, alder, ada):
    one = browser()
    one.ask(alder, "ada@example.org")
    code = code_of(last_mail())
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        reply = one.post(f"{sign_in_of(alder)}/sent", {"code": wrong})
        assert reply.status_code == 422
        assert WRONG_CODE in reply.text
    assert one.post(f"{sign_in_of(alder)}/sent", {"code": code}).status_code == 422
    one.ask(alder, "ada@example.org")
    assert one.post(f"{sign_in_of(alder)}/sent", {"code": code_of(last_mail())}).status_code == 303


def test_links_that_nobody_made_are_unknown_and_limited(browser, alder, ada):
    one = browser()
    one.ask(alder, "ada@example.org")
    row = db.session.query(CustomerSignIn).one()
    for token in ("x", row.nonce, row.nonce + "0" * 64, "é" * 96, customer_sign_ins.token_of(row)[:-1]):
        assert one.get(f"/client/link/{token}").status_code == 404
    replies = [one.get("/client/link/nothing").status_code for _ in range(30)]
    assert replies[-1] == 429
    assert one.get(link_of(last_mail())).status_code == 200     # what exists is never refused


@pytest.mark.parametrize("email", ["ada@example.org", "eve@example.org"], ids=["known", "unknown"])
def test_an_address_gets_five_mails_from_each_network_and_fifteen_in_all(browser, alder, ada, birch, email):
    for number in range(3):
        replies = [browser(REMOTE_ADDR=f"192.0.2.{number}").ask(alder, email) for _ in range(6)]
        assert [one.status_code for one in replies] == [303] * 5 + [429]
        assert int(replies[-1].headers["Retry-After"]) > 0
    assert browser(REMOTE_ADDR="192.0.2.9").ask(alder, email).status_code == 429
    assert len(tasks()) == (15 if email == "ada@example.org" else 0)
    assert browser(REMOTE_ADDR="192.0.2.9").ask(birch, email).status_code == 303


def test_networks_of_ipv6_count_as_one(browser, alder, ada):
    replies = [browser(REMOTE_ADDR=f"2001:db8::{number + 1}").ask(alder, "ada@example.org") for number in range(6)]
    assert [one.status_code for one in replies] == [303] * 5 + [429]


@pytest.mark.parametrize("by", ["link", "code"])
def test_a_flood_by_strangers_does_not_stop_the_browser_that_has_signed_in(browser, alder, ada, by):
    own = browser(REMOTE_ADDR="192.0.2.7")
    if by == "link":
        own.sign_in(alder, "Ada@example.org")
    else:
        own.ask(alder, "ada@example.org")
        own.get(f"{sign_in_of(alder)}/sent")
        assert own.post(f"{sign_in_of(alder)}/sent", {"code": code_of(last_mail())}).status_code == 303
    own.post("/client/sign-out")
    counters.forget()
    for number in range(20):
        browser(REMOTE_ADDR="192.0.2.7" if number < 6 else f"192.0.2.{number}").ask(alder, "ada@example.org")
    assert browser(REMOTE_ADDR="192.0.2.99").ask(alder, "ada@example.org").status_code == 429
    assert own.sign_in(alder, "ada@example.org").headers["Location"] == "/client/"
    own.post("/client/sign-out")
    replies = [own.ask(alder, "ada@example.org").status_code for _ in range(5)]
    assert replies == [303] * 4 + [429]
    assert own.ask(alder, "eve@example.org").status_code == 303             # known for its own address alone


def test_a_link_to_a_page_leads_there_after_signing_in_and_never_elsewhere(browser, alder, ada):
    one = browser()
    one.get(f"{sign_in_of(alder)}?next=/client/tickets")
    assert one.sign_in(alder, "ada@example.org").headers["Location"] == "/client/tickets"
    assert one.get(f"{sign_in_of(alder)}?next=/client/invoices").headers["Location"] == "/client/invoices"
    for elsewhere in ("https://evil.example/client/", "//evil.example", "/admin/", "/client/../admin", "/client\\x"):
        at = one.get(sign_in_of(alder), query_string={"next": elsewhere}).headers["Location"]
        assert at.startswith("/client/")
        assert "evil" not in at


def test_an_ip_address_asks_thirty_times_in_fifteen_minutes(browser, alder, ada):
    one = browser(REMOTE_ADDR="192.0.2.7")
    replies = [one.ask(alder, f"eve{number}@example.org").status_code for number in range(31)]
    assert replies == [303] * 30 + [429]
    assert browser(REMOTE_ADDR="192.0.2.8").ask(alder, "ada@example.org").status_code == 303


@pytest.mark.parametrize("status", [CustomerStatus.ARCHIVED, CustomerStatus.STOPPED])
def test_an_archived_customer_gets_no_link_a_stopped_one_does(browser, alder, ada, status):
    change(alder, ada, status=status)
    browser().ask(alder, "ada@example.org")
    assert len(tasks()) == (1 if status is CustomerStatus.STOPPED else 0)


@pytest.mark.parametrize("end", ["archived", "deleted", "merchant", "session"])
def test_who_may_no_longer_be_here_is_signed_out_at_once(signed_in, alder, ada, end):
    with transaction():
        who, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        if end == "archived":
            customers.archive(who, row)
        elif end == "deleted":
            customers.delete(who, row)
        elif end == "merchant":
            merchants.archive(Actor.operator(), db.session.get(Merchant, alder))
        else:
            customer_sessions.end(db.session.query(CustomerSession).one().id)
    assert signed_in.get("/client/").status_code == 303


@pytest.mark.parametrize("distance", [timedelta(hours=2, seconds=1), timedelta(hours=25)])
def test_a_session_ends_when_it_is_idle_and_after_a_day(signed_in, monkeypatch, distance):
    later(monkeypatch, distance)
    assert signed_in.get("/client/").status_code == 303


def test_signing_out_ends_the_session_on_the_server(signed_in, browser):
    cookie = signed_in.client.get_cookie("client").value
    reply = signed_in.post("/client/sign-out")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/client/sign-in")
    copy = browser()
    copy.client.set_cookie("client", cookie)
    assert copy.get("/client/").status_code == 303


def test_the_cookie_is_for_this_host_and_no_script(browser, alder, ada):
    one = browser()
    one.ask(alder, "ada@example.org")
    link = link_of(last_mail())
    secure = {"base_url": "https://localhost/"}
    assert "This is another browser" in one.get(link, **secure).text        # over HTTPS its cookies are others
    one.get(link)
    plain = one.post(link).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    one.get(sign_in_of(alder), **secure)
    referer = {"Referer": "https://localhost/"}
    asked = one.post(sign_in_of(alder), {"email": "ada@example.org"}, headers=referer, **secure)
    said = " ".join(asked.headers.getlist("Set-Cookie"))
    assert "__Host-client-asked=" in said
    assert "Secure" in said


def test_a_cookie_of_a_user_opens_nothing_and_that_of_a_customer_no_page_of_users(signed_in, browser, alder):
    assert signed_in.get("/admin/customers").status_code == 303
    cast.make_user("lin@alder.example", merchant_ids=[alder])
    one = browser()
    one.get("/login")
    assert one.post("/login", {"email": "lin@alder.example", "password": cast.PASSWORD}).status_code == 303
    assert one.get("/client/").status_code == 303
    for value in ("", "x", "é", "0" * 4000):
        other = browser()
        other.client.set_cookie("client", value)
        assert other.get("/client/").status_code == 303


def test_a_user_and_a_customer_are_signed_in_beside_each_other(signed_in, alder):
    cast.make_user("lin@alder.example", merchant_ids=[alder])
    signed_in.get("/login")
    assert signed_in.post("/login", {"email": "lin@alder.example", "password": cast.PASSWORD}).status_code == 303
    assert signed_in.get("/client/").status_code == 200
    assert signed_in.get("/admin/").status_code == 200
    signed_in.get("/client/")
    signed_in.post("/client/sign-out")
    assert signed_in.get("/admin/").status_code == 200


def test_forms_need_their_token_and_another_site_sends_none(browser, signed_in, alder, ada):
    for path in ("/client/sign-out", sign_in_of(alder), f"{sign_in_of(alder)}/sent", "/client/link/x"):
        assert signed_in.open("POST", path, data={"email": "ada@example.org"}).status_code == 400, path
        other = signed_in.post(path, {"email": "ada@example.org"}, headers={"Sec-Fetch-Site": "cross-site"})
        assert other.status_code == 403, path
    assert signed_in.get("/client/").status_code == 200


def test_signing_in_leads_to_the_page_that_was_wanted_and_never_elsewhere(browser, alder, ada):
    one = browser()
    assert one.get("/client/invoices?which=open").status_code == 303
    assert one.sign_in(alder, "ada@example.org").headers["Location"] == "/client/invoices?which=open"
    other = browser()
    with other.client.session_transaction() as session:
        session["client_next"] = "//evil.example/"
    assert other.sign_in(alder, "ada@example.org").headers["Location"] == "/client/"


def test_the_sign_in_is_found_without_a_key_where_there_is_one_merchant(browser, alder, ada):
    assert browser().get("/client/sign-in").headers["Location"] == sign_in_of(alder)
    cast.make_merchant("Cedar")
    assert "does not say whose customer" in browser().get("/client/sign-in").text
    one = browser()
    one.get(sign_in_of(alder))
    assert one.get("/client/sign-in").headers["Location"] == sign_in_of(alder)      # where it was last


def test_the_address_of_a_merchant_that_is_off_or_unknown_does_not_exist(browser, alder):
    address = sign_in_of(alder)
    with transaction():
        merchants.archive(Actor.operator(), db.session.get(Merchant, alder))
    assert browser().get(address).status_code == 404
    assert browser().get("/client/sign-in/0000000000").status_code == 404
    assert browser().get(f"/client/sign-in/{alder}").status_code == 404


def test_a_customer_of_the_test_world_signs_in_apart_and_the_mail_is_kept(browser, alder, ada):
    actor = cast.actor_for(alder).in_world(test=True)
    cast.make_customer(alder, "Tess", actor=actor, email="ada@example.org")
    one = browser()
    assert one.sign_in(alder, "ada@example.org", test=True).status_code == 303
    assert tasks()[-1].test
    page = one.get("/client/").text
    assert "Welcome, Tess" in page
    assert "Test area" in page
    assert browser().ask(alder, "tess@example.org", test=True).status_code == 303
    assert len(tasks()) == 1


def test_signing_in_is_in_the_audit_trail(signed_in, ada):
    entry = db.session.query(AuditEntry).filter_by(action="customer.signed_in").one()
    assert (entry.object_id, entry.actor) == (ada, "Ada Lovelace <ada@example.org>")


def test_neither_link_nor_code_nor_cookie_is_stored(signed_in, alder):
    row, session = db.session.query(CustomerSignIn).one(), db.session.query(CustomerSession).one()
    said = str([getattr(one, name.key) for one in (row, session) for name in one.__table__.columns])
    for secret in (customer_sign_ins.token_of(row), customer_sign_ins.code_of(row),
                   signed_in.client.get_cookie("client").value, signed_in.client.get_cookie("client-asked").value):
        assert secret not in said
    assert customer_sign_ins.token_of(row) not in str([one.payload for one in tasks()])


def test_what_is_old_is_removed(signed_in, monkeypatch):
    with transaction():
        assert (customer_sign_ins.forget_old(), customer_sessions.forget_old()) == (0, 0)
    later(monkeypatch, timedelta(days=40))
    with transaction():
        assert (customer_sign_ins.forget_old(), customer_sessions.forget_old()) == (1, 1)


def test_a_customer_is_named_in_the_request_log_and_the_link_is_not(browser, alder, ada, records):
    one = browser()
    one.sign_in(alder, "ada@example.org")
    one.get("/client/")
    assert (records[-1]["customer_id"], records[-1]["merchant_id"], records[-1]["endpoint"]) == (ada, alder, "/client/")
    assert customer_sign_ins.token_of(db.session.query(CustomerSignIn).one()) not in str(records)


def test_a_customer_sees_where_it_is_signed_in_and_ends_the_others(signed_in, browser, alder, ada):
    bea = browser()
    cast.make_customer(alder, "Bea", email="bea@example.org")
    bea.sign_in(alder, "bea@example.org")
    assert "Sign out everywhere else" not in signed_in.get("/client/sessions").text
    other = browser(REMOTE_ADDR="192.0.2.7", HTTP_USER_AGENT="Gizmo <b>/7")
    other.sign_in(alder, "ada@example.org")
    page = signed_in.get("/client/sessions").text
    for words in ("192.0.2.7", "Gizmo &lt;b&gt;/7", "This browser"):
        assert words in page, words
    assert page.count("192.0.2.7") == 1
    assert signed_in.post("/client/sessions/end").headers["Location"] == "/client/sessions?said=ended"
    assert other.get("/client/").status_code == 303
    assert signed_in.get("/client/").status_code == 200
    assert bea.get("/client/").status_code == 200


def test_another_address_signs_a_customer_out_and_ends_its_links(signed_in, browser, alder, ada):
    waiting = browser()
    waiting.ask(alder, "ada@example.org")
    link = link_of(last_mail())
    change(alder, ada, phone="123", email="ADA@example.org")                   # the same address
    assert signed_in.get("/client/").status_code == 200
    change(alder, ada, email="augusta@example.org", first_name="Augusta")
    assert signed_in.get("/client/").status_code == 303
    assert waiting.get(link).status_code == 404
    assert browser().sign_in(alder, "augusta@example.org").status_code == 303

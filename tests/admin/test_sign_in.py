"""Signing in and out: who is accepted, who is slowed down, how long a session lasts."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine

from blueprints.api.wire import window
from config import command_line
from domain import clock
from tests import cast


def test_a_new_installation_says_how_to_make_the_first_user(visitor):
    page = visitor().get("/login")
    assert command_line("user create") in page.text
    assert "--all-merchants" in page.text
    assert 'name="password"' not in page.text


def test_the_right_password_opens_the_dashboard(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    reply = one.sign_in("ADA@alder.example")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/admin/")
    assert one.get("/admin/").status_code == 200


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    known, unknown = visitor(), visitor()
    pages = [
        known.sign_in("ada@alder.example", "not the password at all"),
        unknown.sign_in("bob@alder.example", "not the password at all"),
    ]
    assert [page.status_code for page in pages] == [401, 401]
    texts = [page.text.replace(one.token, "").replace(name, "") for page, one, name in zip(
        pages, (known, unknown), ("ada@alder.example", "bob@alder.example"), strict=True)]
    assert texts[0] == texts[1]


def test_the_password_is_never_sent_back(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    page = visitor().sign_in("ada@alder.example", "a secret that was mistyped")
    assert "a secret that was mistyped" not in page.text
    assert "ada@alder.example" in page.text


def test_the_eleventh_try_waits_even_with_the_right_password(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    cast.make_user("eve@alder.example", merchant_ids=[alder])
    one = visitor()
    for _ in range(10):
        assert one.sign_in("ada@alder.example", "wrong").status_code == 401
    refused = one.sign_in("ada@alder.example")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert one.sign_in("eve@alder.example").status_code == 303


def test_unknown_names_are_limited_like_known_ones(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    replies = [one.sign_in("nobody@alder.example", "wrong").status_code for _ in range(11)]
    assert replies == [401] * 10 + [429]


def test_a_hundred_wrong_tries_close_the_address_but_no_other(visitor, alder, monkeypatch):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    right = lambda password, hashed: password == cast.PASSWORD and bool(hashed)  # noqa: E731
    monkeypatch.setattr("domain.access.passwords.matches", right)
    here, there = visitor(REMOTE_ADDR="203.0.113.9"), visitor(REMOTE_ADDR="203.0.113.10")
    for number in range(100):
        assert here.sign_in(f"user{number}@alder.example", "wrong").status_code == 401
    assert here.sign_in("ada@alder.example").status_code == 429
    assert there.sign_in("ada@alder.example").status_code == 303


def test_the_addresses_of_one_ipv6_site_count_together_however_they_are_spelled(visitor, alder, monkeypatch):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    monkeypatch.setattr("domain.access.passwords.matches", lambda password, hashed: password == cast.PASSWORD)
    for number in range(100):
        host = visitor(REMOTE_ADDR=f"[2001:DB8:0:1::{number:x}]:4711")
        assert host.sign_in(f"user{number}@alder.example", "wrong").status_code == 401
    assert visitor(REMOTE_ADDR="2001:db8:0:1:ffff::9").sign_in("ada@alder.example").status_code == 429
    assert visitor(REMOTE_ADDR="2001:db8:0:2::9").sign_in("ada@alder.example").status_code == 303


def test_after_a_quarter_of_an_hour_the_right_password_works_again(visitor, alder, monkeypatch):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    for _ in range(11):
        last = one.sign_in("ada@alder.example", "wrong")
    assert last.status_code == 429
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 15 * 60 + 5, time=time.time)
    monkeypatch.setattr(window, "time", later)
    assert one.sign_in("ada@alder.example").status_code == 303


def test_signing_in_changes_cookie_and_token(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    one.get("/login")
    before, token = one.client.get_cookie("session").value, one.token
    one.sign_in("ada@alder.example")
    one.get("/admin/account")
    assert one.client.get_cookie("session").value != before
    assert one.token != token
    planted = one.client.get_cookie("session")
    other = visitor()
    other.client.set_cookie("session", before)
    assert other.get("/admin/").status_code == 303
    assert planted.http_only
    assert planted.same_site == "Lax"


def test_over_https_the_cookie_is_bound_to_the_host(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    reply = visitor().get("/login", base_url="https://billing.example")
    cookie = reply.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Path=/" in cookie
    assert "Domain" not in cookie


def test_a_copied_cookie_is_invalid_after_the_session(visitor, admin):
    copy = visitor()
    copy.client.set_cookie("session", admin.client.get_cookie("session").value)
    assert copy.get("/admin/").status_code == 200
    assert admin.post("/logout").status_code == 303
    assert copy.get("/admin/").status_code == 303


def test_a_session_ends_when_idle_and_when_old(admin):
    with time_machine.travel(clock.now(), tick=True) as traveller:
        for _ in range(4):
            traveller.shift(timedelta(minutes=25))
            assert admin.get("/admin/").status_code == 200
        traveller.shift(timedelta(minutes=31))
        assert admin.get("/admin/").status_code == 303


def test_no_session_outlives_twelve_hours(admin):
    with time_machine.travel(clock.now(), tick=True) as traveller:
        for _ in range(28):
            traveller.shift(timedelta(minutes=25))
            assert admin.get("/admin/").status_code == 200
        traveller.shift(timedelta(minutes=25))
        assert admin.get("/admin/").status_code == 303


def test_a_new_password_ends_every_session(visitor, admin):
    other = visitor()
    other.sign_in("admin_user@alder.example")
    new = "another long password 7"
    reply = admin.post("/admin/account/password", {"old_password": cast.PASSWORD, "password": new, "again": new})
    assert reply.status_code == 303
    assert other.get("/admin/").status_code == 303
    assert visitor().sign_in("admin_user@alder.example").status_code == 401
    assert visitor().sign_in("admin_user@alder.example", new).status_code == 303


@pytest.mark.parametrize("wanted", [
    "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "https://evil.example",
    "http:evil.example", "javascript:alert(1)", "/\t/evil.example", "/\n/evil.example", " //evil.example",
    "//evil.example/%2e%2e", "https:///evil.example", "/\\/evil.example", "data:text/html,x", "evil.example",
    "//localhost@evil.example", "\x00//evil.example",
])
def test_next_opens_only_pages_of_this_host(visitor, alder, wanted):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    reply = visitor().sign_in("ada@alder.example", next=wanted)
    assert reply.headers["Location"] == "/admin/"


def test_next_opens_the_page_that_was_requested(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    bounced = one.get("/admin/customers?status=active")
    assert bounced.headers["Location"] == "/login?next=/admin/customers?status%3Dactive"
    reply = one.sign_in("ada@alder.example", next="/admin/customers?status=active")
    assert reply.headers["Location"] == "/admin/customers?status=active"


def test_a_deactivated_user_is_signed_out_at_once(visitor, ops, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    ada = visitor()
    ada.sign_in("ada@alder.example")
    assert ops.post(f"/admin/users/{key}/archive").status_code == 303
    assert ada.get("/admin/").status_code == 303
    assert visitor().sign_in("ada@alder.example").status_code == 401


@pytest.mark.parametrize(("page", "wanted"), [
    ("http://localhost/admin/customers/1/edit", "/login?next=/admin/customers/1/edit"),
    ("http://localhost/admin/budgets/new?customer_id=1", "/login?next=/admin/budgets/new?customer_id%3D1"),
    ("http://localhost/admin/budgets/line", "/login"),
    ("http://localhost//evil.example", "/login"),
    ("http://evil.example/admin/customers", "/login"),
    ("", "/login"),
])
def test_a_form_that_was_sent_too_late_is_found_again_after_signing_in(visitor, alder, page, wanted):
    one = visitor()
    assert one.post("/admin/customers/1", {}, headers={
        "Referer": page, "Sec-Fetch-Site": "same-origin"}).headers["Location"] == wanted


def test_a_stranger_does_not_lock_out_a_browser_that_has_signed_in_before(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    known = visitor(REMOTE_ADDR="203.0.113.7")
    assert known.sign_in("ada@alder.example").status_code == 303
    known.post("/logout")
    stranger = visitor(REMOTE_ADDR="198.51.100.1")
    assert [stranger.sign_in("ada@alder.example", "wrong").status_code for _ in range(11)][-1] == 429
    assert visitor(REMOTE_ADDR="203.0.113.8").sign_in("ada@alder.example").status_code == 429
    assert known.sign_in("Ada@alder.example").status_code == 303


def test_a_known_browser_has_ten_tries_too(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    known = visitor()
    known.sign_in("ada@alder.example")
    known.post("/logout")
    assert [known.sign_in("ada@alder.example", "wrong").status_code for _ in range(11)] == [401] * 10 + [429]


def test_a_browser_is_known_for_its_own_account_and_not_by_a_forged_cookie(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    cast.make_user("eve@alder.example", merchant_ids=[alder])
    eve = visitor()
    eve.sign_in("eve@alder.example")
    eve.post("/logout")
    assert [eve.sign_in("ada@alder.example", "wrong").status_code for _ in range(11)][-1] == 429
    forger = visitor()
    forger.client.set_cookie("device", '{"ada@alder.example":"x"}.forged')
    assert forger.sign_in("ada@alder.example").status_code == 429


@pytest.mark.once("is about addresses and headers")
@pytest.mark.parametrize(("headers", "status"), [
    ({"Sec-Fetch-Site": "same-origin", "Referer": "https://evil.example/"}, 303),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "http://localhost", "Referer": "https://evil.example/"}, 303),
    ({"Origin": "http://localhost"}, 303),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "http://localhost:8001"}, 403),
    ({"Origin": "null", "Referer": "http://localhost/login"}, 403),
    ({"Origin": "http://[", "Referer": "http://localhost/login"}, 403),
    ({"Referer": "http://localhost/login"}, 303),
    ({"Referer": "http://localhost.evil.example/login"}, 403),
    ({}, 303),
])
def test_sec_fetch_site_and_origin_decide_where_a_form_was_sent_from(visitor, alder, headers, status):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    form = {"email": "ada@alder.example", "password": cast.PASSWORD}
    assert visitor().post("/login", form, headers=headers).status_code == status


@pytest.mark.parametrize(("headers", "status"), [
    ({"Sec-Fetch-Site": "same-origin"}, 303), ({"Origin": "https://localhost"}, 303),
    ({"Referer": "https://localhost/login"}, 303), ({}, 403),
])
def test_over_https_something_must_say_where_a_form_was(visitor, alder, headers, status):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    one.get("/login", base_url="https://localhost")
    form = {"email": "ada@alder.example", "password": cast.PASSWORD}
    assert one.post("/login", form, headers=headers, base_url="https://localhost").status_code == status

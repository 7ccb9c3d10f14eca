"""Dangerous actions ask for the password again: not too often, keeping what was typed, and past no door."""

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import update

from blueprints.shared_counters import counters
from database import db, transaction
from domain import clock
from domain.access import sessions
from domain.people.logins import user_notices
from models.outbox import Task
from models.user import User, UserSession
from tests import cast
from tests.admin.test_two_factor import set_up
from tests.client.authenticator import codes_of

# What gives access or moves money; the rest of the dashboard asks for nothing.
GUARDED = {
    "api_keys_create", "api_keys_save", "api_keys_act", "api_keys_bulk", "api_keys_undo", "api_keys_rotate",
    "api_keys_limit_addresses", "api_keys_undo_narrowed", "api_keys_move_expiry", "api_keys_undo_expiry",
    "users_create", "users_save", "users_act", "users_undo", "users_reset", "users_token", "users_invitation",
    "users_view_as",
    "customers_token", "webhooks_create", "webhooks_save", "webhooks_act", "webhooks_undo", "webhooks_secret",
    "webhooks_rotate", "gateways_save", "settings_save",
}
# These write with the same permission, and give nobody more access.
HARMLESS = {
    "users_end_session", "users_cell_save", "api_keys_narrow", "webhooks_test", "deliveries_act", "deliveries_failed",
}
NEW_USER = {"email": "mole@example.org", "role": "admin_user", "active": "on", "merchant_ids": "1"}


@pytest.fixture(autouse=True)
def fresh_limits():
    counters.forget()


def age(by=sessions.PROVEN):
    """Let everybody's last proof be old, though they were seen just now."""
    with transaction():
        db.session.execute(update(UserSession).values(proven_at=clock.now() - by))


def exists(email):
    return db.session.query(User).filter_by(email=email).first() is not None


def hidden(page):
    """What the question sends on."""
    form = re.search(r'<form class="whole" .*?</form>', page, re.DOTALL)[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return [(name, unescape(value)) for name, value in found if name != "csrf_token"]


def test_what_gives_access_asks_and_nothing_else(app):
    views = {rule.endpoint.removeprefix("admin."): app.view_functions[rule.endpoint]
             for rule in app.url_map.iter_rules() if "POST" in rule.methods}
    found = {name for name, view in views.items() if getattr(view, "is_proven", False)}
    assert found == GUARDED
    same = {name for name, view in views.items() if getattr(view, "scope", "") in ("WRITE_USERS", "WRITE_KEYS")}
    assert same - found == HARMLESS, "they ask for no password: wrap the view in proven(), or say in HARMLESS why not"


def test_right_after_the_sign_in_nothing_is_asked(admin):
    age(sessions.PROVEN - timedelta(seconds=30))
    assert admin.post("/admin/users", NEW_USER).status_code == 303
    assert exists("mole@example.org")


def test_a_stranger_at_an_open_browser_makes_no_user(admin):
    age()
    assert admin.get("/admin/users/new").status_code == 200
    asked = admin.post("/admin/users", NEW_USER)
    assert asked.status_code == 403
    assert "Is it still you?" in asked.text
    assert asked.headers["Cache-Control"] == "no-store"
    for typed in ("", "wrong", "not the password at all"):
        assert admin.post("/admin/users", NEW_USER | {"proof": typed}).status_code == 403
    assert not exists("mole@example.org")
    assert "not your password" in admin.post("/admin/users", NEW_USER | {"proof": "x" * 20}).text


def test_what_was_typed_is_sent_on_with_the_password(admin):
    age()
    form = NEW_USER | {"name": 'Mo "the" <Mole>', "merchant_ids": ["1"]}
    asked = admin.post("/admin/users", form)
    assert sorted(hidden(asked.text)) == sorted((name, "".join(value)) for name, value in form.items())
    done = admin.post("/admin/users", dict(hidden(asked.text)) | {"proof": cast.PASSWORD})
    assert done.status_code == 303
    assert exists("mole@example.org")
    assert admin.post("/admin/users", NEW_USER | {"email": "second@example.org"}).status_code == 303


def test_htmx_gets_a_dialog_in_place_of_what_it_would_fill(admin, alder):
    age()
    key = cast.make_user("kit@example.org", merchant_ids=[alder])
    asked = admin.post(f"/admin/users/{key}/token/issue?world=test", headers={
        "HX-Request": "true", "HX-Request-Type": "partial"})
    assert (asked.status_code, asked.headers["HX-Retarget"], asked.headers["HX-Reswap"]) == (
        403, "#dialog-host", "innerHTML")
    assert "<html" not in asked.text
    assert f'action="/admin/users/{key}/token/issue?world=test"' in asked.text
    done = admin.post(f"/admin/users/{key}/token/issue?world=test", {"proof": cast.PASSWORD})
    assert done.status_code == 200
    assert 'id="secret"' in done.text


def test_somebody_without_the_permission_is_refused_before_being_asked(signed_in, alder):
    one = signed_in("normal_user", [alder])
    age()
    refused = one.post("/admin/users", NEW_USER)
    assert refused.status_code == 403
    assert "Is it still you?" not in refused.text


def test_reading_and_selling_ask_for_nothing(admin):
    age()
    assert admin.get("/admin/keys/new").status_code == 200
    assert "Is it still you?" not in admin.post("/admin/customers", {"name": "Ash"}).text


def test_wrong_passwords_are_limited(admin):
    age()
    for _ in range(10):
        assert admin.post("/admin/users", NEW_USER | {"proof": "wrong password, at length"}).status_code == 403
    refused = admin.post("/admin/users", NEW_USER | {"proof": cast.PASSWORD})
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert not exists("mole@example.org")


def test_a_code_of_the_app_serves_once(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    one.sign_in("ada@alder.example")
    app, _ = set_up(one)
    age()
    code = app.code(1)
    assert one.post("/admin/users", NEW_USER | {"proof": "000000"}).status_code == 403
    assert one.post("/admin/users", NEW_USER | {"proof": code}).status_code == 303
    age()
    again = one.post("/admin/users", NEW_USER | {"email": "second@example.org", "proof": code})
    assert again.status_code == 403
    assert not exists("second@example.org")


def test_one_session_says_nothing_of_another(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    first, second = visitor(), visitor()
    first.sign_in("ada@alder.example")
    second.sign_in("ada@alder.example")
    first.get("/admin/account")
    second.get("/admin/account")
    age()
    assert first.post("/admin/users", NEW_USER | {"proof": cast.PASSWORD}).status_code == 303
    assert second.post("/admin/users", NEW_USER | {"email": "second@example.org"}).status_code == 403


def test_a_recovery_code_serves_too_and_a_mail_tells_of_it(visitor, alder):
    cast.make_user("ada@alder.example", merchant_ids=[alder])
    one = visitor()
    one.sign_in("ada@alder.example")
    code = codes_of(set_up(one)[1].text)[0]
    age()
    told = tells()
    assert one.post("/admin/users", NEW_USER | {"proof": code}).status_code == 303
    assert tells() == told + 1
    age()
    assert one.post("/admin/users", NEW_USER | {"email": "second@example.org", "proof": code}).status_code == 403
    assert one.post("/admin/account/two-factor/off", {"proof": codes_of(one.post(
        "/admin/account/two-factor/codes", {"proof": cast.PASSWORD}).text)[0]}).status_code == 303
    assert tells() == told + 2


def tells():
    """How many mails say that a recovery code was used."""
    return sum(one.payload.get("change") == user_notices.CODE_USED for one in db.session.query(Task).all())

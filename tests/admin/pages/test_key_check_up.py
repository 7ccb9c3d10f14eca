"""The check-up of API keys: what could be safer, mended by one click with undo, with few questions for many keys."""

import html
import re
from datetime import timedelta

import pytest
import time_machine

from analytics.rollups import rollup
from analytics.rollups.periods import micros
from blueprints.admin import key_use
from database import db
from domain import clock
from domain.permissions import KEY_SCOPES
from models.credential import Credential
from tests import cast
from tests.admin.page_text import text_of
from tests.analytics.log_samples import record
from tests.sql_statements import recorded

PAGE = "/admin/keys/check-up"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def called(key, merchant, days=1.0, **more):
    """Store a call of a key, so many days ago."""
    sent = record(micros(clock.now() - timedelta(days=days)), key_id=key, merchant_id=merchant, **more)
    engine = db.engines["log"]
    with engine.begin() as connection:
        batch = rollup.begin(connection, engine)
        batch.add(sent)
        rollup.store(connection, batch)


def old_key(merchant, **more):
    """A key that was made two months ago, to which nothing else applies."""
    usual = {"allowed_ips": ["192.0.2.7"], "scopes": ["READ_CUSTOMERS"]}
    ends = (clock.now() + timedelta(days=60)).isoformat()
    with time_machine.travel(clock.now() - timedelta(days=60)):
        return cast.make_key(merchant, **{"expires_at": ends, **usual, **more})[0]


def row(key):
    db.session.expire_all()
    return db.session.get(Credential, key)


def found(page):
    """What the page says: the name of each key and its concern."""
    return re.findall(r"<b>([^<]+)</b></a> <span class=\"tg\">([^<]+)</span>", page)


def undo_of(page):
    return html.unescape(re.search(r'data-undo="([^"]+)"', page)[1])


def forms(page, path):
    """The fields of the form that posts to the path."""
    form = re.search(rf'<form[^>]*action="{path}".*?</form>', page, re.DOTALL)[0]
    fields = re.findall(r'<input[^>]*name="([^"]+)" value="([^"]*)"', form)
    sent = {}
    for name, value in fields:
        sent.setdefault(name, []).append(html.unescape(value))
    sent.pop("csrf_token")
    return sent


def test_each_concern_is_shown_once_the_gravest_first(admin, alder):
    old_key(alder, name="Fresh")
    idle = old_key(alder, name="Idle")
    called(idle, alder, 40)
    for name, more in (("Wide", {"scopes": list(KEY_SCOPES)}), ("Open", {"allowed_ips": []}),
                       ("Endless", {"expires_at": None}), ("Fine", {})):
        called(old_key(alder, name=name, **more), alder)
    page = admin.get(PAGE).text
    assert found(page) == [
        ("Fresh", "Never used"), ("Idle", "Idle for 30 days"), ("Wide", "Unused scopes"), ("Open", "Any address"),
        ("Endless", "Never expires"),
    ]
    assert "Customers: write, Products: read" in text_of(page)
    assert found(admin.get(f"{PAGE}?show=idle").text) == [("Idle", "Idle for 30 days")]
    assert found(admin.get(f"{PAGE}?show=nonsense&page=99").text) == found(page)
    assert "5 things to mend" in text_of(admin.get("/admin/keys").text)
    assert "1 thing to mend" in text_of(admin.get(f"/admin/keys/{idle}").text)


def test_without_a_concern_or_a_key_the_page_says_so(admin, alder):
    assert "No active API keys" in admin.get(PAGE).text
    called(old_key(alder), alder)
    assert "Nothing to mend" in admin.get(PAGE).text
    assert "No active key has this." in admin.get(f"{PAGE}?show=wide").text


def test_spare_scopes_are_removed_and_given_back(admin, alder):
    key = old_key(alder, name="Wide", scopes=list(KEY_SCOPES))
    called(key, alder, operation="customers.create", method="POST")
    called(key, alder, operation="budgets.list", status=403, error_code="insufficient_scope")
    called(key, alder, 31, operation="products.list")
    path = f"/admin/keys/{key}/scopes"
    sent = forms(admin.get(PAGE).text, path)
    assert sent["scope"] == ["READ_CUSTOMERS", "WRITE_CUSTOMERS"]
    reply = admin.post(path, sent)
    assert (reply.status_code, reply.headers["Location"]) == (303, PAGE)
    assert row(key).scopes == ["READ_CUSTOMERS", "WRITE_CUSTOMERS"]
    page = admin.get(PAGE).text
    assert "The scopes of Wide were narrowed." in page
    assert found(page) == []
    admin.post(undo_of(page))
    assert row(key).scopes == list(KEY_SCOPES)
    assert "Scopes of Wide were restored." in admin.get(PAGE).text


def test_addresses_are_suggested_by_the_calls_and_can_be_taken_back(admin, alder):
    key = old_key(alder, name="Open", allowed_ips=[])
    for ip, days in (("192.0.2.7", 1), ("192.0.2.7", 2), ("2001:db8::5", 3), ("198.51.100.9", 31)):
        called(key, alder, days, ip=ip)
    path = f"/admin/keys/{key}/addresses"
    asked = admin.part(f"{path}?back=check-up").text
    assert asked.lstrip().startswith("<dialog")
    assert "All 3 calls of the last 30 days" in asked
    assert "198.51.100.9" not in asked
    sent = forms(asked, path)
    assert re.findall(r'name="address" value="([^"]+)" checked', asked) == ["192.0.2.7", "2001:db8::5"]
    none = admin.post(path, {name: value for name, value in sent.items() if name != "address"}, headers=HTMX)
    assert (none.status_code, "Choose at least one address" in none.text) == (422, True)
    reply = admin.post(path, sent | {"address": ["192.0.2.7"]})
    assert reply.headers["Location"] == PAGE
    assert row(key).allowed_ips == ["192.0.2.7"]
    page = admin.get(PAGE).text
    assert "Open works from 1 address only." in page
    admin.post(undo_of(page))
    assert row(key).allowed_ips == []


def test_where_no_address_can_be_suggested_the_dialog_leads_to_the_form(admin, alder, monkeypatch):
    key = old_key(alder, allowed_ips=[])
    assert "was not called in the last 30 days" in admin.part(f"/admin/keys/{key}/addresses").text
    for number in range(21):
        called(key, alder, ip=f"192.0.2.{number}")
    many = admin.part(f"/admin/keys/{key}/addresses").text
    assert "It was called from 21 addresses." in many
    assert "Allow only these" not in many
    monkeypatch.setattr(key_use, "MOST_CALLS", 5)
    assert "Its newest 5 calls" in admin.part(f"/admin/keys/{key}/addresses").text


def test_an_expiry_is_set_and_an_unused_key_paused_by_one_click(admin, alder):
    key = old_key(alder, expires_at=None)
    page = admin.get(PAGE).text
    sent = forms(page, f"/admin/keys/{key}/expiry")
    assert admin.post(f"/admin/keys/{key}/expiry", sent).headers["Location"] == PAGE
    assert timedelta(days=89) < row(key).expires_at - clock.now() <= timedelta(days=91)
    admin.post(undo_of(admin.get(PAGE).text))
    assert row(key).expires_at is None
    admin.post(f"/admin/keys/{key}/pause")
    page = admin.get(PAGE).text
    assert found(page) == []
    admin.post(undo_of(page))
    assert not row(key).paused


def test_what_was_changed_meanwhile_is_neither_narrowed_nor_undone(admin, alder):
    key = old_key(alder, scopes=list(KEY_SCOPES))
    path = f"/admin/keys/{key}"
    admin.post(f"{path}/scopes", {"scope": ["READ_CUSTOMERS"], "version": "1"})
    undo = undo_of(admin.get(path).text)
    admin.post(f"{path}/scopes", {"scope": ["READ_PRODUCTS"], "version": "1"})
    assert row(key).scopes == ["READ_CUSTOMERS"]
    assert "Nothing was changed." in admin.get(path).text
    admin.post(f"{path}/scopes", {"scope": ["READ_PRODUCTS"], "version": "2"})
    admin.get(path)
    admin.post(undo)
    assert row(key).scopes == ["READ_PRODUCTS"]


@pytest.mark.parametrize("query", [
    "name=scopes&was=x&version=1", "name=name&was=%5B%22x%22%5D&version=1", "name=scopes&was=%5B%5D&version=1",
    "name=scopes&was=%5B1%5D&version=1", "name=allowed_ips&was=%5B%22x%22%5D&version=1", "name=scopes&was=%7B%7D",
    "name=scopes&was=%5B%22READ_CUSTOMERS%22%5D&version=%C2%B2",
])
def test_a_broken_undo_changes_nothing(admin, alder, query):
    key = old_key(alder)
    assert admin.post(f"/admin/keys/{key}/narrowed/undo?{query}").status_code == 303
    assert (row(key).version, row(key).scopes, row(key).allowed_ips) == (1, ["READ_CUSTOMERS"], ["192.0.2.7"])


def test_keys_of_others_and_of_the_other_world_are_not_there(admin, alder, birch):
    foreign = old_key(birch, name="Foreign", allowed_ips=[])
    old_key(alder, name="Trial", mode="test", allowed_ips=[], expires_at=None)
    assert found(admin.get(PAGE).text) == []
    for path in ("scopes", "addresses", "narrowed/undo?name=scopes&was=%5B%5D&version=1"):
        assert admin.post(f"/admin/keys/{foreign}/{path}", {"scope": "READ_CUSTOMERS", "address": "192.0.2.1"},
                          ).status_code == 404, path
    assert admin.get(f"/admin/keys/{foreign}/addresses").status_code == 404
    admin.post("/admin/mode", {"test": "on"})
    assert {name for name, _ in found(admin.get(PAGE).text)} == {"Trial"}


def test_who_may_not_read_keys_may_not_read_what_is_wrong_with_them(signed_in, alder):
    assert signed_in("accountant_user", [alder]).get(PAGE).status_code == 403


def test_many_keys_take_as_many_questions_as_one_and_none_reads_calls(admin, alder):
    def questions():
        with recorded(db.engines["log"]) as asked:
            assert admin.get(PAGE).status_code == 200
        assert not [one for one, _ in asked if re.search(r"FROM requests|JOIN requests", one)]
        return len(asked)

    called(old_key(alder, name="First", allowed_ips=[]), alder)
    before = questions()
    for number in range(12):
        called(old_key(alder, name=f"Key {number}", allowed_ips=[], scopes=list(KEY_SCOPES)), alder)
    assert questions() == before


def test_long_lists_have_pages(admin, alder, monkeypatch):
    monkeypatch.setattr("blueprints.admin.developers.key_check_up.PER_PAGE", 2)
    for number in range(3):
        old_key(alder, name=f"Key {number}")
    assert "1–2 of 3" in admin.get(PAGE).text
    part = admin.part(f"{PAGE}?page=2").text
    assert "3–3 of 3" in part
    assert "<html" not in part

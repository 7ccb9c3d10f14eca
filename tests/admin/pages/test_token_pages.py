"""A user's API tokens on the pages: shown on demand, replaced and revoked after a confirmation."""

import re

from database import db
from models.audit import AuditEntry
from models.credential import Credential, CredentialKind
from tests import cast

TOKEN = re.compile(r"\b[a-z0-9]{59}\b")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def tokens_of(user_id):
    db.session.expire_all()
    found = db.session.query(Credential).filter_by(kind=CredentialKind.USER, user_id=user_id, revoked_at=None)
    return found.filter_by(mode="live").count()


def actions():
    return [entry.action for entry in db.session.query(AuditEntry).order_by(AuditEntry.id)]


def test_the_page_shows_four_characters_and_what_guards_the_core_api(admin, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder], allowed_ips=["203.0.113.7"], api_access=True)
    page = admin.get(f"/admin/users/{key}").text
    assert not TOKEN.search(page)
    assert "COUNTINGHOUSE_CORE_API_NETWORKS" in page
    assert "203.0.113.7" in page
    assert "Not checked by the documented methods" in page


def test_revealing_is_a_post_that_is_not_cached_and_is_audited(admin, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    for headers in ({}, HTMX):
        reply = admin.post(f"/admin/users/{key}/token/reveal", headers=headers)
        assert TOKEN.search(reply.text)
        assert reply.headers["Cache-Control"] == "no-store"
    assert actions().count("user.token_revealed") == 2


def test_replacing_and_revoking_ask_first(admin, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    before = TOKEN.search(admin.post(f"/admin/users/{key}/token/reveal").text)[0]
    for address, action in (("replace", "issue"), ("end", "revoke")):
        asked = admin.part(f"/admin/users/{key}/token/{address}").text
        assert asked.lstrip().startswith("<dialog")
        assert f"/admin/users/{key}/token/{action}" in asked
        assert "ada@alder.example" in asked
    assert TOKEN.search(admin.post(f"/admin/users/{key}/token/issue").text)[0] != before
    assert tokens_of(key) == 1
    assert admin.post(f"/admin/users/{key}/token/revoke").status_code == 303
    assert tokens_of(key) == 0
    assert "Create token" in admin.get(f"/admin/users/{key}").text


def test_tokens_of_other_merchants_users_are_out_of_reach(admin, alder, birch):
    for merchants in ([birch], [alder, birch]):
        key = cast.make_user(f"user{len(merchants)}@birch.example", merchant_ids=merchants)
        for path in ("replace", "end"):
            assert admin.get(f"/admin/users/{key}/token/{path}").status_code == 404
        for action in ("reveal", "issue", "revoke"):
            assert admin.post(f"/admin/users/{key}/token/{action}").status_code == 404
        assert tokens_of(key) == 1

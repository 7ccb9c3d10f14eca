"""Pages of API keys: the secret is shown once; limits, use, and revocation with a confirmation."""

import html
import re
from datetime import timedelta

from database import db, transaction
from domain import clock
from domain.integrations import api_keys
from domain.people.keys import key_leaks
from models.credential import Credential, CredentialKind, Mode
from tests import cast

FORM = {"name": "Shop", "expires": "90", "scope_BUDGETS": "none", "scope_CUSTOMERS": "write", "scope_PRODUCTS": "read",
        "allowed_ips": "203.0.113.0/24\n198.51.100.7", "rate_limit_per_hour": "500", "mode": "live"}
SECRET = re.compile(r"bk_(?:live|test)_[0-9A-Za-z]{48}")
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


def key():
    """The newest integration key."""
    db.session.expire_all()
    keys = db.session.query(Credential).filter_by(kind=CredentialKind.INTEGRATION)
    return keys.order_by(Credential.id.desc()).first()


def page_of(row):
    return f"/admin/keys/{row.id}"


def test_a_key_is_shown_once_and_works(app, admin, alder):
    reply = admin.post("/admin/keys", FORM)
    assert reply.status_code == 201
    assert reply.headers["Cache-Control"] == "no-store"
    secret = SECRET.search(reply.text)[0]
    row = key()
    assert row.scopes == ["READ_CUSTOMERS", "WRITE_CUSTOMERS", "READ_PRODUCTS"]
    assert row.allowed_ips == ["203.0.113.0/24", "198.51.100.7"]
    assert row.rate_limit_per_hour == 500
    assert timedelta(days=90) <= row.expires_at - clock.now() < timedelta(days=91)
    for path in ("/admin/keys", page_of(row), page_of(row) + "/edit", "/admin/audit", "/admin/keys.csv", "/admin/"):
        assert secret not in admin.get(path).text, path
    call = app.test_client().get(
        "/v1/api/public/products", headers={"Authorization": f"Bearer {secret}"},
        environ_base={"REMOTE_ADDR": "198.51.100.7"})
    assert call.status_code == 200


def test_the_answer_with_the_secret_is_never_compressed(admin):
    reply = admin.post("/admin/keys", FORM, headers={"Accept-Encoding": "br, gzip"})
    assert "Content-Encoding" not in reply.headers


def test_htmx_gets_dialogs(admin):
    assert admin.part("/admin/keys/new").text.lstrip().startswith("<dialog")
    wrong = admin.post("/admin/keys", FORM | {"name": ""}, headers=HTMX)
    assert wrong.status_code == 422
    assert wrong.text.lstrip().startswith("<dialog")
    assert "203.0.113.0/24" in wrong.text
    made = admin.post("/admin/keys", FORM, headers=HTMX)
    assert made.text.lstrip().startswith("<dialog")
    assert SECRET.search(made.text)
    assert "data-needs-tick disabled" in made.text


def test_what_the_domain_refuses_is_shown(admin):
    for change, field in (
        ({"expires": "custom", "expires_on": "2020-01-01"}, "expires-wrong"),
        ({"expires": "custom", "expires_on": ""}, "expires-wrong"),
        ({"allowed_ips": "300.1.1.1"}, "allowed_ips-wrong"),
        ({"allowed_ips": "10.0.0.5/8"}, "did you mean 10.0.0.0/8"),
        ({"rate_limit_per_hour": "0"}, "rate_limit_per_hour-wrong"),
        ({"scope_CUSTOMERS": "none", "scope_PRODUCTS": "none"}, "scopes-wrong"),
    ):
        reply = admin.post("/admin/keys", FORM | change)
        assert reply.status_code == 422, change
        assert field in reply.text, change
    assert key() is None


def test_a_key_never_expires_only_when_asked(admin):
    admin.post("/admin/keys", FORM | {"expires": "never"})
    assert key().expires_at is None


def test_limits_of_a_key_change_and_an_untouched_expiry_stays(admin, alder):
    expires = clock.now() + timedelta(days=20)
    cast.make_key(alder, expires_at=expires.isoformat(), scopes=["READ_PRODUCTS"])
    before = key().expires_at
    form = FORM | {"expires": "custom", "expires_on": before.date().isoformat(), "rate_limit_per_hour": "7",
                   "version": "1", "name": "Renamed"}
    assert admin.post(page_of(key()), form).status_code == 303
    assert (key().name, key().rate_limit_per_hour, key().expires_at) == ("Renamed", 7, before)
    assert admin.post(page_of(key()), form).status_code == 409


def test_a_refused_form_does_not_show_what_another_user_saved_meanwhile(admin, alder):
    cast.make_key(alder, name="Shop", scopes=["READ_PRODUCTS"])
    path = page_of(key())
    first = FORM | {"version": "1", "name": "Hers", "rate_limit_per_hour": "7"}
    assert admin.post(path, first).status_code == 303
    for wrong, status in (("nonsense", 422), ("9", 409), ("9", 409)):
        refused = admin.post(path, first | {"name": "His", "rate_limit_per_hour": wrong})
        assert (refused.status_code, 'name="version" value="1"' in refused.text) == (status, True)
    assert "Hers" in admin.get(path).text


def test_revoking_requires_the_name_of_the_key(admin, alder):
    cast.make_key(alder, name="Storefront")
    asked = admin.get(page_of(key()) + "/revoke").text
    assert "cannot be undone" in asked
    assert admin.post(page_of(key()) + "/revoke", {"words": "storefron"}).status_code == 422
    assert key().revoked_at is None
    assert admin.post(page_of(key()) + "/revoke", {"words": "Storefront"}).status_code == 303
    assert key().revoked_at is not None
    admin.post(page_of(key()) + "/revoke", {"words": "Storefront"})
    assert "This key is already revoked." in admin.get(page_of(key())).text
    page = admin.get(page_of(key())).text
    assert "Revoked" in page
    assert page_of(key()) + "/edit" not in page


def test_tabs_filter_keys_by_state(admin, alder):
    soon = (clock.now() + timedelta(days=3)).isoformat()
    cast.make_key(alder, name="Steady")
    cast.make_key(alder, name="Soon over", expires_at=soon)
    revoked, _ = cast.make_key(alder, name="Gone")
    admin.post(f"/admin/keys/{revoked}/revoke", {"words": "Gone"})
    cast.make_key(alder, name="Trial", mode="test")
    names = ("Steady", "Soon over", "Gone", "Trial")
    admin.get("/admin/keys")                               # shows the toast, so that it is in no page below

    def shown(tab):
        page = admin.get(f"/admin/keys?tab={tab}").text.partition('id="list"')[2]
        return [name for name in names if f">{name}</a>" in page]

    assert shown("active") == ["Steady", "Soon over"]
    assert shown("expiring") == ["Soon over"]
    assert shown("unused") == ["Steady", "Soon over"]
    assert shown("revoked") == ["Gone"]
    assert shown("all") == ["Steady", "Soon over", "Gone"]
    admin.post("/admin/mode", {"test": "on"})
    assert shown("active") == ["Trial"]
    assert "Test mode." in admin.get("/admin/").text


def test_a_test_key_is_made_in_test_mode(admin):
    admin.post("/admin/mode", {"test": "on"})
    assert 'value="test" checked' in admin.get("/admin/keys/new").text
    reply = admin.post("/admin/keys", FORM | {"mode": "test"})
    assert SECRET.search(reply.text)[0].startswith("bk_test_")
    assert key().mode is Mode.TEST


def test_keys_of_others_are_not_there(admin, birch):
    cast.make_key(birch, name="Foreign")
    for path in ("", "/edit", "/revoke"):
        assert admin.get(page_of(key()) + path).status_code == 404
    assert admin.post(page_of(key()) + "/revoke", {"words": "Foreign"}).status_code == 404
    assert "Foreign" not in admin.get("/admin/keys?tab=all").text


def test_under_all_merchants_a_key_says_at_once_that_it_needs_one(ops, birch):
    reply = ops.post("/admin/keys", FORM | {"name": ""})
    assert reply.status_code == 422
    assert 'id="merchant_id-wrong"' in reply.text
    assert 'id="name-wrong"' in reply.text
    assert ops.post("/admin/keys", FORM | {"merchant_id": str(birch)}).status_code == 201
    assert key().merchant_id == birch


def test_a_key_is_made_for_a_customer_by_name_and_stays_with_it(admin, alder):
    ada, grace = cast.make_customer(alder), cast.make_customer(alder, "Grace Hopper")
    assert admin.post("/admin/keys", FORM | {"customer_id": "Ada Lovelace"}).status_code == 201
    row = key()
    assert row.customer_id == ada
    assert f'href="/admin/customers/{ada}"' in admin.get(page_of(row)).text
    form = admin.get(page_of(row) + "/edit").text
    version = re.search(r'name="version" value="(\d+)"', form)[1]
    admin.post(page_of(row), FORM | {"customer_id": str(grace), "version": version})
    assert key().customer_id == ada
    wrong = admin.post("/admin/keys", FORM | {"customer_id": "Nobody at all"})
    assert wrong.status_code == 422
    assert "Nobody at all" in wrong.text


def test_a_key_is_not_made_for_a_customer_out_of_reach(signed_in, alder, birch):
    both = signed_in("admin_user", [alder, birch])
    tester = cast.actor_for(alder).in_world(test=True)
    for out_of_reach in (cast.make_customer(birch), cast.make_customer(alder, "Tess", actor=tester)):
        refused = both.post("/admin/keys", FORM | {"merchant_id": str(alder), "customer_id": str(out_of_reach)})
        assert refused.status_code == 422
        assert "must exist" in refused.text
    assert key() is None


def test_a_rotated_key_is_shown_once_and_its_former_secret_until_its_end(app, admin, alder):
    cast.make_key(alder, name="Shop")
    row = key()
    former = row.prefix
    asked = admin.part(f"{page_of(row)}/rotate")
    assert 'value="24" checked' in asked.text
    wrong = admin.post(f"{page_of(row)}/rotate", {"grace_hours": "721", "version": str(row.version)})
    assert wrong.status_code == 422
    shown = admin.post(f"{page_of(row)}/rotate", {"grace_hours": "24", "version": str(row.version)})
    assert shown.headers["Cache-Control"] == "no-store"
    secret = SECRET.search(shown.text)[0]
    assert key().prefix == secret[:12] != former
    page = admin.get(page_of(row)).text
    assert former in page
    assert "not used since it was replaced" in page
    assert secret not in page
    again = admin.post(f"{page_of(row)}/rotate", {"grace_hours": "24", "version": "1"})
    assert again.status_code == 303                                      # sent twice: nothing more happens
    assert key().prefix == secret[:12]
    assert "End former secret: Shop?" in admin.part(f"{page_of(row)}/end_former").text
    admin.post(f"{page_of(row)}/end_former")
    assert former not in admin.get(page_of(row)).text


def test_the_page_says_what_is_left_of_the_limit(app, admin, alder):
    _, text = cast.make_key(alder, name="Shop", rate_limit_per_hour=500)
    app.test_client().get("/v1/api/public/customers", headers={"Authorization": f"Bearer {text}"})
    for _ in range(2):
        assert "500, 499 left now" in admin.get(page_of(key())).text
    admin.post(f"{page_of(key())}/pause")
    assert "left now" not in admin.get(page_of(key())).text


def test_limits_a_minute_and_a_day_are_set_shown_and_taken_off(admin, alder):
    made = admin.post("/admin/keys", FORM | {"rate_limit_per_minute": "60", "rate_limit_per_day": ""})
    assert made.status_code == 201
    row = key()
    assert (row.rate_limit_per_minute, row.rate_limit_per_day) == (60, None)
    page = admin.get(page_of(row)).text
    assert "60, 60 left now" in page
    assert "500, 500 left now" in page
    assert "Requests in 24 hours" not in page
    form = FORM | {"version": "1", "rate_limit_per_minute": "", "rate_limit_per_day": "600"}
    assert admin.post(page_of(row), form).status_code == 303
    assert (key().rate_limit_per_minute, key().rate_limit_per_day) == (None, 600)
    wrong = admin.post("/admin/keys", FORM | {"rate_limit_per_minute": "0"})
    assert (wrong.status_code, "rate_limit_per_minute-wrong" in wrong.text) == (422, True)


def test_a_key_is_paused_and_resumed(app, admin, alder):
    cast.make_key(alder, name="Shop")
    row = key()
    paused = admin.post(f"{page_of(row)}/pause")
    assert paused.status_code == 303
    assert key().paused
    assert "Calls with this key are refused until you resume it." in admin.get(page_of(row)).text
    assert "Paused" in admin.get("/admin/keys?tab=paused").text
    assert page_of(row) not in admin.get("/admin/keys").text
    admin.post(f"{page_of(row)}/resume")
    assert not key().paused


# Expiry ---------------------------------------------------------------------------------------------------------------


def undo_of(page):
    """The address behind Undo in the toast of a page."""
    return html.unescape(re.search(r'data-undo="([^"]+)"', page)[1])


def expire_in(alder, days):
    """A key that expires in so many days."""
    cast.make_key(alder, name="Shop", expires_at=(clock.now() + timedelta(days=days)).isoformat())
    return key()


def test_the_expiry_is_moved_by_one_click_and_back(admin, alder):
    row = expire_in(alder, 5)
    was, path = row.expires_at, f"{page_of(row)}/expiry"
    asked = admin.part(path).text
    assert asked.lstrip().startswith("<dialog")
    assert [f'value="{to}"' in asked for to in ("30", "90", "365", "never")] == [True] * 4
    assert admin.post(path, {"to": "30", "version": "1"}).status_code == 303
    assert timedelta(days=34) < key().expires_at - clock.now() <= timedelta(days=36)
    page = admin.get(page_of(row)).text
    assert "Shop expires on" in page
    assert admin.post(undo_of(page)).status_code == 303
    assert key().expires_at == was
    assert "The expiry of Shop was restored." in admin.get(page_of(row)).text


def test_htmx_reloads_the_page_that_the_expiry_was_moved_from(admin, alder):
    row = expire_in(alder, 5)
    moved = admin.post(f"{page_of(row)}/expiry", {"to": "never", "version": "1"}, headers=HTMX)
    assert (moved.status_code, moved.headers["HX-Refresh"]) == (204, "true")
    assert key().expires_at is None
    assert "Shop never expires." in admin.get("/admin/keys").text


def test_the_expiry_is_set_to_a_day_and_a_wrong_one_is_said(admin, alder):
    row = expire_in(alder, 5)
    path = f"{page_of(row)}/expiry"
    for day, said in (("", "ISO 8601"), ("2020-01-01", "must be in the future"), ("2099-01-01", "within 10 years")):
        wrong = admin.post(path, {"to": "on", "day": day, "version": "1"}, headers=HTMX)
        assert (wrong.status_code, said in wrong.text) == (422, True), day
    day = (clock.now() + timedelta(days=50)).date().isoformat()
    assert admin.post(path, {"to": "on", "day": day, "version": "1"}).status_code == 303
    assert key().expires_at.date().isoformat() == day


def test_an_undo_leaves_what_somebody_changed_since(admin, alder):
    row = expire_in(alder, 5)
    admin.post(f"{page_of(row)}/expiry", {"to": "30", "version": "1"})
    undo = undo_of(admin.get(page_of(row)).text)
    admin.post(f"{page_of(row)}/expiry", {"to": "never", "version": "2"})
    admin.get("/admin/")                                              # shows the toast of that
    admin.post(undo)
    assert "Nothing was undone." in admin.get(page_of(row)).text
    assert key().expires_at is None
    for broken in ("was=x&version=3", "was=&version=x", "version=%C2%B2"):
        assert admin.post(f"{page_of(row)}/expiry/undo?{broken}").status_code == 303
        assert "Nothing was undone." in admin.get(page_of(row)).text, broken


def test_a_key_that_was_changed_meanwhile_or_revoked_is_not_extended(admin, alder):
    row = expire_in(alder, 5)
    admin.post(f"{page_of(row)}/expiry", {"to": "30", "version": "1"})
    moved = key().expires_at
    admin.post(f"{page_of(row)}/expiry", {"to": "365", "version": "1"})
    assert key().expires_at == moved
    admin.post(f"{page_of(row)}/revoke", {"words": "Shop"})
    admin.post(f"{page_of(row)}/expiry", {"to": "365"})
    assert key().expires_at == moved
    assert "cannot be extended" in admin.get(page_of(row)).text


def test_an_expired_key_says_how_it_works_again(admin, alder):
    row = expire_in(alder, -5)
    page = admin.get(page_of(row)).text
    assert "Calls with this key are refused until you extend it." in page
    assert admin.post(f"{page_of(row)}/expiry", {"to": "90", "version": "1"}).status_code == 303
    assert timedelta(days=89) < key().expires_at - clock.now() <= timedelta(days=91)
    assert "until you extend it" not in admin.get(page_of(row)).text


def test_the_expiry_of_others_keys_is_not_there(admin, birch):
    cast.make_key(birch, name="Foreign")
    for path in ("/expiry", "/expiry/undo?was=&version=1"):
        assert admin.post(page_of(key()) + path, {"to": "30"}).status_code == 404
    assert admin.get(page_of(key()) + "/expiry").status_code == 404


# Leaks ----------------------------------------------------------------------------------------------------------------


def leak(alder, **more):
    cast.make_key(alder, name="Shop")
    with transaction():
        key_leaks.mark(*api_keys.LISTING.lock(cast.actor_for(alder), key().id), key_leaks.FoundInput(**more))
    return key()


def test_a_leaked_key_says_so_and_works_again_once_it_is_rotated(app, admin, alder):
    row = leak(alder, url="https://git.example.org/<b>")
    page = admin.get(page_of(row)).text
    assert "Reported as leaked" in page
    assert "https://git.example.org/&lt;b&gt;" in page
    assert "Leaked" in admin.get("/admin/keys?tab=paused").text
    asked = admin.part(f"{page_of(row)}/rotate").text
    assert "has leaked and ends at once" in asked
    assert 'name="grace_hours" value="0"' in asked
    shown = admin.post(f"{page_of(row)}/rotate", {"grace_hours": "24", "version": str(row.version)}).text
    secret = SECRET.search(shown)[0]
    call = app.test_client().get("/v1/api/public/customers", headers={"Authorization": f"Bearer {secret}"})
    assert call.status_code == 200
    assert "Reported as leaked" not in admin.get(page_of(row)).text


def test_a_leaked_key_that_was_resumed_still_says_that_it_has_leaked(admin, alder):
    row = leak(alder)
    admin.post(f"{page_of(row)}/resume")
    assert not key().paused
    assert "It was resumed, so whoever has found it can use it." in admin.get(page_of(row)).text
    admin.post(f"{page_of(row)}/revoke", {"words": "Shop"})
    assert "Reported as leaked" not in admin.get(page_of(row)).text

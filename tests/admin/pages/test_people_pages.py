"""Pages of users, merchant profiles, settings and the user's own account."""

import re

from database import db
from domain import settings
from models.user import User, UserSession
from tests import cast

NEW = {"email": "new@alder.example", "name": "New", "role": "normal_user", "active": "on",
       "password": "a first password here"}


def user(email):
    db.session.expire_all()
    return db.session.query(User).filter_by(email=email).one_or_none()


def test_an_admin_makes_users_for_own_merchants(admin, alder, birch):
    assert admin.post("/admin/users", NEW | {"merchant_ids": ["", str(birch)]}).status_code == 422
    assert user(NEW["email"]) is None
    assert admin.post("/admin/users", NEW | {"merchant_ids": ["", str(alder)]}).status_code == 303
    assert user(NEW["email"]).merchant_ids == [alder]
    refused = admin.post("/admin/users", NEW | {"email": "b@alder.example", "all_merchants": "on"})
    assert refused.status_code == 403


def ticked(page):
    return set(re.findall(r'name="merchant_ids" value="(\d+)" checked', page))


def test_a_refused_form_is_shown_with_the_profiles_as_they_were_ticked(ops, alder, birch):
    wrong = NEW | {"email": "not an address"}
    assert ticked(ops.post("/admin/users", wrong | {"merchant_ids": ["", str(birch)]}).text) == {str(birch)}
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    assert ticked(ops.get(f"/admin/users/{key}/edit").text) == {str(alder)}
    again = ops.post(f"/admin/users/{key}", wrong | {"merchant_ids": ["", str(alder), str(birch)]})
    assert ticked(again.text) == {str(alder), str(birch)}
    assert ticked(ops.post(f"/admin/users/{key}", wrong | {"merchant_ids": [""]}).text) == set()


def test_boxes_that_are_not_ticked_switch_off(ops, alder):
    key = cast.make_user("ada@alder.example", "normal_user", [alder], api_access=True)
    form = {"email": "ada@alder.example", "role": "normal_user", "active": "on", "merchant_ids": ["", str(alder)]}
    assert ops.post(f"/admin/users/{key}", form).status_code == 303
    assert user("ada@alder.example").api_access is False


def test_an_admin_sees_only_users_without_other_merchants(admin, alder, birch):
    mine = cast.make_user("mine@alder.example", merchant_ids=[alder])
    both = cast.make_user("both@alder.example", merchant_ids=[alder, birch])
    assert admin.get(f"/admin/users/{mine}").status_code == 200
    for path in (f"/admin/users/{both}", f"/admin/users/{both}/edit", f"/admin/users/{both}/password"):
        assert admin.get(path).status_code == 404
    assert admin.post(f"/admin/users/{both}/password", {"password": "stolen password 123"}).status_code == 404


def test_the_last_operator_cannot_be_locked_out(ops):
    key = user("ops@example.com").id
    assert ops.post(f"/admin/users/{key}/archive").headers["Location"] == f"/admin/users/{key}"
    assert 'data-flash="bad"' in ops.get(f"/admin/users/{key}").text
    assert user("ops@example.com").active


def test_users_cannot_remove_their_own_access(admin, alder):
    mine = user("admin_user@alder.example").id
    form = {"email": "admin_user@alder.example", "role": "admin_user", "active": "on", "merchant_ids": ["", str(alder)]}
    without = {name: value for name, value in form.items() if name != "active"}
    for wrong, message in (
        (without, "cannot be switched off by yourself"),
        (form | {"role": "normal_user"}, "cannot be changed by yourself"),
        (form | {"merchant_ids": [""]}, "must keep one merchant for yourself"),
    ):
        reply = admin.post(f"/admin/users/{mine}", wrong)
        assert reply.status_code == 422
        assert message in reply.text
        assert "You cannot take away your own access" in reply.text
    for verb in ("archive", "delete"):
        assert admin.post(f"/admin/users/{mine}/{verb}").status_code != 204
    row = user("admin_user@alder.example")
    assert (row.active, row.role, row.merchant_ids) == (True, "admin_user", [alder])
    assert admin.post(f"/admin/users/{mine}", form | {"name": "Ada"}).status_code == 303
    other = cast.make_user("other@alder.example", merchant_ids=[alder])
    assert admin.post(f"/admin/users/{other}/archive").status_code == 303
    assert not user("other@alder.example").active


def test_a_reset_password_works_and_is_not_shown(ops, visitor, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    short = ops.post(f"/admin/users/{key}/password", {"password": "short"})
    assert short.status_code == 422
    assert "at least 15 characters" in short.text
    secret = "a quite different password"
    assert ops.post(f"/admin/users/{key}/password", {"password": secret}).status_code == 303
    assert secret not in ops.get("/admin/audit").text
    assert visitor().sign_in("ada@alder.example", secret).status_code == 303


def test_sessions_are_listed_and_ended(ops, visitor, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    ada = visitor(REMOTE_ADDR="203.0.113.77")
    ada.sign_in("ada@alder.example")
    number = db.session.query(UserSession).filter_by(user_id=key).one().id
    assert "203.0.113.77" in ops.get(f"/admin/users/{key}").text
    assert ops.post(f"/admin/users/{key}/sessions/{number}/end").status_code == 303
    assert ada.get("/admin/").status_code == 303


def test_sessions_of_others_cannot_be_ended_by_their_number(admin, ops):
    number = db.session.query(UserSession).order_by(UserSession.id.desc()).first().id
    admin.post(f"/admin/account/sessions/{number}/end")
    assert ops.get("/admin/").status_code == 200


def test_my_account_changes_name_and_zone_but_never_the_role(admin):
    form = {"name": "Ada", "timezone": "Asia/Tokyo", "role": "admin_user", "all_merchants": "on", "active": "on"}
    assert admin.post("/admin/account", form).status_code == 303
    row = user("admin_user@alder.example")
    assert (row.name, row.timezone, row.all_merchants) == ("Ada", "Asia/Tokyo", False)
    assert admin.post("/admin/account", {"timezone": "Mars/Phobos"}).status_code == 422


def test_a_wrong_old_password_changes_nothing(admin, visitor):
    new = "another long password 7"
    reply = admin.post("/admin/account/password", {"old_password": "wrong", "password": new, "again": new})
    assert reply.status_code == 422
    assert "is not your password" in reply.text
    reply = admin.post("/admin/account/password", {"old_password": cast.PASSWORD, "password": new, "again": "x"})
    assert reply.status_code == 422
    assert visitor().sign_in("admin_user@alder.example").status_code == 303


def test_profiles_are_made_by_the_operator_and_changed_by_their_admin(admin, ops, alder):
    form = {"name": "Alder & Sons", "currency": "EUR", "timezone": "UTC", "active": "on"}
    assert admin.post("/admin/merchants", form).status_code == 403
    assert admin.post(f"/admin/merchants/{alder}", form).status_code == 303
    assert "Alder &amp; Sons" in admin.get("/admin/merchants").text
    assert ops.post("/admin/merchants", form | {"name": "Cedar"}).status_code == 303


def test_settings_are_the_operators_and_show_no_secret(app, admin, ops):
    assert admin.post("/admin/settings", {"quote_validity_days": "3"}).status_code == 403
    assert ops.post("/admin/settings", {"quote_validity_days": "x"}).status_code == 422
    assert ops.post("/admin/settings", {"quote_validity_days": "45"}).status_code == 303
    assert settings.get("quote_validity_days") == 45
    page = ops.get("/admin/settings").text
    assert "COUNTINGHOUSE_TRUSTED_PROXIES" in page
    assert app.config["SECRET_KEY"] not in page


def test_a_users_token_is_shown_replaced_and_revoked_each_written_down(ops, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder], api_access=True)
    made = ops.post(f"/admin/users/{key}/token/issue")
    token = re.search(r'<code id="secret">(\w{59})</code>', made.text)[1]
    assert made.headers["Cache-Control"] == "no-store"
    assert token in ops.post(f"/admin/users/{key}/token/reveal").text
    part = ops.post(f"/admin/users/{key}/token/reveal", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert part.text.lstrip().startswith("<dialog")
    page = ops.get(f"/admin/users/{key}").text
    assert token not in page
    assert "revealed the token of this user" in ops.get(f"/admin/users/{key}?tab=history").text
    assert token not in ops.post(f"/admin/users/{key}/token/issue").text
    assert ops.post(f"/admin/users/{key}/token/revoke").status_code == 303
    assert ops.post(f"/admin/users/{key}/token/reveal").status_code == 404


def test_a_user_is_deleted_after_a_confirmation_and_signed_out(ops, visitor, alder):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    ada = visitor()
    ada.sign_in("ada@alder.example")
    assert "deleted permanently" in ops.get(f"/admin/users/{key}/delete").text
    assert ops.post(f"/admin/users/{key}/delete").status_code == 303
    assert ops.get(f"/admin/users/{key}").status_code == 404
    assert ada.get("/admin/").status_code == 303
    assert visitor().sign_in("ada@alder.example").status_code == 401

"""Passwords and keys are hashed outside of transactions, so that others can write meanwhile."""

from tests import cast
from tests.admin.pages.test_key_pages import FORM
from tests.admin.pages.test_people_pages import NEW

SECRET = "a quite different password"


def test_the_password_of_a_new_user_is_hashed_outside_of_transactions(admin, alder, hashings):
    hashings.clear()
    assert admin.post("/admin/users", NEW | {"merchant_ids": ["", str(alder)]}).status_code == 303
    assert hashings == ["hash_of"]
    assert admin.post("/admin/users", NEW | {"timezone": "Mars/Phobos"}).status_code == 422
    assert hashings == ["hash_of"]


def test_a_password_that_an_admin_sets_is_hashed_outside_of_transactions(admin, alder, birch, hashings):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    foreign = cast.make_user("ben@birch.example", merchant_ids=[birch])
    hashings.clear()
    assert admin.post(f"/admin/users/{foreign}/password", {"password": SECRET}).status_code == 404
    assert hashings == []
    assert admin.post(f"/admin/users/{key}/password", {"password": SECRET}).status_code == 303
    assert hashings == ["hash_of"]


def test_a_password_in_the_form_of_a_user_is_hashed_outside_of_transactions(admin, visitor, alder, birch, hashings):
    key = cast.make_user("ada@alder.example", merchant_ids=[alder])
    foreign = cast.make_user("ben@birch.example", merchant_ids=[birch])
    form = {"email": "ada@alder.example", "role": "normal_user", "active": "on", "password": SECRET}
    hashings.clear()
    assert admin.post(f"/admin/users/{foreign}", form).status_code == 404
    assert admin.post(f"/admin/users/{key}", form | {"version": "99"}).status_code == 409
    assert hashings == []
    assert admin.post(f"/admin/users/{key}", form).status_code == 303
    assert hashings == ["hash_of"]
    assert visitor().sign_in("ada@alder.example", SECRET).status_code == 303


def test_a_users_own_new_password_is_hashed_outside_of_transactions(admin, hashings):
    hashings.clear()
    given = {"old_password": "wrong", "password": SECRET, "again": SECRET}
    assert admin.post("/admin/account/password", given).status_code == 422
    assert hashings == ["matches"]
    assert admin.post("/admin/account/password", given | {"old_password": cast.PASSWORD}).status_code == 303
    assert hashings == ["matches", "matches", "hash_of"]


def test_an_empty_password_field_changes_no_password(admin):
    reply = admin.post("/admin/account/password", {"old_password": cast.PASSWORD, "password": "", "again": ""})
    assert reply.status_code == 422
    assert "at least 15 characters" in reply.text


def test_a_new_key_is_hashed_outside_of_transactions(admin, hashings):
    hashings.clear()
    assert admin.post("/admin/keys", FORM | {"name": ""}).status_code == 422
    assert hashings == []
    assert admin.post("/admin/keys", FORM).status_code == 201
    assert hashings == ["hashpw"]

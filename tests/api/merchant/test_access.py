"""Who may call the Merchant API: users' tokens of both worlds, roles, merchant profiles, addresses, limits."""

import pytest

from database import db, transaction
from domain import settings
from domain.access import tokens
from domain.actor import Actor
from domain.permissions import ROLE_SCOPES
from models.merchant import Merchant
from models.user import Role, User
from tests import cast
from tests.api.merchant.conftest import Shop, token_of

REFUSED = (401, {"base": ["Invalid API token"]})
BODY = {"customer": {"first_name": "Dana", "last_name": "Scott", "email": "dana@example.com"}}


def answer(reply):
    return reply.status_code, reply.json


def user(**values):
    with transaction():
        row = db.session.scalars(db.select(User)).one()
        for name, value in values.items():
            setattr(row, name, value)


def test_a_token_has_59_letters_and_digits(shop):
    assert len(shop.token) == 59
    assert shop.get("/products").status_code == 200


@pytest.mark.parametrize("header", [
    None, "", "Bearer", "Bearer ", "Bearer nobody", "Basic YTpi", "bearer " + "a" * 59, "Bearer " + "a" * 5000,
])
def test_without_a_token_that_is_known_nobody_is_let_in(app, header):
    reply = app.test_client().get("/api/v1/products", headers={} if header is None else {"Authorization": header})
    assert answer(reply) == REFUSED
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_credentials_of_other_kinds_open_nothing(app, shop, alder):
    key = cast.make_key(alder)[1]
    client = app.test_client()
    assert answer(client.get("/api/v1/products", headers={"Authorization": f"Bearer {key}"})) == REFUSED
    assert answer(client.get("/api/v1/products", headers={"X-Api-Key": shop.token})) == REFUSED
    assert answer(client.get(f"/api/v1/products?api_token={shop.token}")) == REFUSED


@pytest.mark.parametrize("values", [{"active": False}, {"api_access": False}], ids=["inactive", "no API access"])
def test_an_inactive_user_and_one_without_api_access_are_as_good_as_unknown(shop, values):
    user(**values)
    assert answer(shop.get("/products")) == REFUSED


def test_an_old_token_opens_nothing(shop):
    with transaction():
        row = db.session.scalars(db.select(User)).one()
        tokens.issue(Actor.system(), row)
    assert answer(shop.get("/products")) == REFUSED


def test_only_the_users_own_addresses_are_allowed(shop):
    user(allowed_ips=["10.0.0.0/8"])
    assert answer(shop.get("/products")) == (403, {"base": ["IP 127.0.0.1 is not allowed"]})
    user(allowed_ips=["127.0.0.1"])
    assert shop.get("/products").status_code == 200


def test_wrong_tokens_are_throttled_by_address_and_right_ones_never(app, shop):
    wrong = Shop(app, "nobody")
    statuses = [wrong.get("/products").status_code for _ in range(103)]
    assert statuses[:100] == [401] * 100
    assert statuses[100:] == [429] * 3
    assert shop.get("/products").status_code == 200
    assert list(wrong.get("/products").json) == ["base"]


def test_there_is_a_limit_only_where_the_setting_says_so(shop):
    assert [shop.get("/products").status_code for _ in range(70)] == [200] * 70
    with transaction():
        settings.update(Actor.operator(), {"merchant_rate_limit_per_minute": 2})
    replies = [shop.get("/products") for _ in range(3)]
    assert [one.status_code for one in replies] == [200, 200, 429]
    assert int(replies[2].headers["Retry-After"]) > 0
    assert list(replies[2].json) == ["base"]


@pytest.mark.parametrize("role", [one.value for one in Role])
def test_a_role_may_do_what_it_may_do_in_the_dashboard(shop_of, alder, role):
    own = shop_of(alder, role=role)
    assert own.get("/products").status_code == 200
    assert own.post("/customers", BODY).status_code == 200


def test_a_role_without_the_scope_is_403(shop_of, alder, monkeypatch):
    own = shop_of(alder, role="normal_user")
    monkeypatch.setitem(ROLE_SCOPES, Role.NORMAL, frozenset({"READ_CUSTOMERS"}))
    assert own.get("/customers").status_code == 200
    assert answer(own.post("/customers", BODY)) == (
        403, {"base": ["Your role does not have required scope: WRITE_CUSTOMERS"]})


# Merchant profiles --------------------------------------------------------------------------------


def test_a_user_of_one_profile_need_not_name_it_and_may(shop, alder):
    assert shop.get("/products").status_code == 200
    assert shop.get(f"/products?profile_id={alder}").status_code == 200


def test_a_user_of_several_profiles_names_one_in_the_query(shop_of, alder, birch):
    both = shop_of(alder, birch)
    mine, other = cast.make_product(alder), cast.make_product(birch)
    assert answer(both.get("/products")) == (400, {"profile_id": ["is required"]})
    assert answer(both.post("/customers", BODY | {"profile_id": alder})) == (400, {"profile_id": ["is required"]})
    assert [one["id"] for one in both.get(f"/products?profile_id={alder}").json] == [mine]
    assert [one["id"] for one in both.get(f"/products?page=1&profile_id={birch}").json] == [other]
    assert answer(both.get(f"/products/{other}?profile_id={alder}")) == (404, {"base": ["not found"]})
    assert both.post(f"/customers?profile_id={birch}", BODY).status_code == 200


@pytest.mark.parametrize("profile", ["2", "999", "x", "0", "-1", "", "1.0", "9" * 30])
def test_a_profile_of_others_and_one_that_is_not_there_are_403(shop, birch, profile):
    reply = shop.get(f"/products?profile_id={profile}")
    assert answer(reply) == (403, {"profile_id": ["is not accessible"]})


def test_a_profile_is_named_once(shop, alder):
    reply = shop.get(f"/products?profile_id={alder}&profile_id={alder}")
    assert answer(reply) == (400, {"profile_id": ["was sent more than once"]})


def test_a_user_of_all_profiles_names_one_if_there_are_several(app, alder):
    all_of_them = Shop(app, token_of(cast.make_user(
        "ops@example.org", "admin_user", all_merchants=True, api_access=True)))
    assert all_of_them.get("/products").status_code == 200
    birch = cast.make_merchant("Birch")
    assert answer(all_of_them.get("/products")) == (400, {"profile_id": ["is required"]})
    assert all_of_them.get(f"/products?profile_id={birch}").status_code == 200
    assert answer(all_of_them.get("/products?profile_id=99")) == (403, {"profile_id": ["is not accessible"]})
    with transaction():
        db.session.get(Merchant, birch).active = False
    assert all_of_them.get("/products").status_code == 200
    assert all_of_them.get(f"/products?profile_id={birch}").status_code == 403


def test_a_user_whose_only_profile_is_archived_has_none_to_name(shop, alder):
    with transaction():
        db.session.get(Merchant, alder).active = False
    assert answer(shop.get("/products")) == (403, {"profile_id": ["is not accessible"]})


def test_a_test_token_reaches_the_test_world_alone(app, shop, alder):
    test = Shop(app, token_of(db.session.scalars(db.select(User.id)).one(), test=True))
    live = shop.post("/customers", BODY).json
    sandbox = test.post("/customers", BODY).json
    assert [one["id"] for one in test.get("/customers").json] == [sandbox["id"]]
    assert test.get(f"/customers/{live['id']}").status_code == 404
    assert shop.get(f"/customers/{sandbox['id']}").status_code == 404


# Log ----------------------------------------------------------------------------------------------


def test_the_log_has_contract_template_profile_and_what_was_touched(shop_of, alder, birch, records):
    both = shop_of(alder, birch)
    both.post(f"/customers?profile_id={birch}&colour=red", BODY)
    both.get(f"/customers/1?profile_id={birch}")
    both.get("/customers?profile_id=99")
    both.post(f"/customers?profile_id={birch}", {"customer": {"email": "x"}})
    made, read, refused, wrong = records
    assert (made["contract"], made["endpoint"], made["operation"]) == (
        "merchant", "/api/v1/customers", "customers.create")
    assert (made["merchant_id"], made["user_id"], made["customer_id"]) == (birch, 1, 1)
    assert made["query"] == f"profile_id={birch}&colour=***"
    assert (read["endpoint"], read["objects"]) == ("/api/v1/customers/{id}", [("customer", 1)])
    assert (refused["status"], refused["merchant_id"], refused["fields"]) == (403, None, ["profile_id"])
    assert (wrong["status"], set(wrong["fields"])) == (422, {"first_name", "last_name", "email"})
    assert wrong["message"] == "Some fields need attention."

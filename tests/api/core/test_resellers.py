"""Users limited to merchants see only their rows, by any method, filter or batch; roles apply."""

import json

import pytest

from blueprints.api.core import CONTRACT
from database import db, transaction
from domain.integrations import webhooks
from models.customer import Customer
from models.user import User
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.rows import make

# Global; tested with webhooks; with files of their own
OTHERS = {"accounting.currencies", "webhooks", "webhooks.deliveries", "test_clocks", "payments"}
EXPOSED = {one.exposure.name: one.exposure for one in CONTRACT.operations
           if one.exposure is not None and one.exposure.name not in OTHERS}
NOUNS = {name: exposure.path for name, exposure in EXPOSED.items()}
ON_A_ROW = [(one.exposure.name, one) for one in CONTRACT.operations
            if one.exposure is not None and one.exposure.name in NOUNS and "{key}" in one.path and not one.media]
OWN_METHODS = sorted(
    operation.name for operation in CONTRACT.operations
    if operation.exposure is not None and operation.scope is not None and not operation.media
)
VICTIMS = tuple({exposure.resource.listing.model for exposure in EXPOSED.values()})


def make_rows():
    """One row of each noun for each of two merchants: {noun: {merchant: id}}."""
    made = {name: {} for name in NOUNS}
    for word in ("alder", "birch"):
        merchant = cast.make_merchant(word.capitalize())
        made["merchants"][merchant] = merchant
        made["clients"][merchant] = client = cast.make_customer(merchant, f"Canary {word}")
        made["products"][merchant] = cast.make_product(merchant, f"Canary {word}")
        made["budgets"][merchant] = cast.make_budget(merchant, client, notes=f"Canary {word}")
        made["users"][merchant] = cast.make_user(f"canary@{word}.example", merchant_ids=[merchant])
        made["api_keys"][merchant] = cast.make_key(merchant, name=f"Canary {word}")[0]
        for name in [name for name, known in made.items() if merchant not in known]:
            made[name][merchant] = make(EXPOSED[name].resource, merchant, f"Canary {word}")
    return made


@pytest.fixture
def rows(made_once):
    return made_once(make_rows)


@pytest.fixture
def alder(rows):
    return next(iter(rows["merchants"]))


@pytest.fixture
def birch(rows):
    return list(rows["merchants"])[1]


@pytest.fixture
def limited(program, alder):
    """An admin of Alder alone."""
    return program("admin@alder.example", role="admin_user", merchant_ids=[alder])


def everything():
    """All rows, to see that nothing changed."""
    db.session.rollback()
    return [sorted(map(str, db.session.execute(model.__table__.select()))) for model in VICTIMS]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_search_shows_own_rows_only_whatever_is_asked(limited, rows, alder, birch, noun):
    foreign = rows[noun][birch]
    searches = [{}, {"id": [foreign]}, {"id": [foreign, rows[noun][alder]]}, {"limit": 1000}, {"offset": 0},
                {"order": ["-id"]}]
    if "companies_id" in next(one for one in CONTRACT.operations if one.name == f"{noun}.search").positional:
        searches += [{"companies_id": [birch]}, {"companies_id": [alder, birch]}, {"companies_id": birch}]
    for params in searches:
        found = limited.result(f"{noun}.search", params)
        assert "birch" not in str(found).lower(), params
        assert foreign not in [row["id"] for row in found], params
    assert limited.get(NOUNS[noun]).json == limited.result(f"{noun}.search")


@pytest.mark.slow
@pytest.mark.parametrize(("noun", "operation"), ON_A_ROW, ids=lambda one: getattr(one, "name", ""))
def test_a_foreign_row_is_reported_like_none(limited, rows, birch, noun, operation):
    before = everything()
    foreign = rows[noun][birch]
    answers = limited("POST", "/", json=[
        {"jsonrpc": "2.0", "method": operation.name, "params": {"id": key}, "id": 1} for key in (foreign, 987654)
    ]).json
    errors = [json.dumps(one["error"]).replace(f"({key})", "()").replace(f'"{key}"', '""')
            for one, key in zip(answers, (foreign, 987654), strict=True)]
    assert errors[0] == errors[1]
    assert answers[0]["error"]["code"] == -32001
    path = operation.path.replace("{key}", str(foreign))
    reply = limited(operation.method, path, json={} if operation.takes_body else None)
    assert reply.status_code == 404
    assert everything() == before


@pytest.mark.parametrize(("method", "params"), [
    ("clients.create", {"name": "x", "currencies_id": 978}), ("products.create", {"name": "x", "price": 1}),
    ("api_keys.create", {"name": "x"}), ("budgets.create", {"items": [{"description": "x", "quantity": 1,
                                                                      "unit_price": 1}]}),
])
def test_nothing_is_created_for_a_foreign_merchant(limited, rows, birch, method, params):
    before = everything()
    if method == "budgets.create":
        params = params | {"clients_id": rows["clients"][birch]}
    error = limited.error(method, params | {"companies_id": birch})
    assert (error["code"], error["data"]["companies_id"]) == (-32602, "Must exist")
    assert everything() == before


def test_a_row_of_another_merchant_cannot_be_referred_to(limited, rows, alder, birch):
    error = limited.error("budgets.create", {
        "companies_id": alder, "clients_id": rows["clients"][birch],
        "items": [{"products_id": rows["products"][birch], "quantity": 1}],
    })
    assert error["code"] == -32602
    assert "birch" not in str(error).lower()
    made = limited.error("users.create", {"email": "x@alder.example", "password": cast.PASSWORD,
                                          "companies_ids": [birch]})
    assert made["data"] == {"companies_ids": "Must be merchants that you have yourself"}
    with_all = limited.error("users.create", {"email": "x@alder.example", "password": cast.PASSWORD,
                                              "all_companies": True})
    assert with_all["data"]["code"] == "forbidden"


def test_a_batch_changes_own_rows_only(limited, rows, alder, birch):
    answers = limited("POST", "/", json=[
        {"jsonrpc": "2.0", "method": "clients.update", "params": {"id": key, "name": "Changed"}, "id": key}
        for key in (rows["clients"][alder], rows["clients"][birch])
    ]).json
    assert [one.get("result") for one in answers] == [1, None]
    db.session.rollback()
    assert db.session.get(Customer, rows["clients"][birch]).name == "Canary birch"


def test_a_user_without_merchants_sees_nothing(app, rows, alder):
    user_id = cast.make_user("none@alder.example", merchant_ids=[alder])
    with transaction():
        user = db.session.get(User, user_id)
        user.memberships.clear()
    caller = Program(app, token_of(user_id))
    for noun in NOUNS:
        assert caller.result(f"{noun}.search") == [], noun


def test_an_operator_sees_everything(core, rows, birch):
    for noun in NOUNS:
        assert rows[noun][birch] in [row["id"] for row in core.result(f"{noun}.search", {"limit": 1000})]


@pytest.mark.parametrize("role", ["accountant_user", "normal_user", "restricted_user"])
def test_documented_methods_ignore_the_role_and_our_own_do_not(program, rows, alder, role):
    caller = program(f"{role}@alder.example", role=role, merchant_ids=[alder])
    found = caller.result("clients.search")
    assert {row["companies_id"] for row in found} == {alder}
    assert "Canary alder" in {row["name"] for row in found}
    assert caller.result("clients.update", {"id": rows["clients"][alder], "name": "Changed"}) == 1
    assert caller.result("accounting.currencies.get_rate")["rate"] == 1
    for method in OWN_METHODS:
        params = {"id": 1} if method.rsplit(".", 1)[1] not in ("search", "create") else {}
        error = caller.error(method, params)
        assert error["data"]["code"] == "insufficient_scope", method
    assert caller.get("/merchants").status_code == 403


def test_the_walks_cover_every_listing_of_the_contract():
    assert {"clients", "products", "budgets", "users", "api_keys", "merchants"} <= set(NOUNS)
    assert webhooks.RESOURCE.listing.merchant == "merchant_id"

"""Every noun of the Core API: get, search, create, update, archive, delete, by both protocols."""

import re

import pytest

from blueprints.api.core import CONTRACT
from tests import cast
from tests.api.conftest import Caller

VERBS = ("get", "search", "create", "update", "archive", "delete")
NOUNS = ("clients", "products", "budgets", "merchants", "users", "api_keys")
PATHS = {"users": "/iam/users", "api_keys": "/iam/api-keys"}


@pytest.fixture
def new(alder):
    """What creates one row of each noun, what changes it, and what the change is called."""
    client = cast.make_customer(alder, "Customer")
    line = {"description": "Work", "quantity": 2, "unit_price": 12.5, "tax": 1}
    return {
        "clients": ({"companies_id": alder, "name": "Ada", "currencies_id": 978}, {"name": "Grace"}),
        "products": ({"companies_id": alder, "name": "Lamp", "price": 12.345678, "type": "SERVICE", "sku": "L-1"},
                     {"price": 10, "metadata": {"colour": "red"}}),
        "budgets": ({"companies_id": alder, "clients_id": client, "items": [line], "notes": "First"},
                    {"notes": "Second", "discount": 5}),
        "merchants": ({"name": "Cedar", "currency": "JPY", "tz": "Asia/Tokyo"}, {"legal_name": "Cedar K.K."}),
        "users": ({"email": "new@alder.example", "password": cast.PASSWORD, "companies_ids": [alder],
                   "role": "normal_user"}, {"name": "New", "tz": "Europe/Madrid"}),
        "api_keys": ({"companies_id": alder, "name": "Shop", "scopes": ["READ_PRODUCTS"]},
                     {"rate_limit_per_hour": 50, "allowed_ips": ["203.0.113.0/24"]}),
    }


def path_of(noun):
    return PATHS.get(noun, f"/{noun}")


@pytest.mark.once("reads declarations")
@pytest.mark.parametrize("noun", NOUNS)
def test_a_noun_has_all_six_methods(noun):
    assert {f"{noun}.{verb}" for verb in VERBS} <= {operation.name for operation in CONTRACT.operations}


@pytest.mark.parametrize("noun", NOUNS)
def test_a_row_is_created_read_changed_and_deleted_over_json_rpc(core, new, noun):
    given, change = new[noun]
    made = core.result(f"{noun}.create", given)
    key = made["id"]
    for name in given.keys() - {"password", "items"}:
        assert made[name] == given[name], name
    shown = core.result(f"{noun}.get", {"id": key})
    assert shown == {name: value for name, value in made.items() if name != "key"}
    assert shown in core.result(f"{noun}.search", {"limit": 1000})
    assert core.result(f"{noun}.search", {"id": [key]}) == [shown]
    assert core.result(f"{noun}.update", {"id": key, **change}) == 1
    changed = core.result(f"{noun}.get", [key])
    assert {name: changed[name] for name in change} == change
    assert core.result(f"{noun}.archive", {"id": key}) == 1
    assert core.result(f"{noun}.get", {"id": key}) != changed
    assert core.result(f"{noun}.delete", {"id": key}) == 1
    assert core.error(f"{noun}.get", {"id": key})["code"] == -32001
    assert key not in [row["id"] for row in core.result(f"{noun}.search", {"limit": 1000})]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_row_is_created_read_changed_and_deleted_over_rest(core, new, noun):
    given, change = new[noun]
    path = path_of(noun)
    made = core("POST", path, json=given)
    assert made.status_code == 200
    key = made.json["id"]
    assert core.get(f"{path}/{key}").json == core.result(f"{noun}.get", {"id": key})
    assert core("PATCH", f"{path}/{key}", json=change).json == 1
    assert core.get(f"{path}?limit=1000").json == core.result(f"{noun}.search", {"limit": 1000})
    assert core("POST", f"{path}/{key}/archive").json == 1
    assert core("DELETE", f"{path}/{key}").json == 1
    assert core.get(f"{path}/{key}").status_code == 404


@pytest.mark.slow
@pytest.mark.parametrize("noun", NOUNS)
def test_every_declared_order_and_filter_works(core, new, noun):
    core.result(f"{noun}.create", new[noun][0])
    search = next(one for one in CONTRACT.operations if one.name == f"{noun}.search")
    for name in search.exposure.sorts:
        for order in ([name], [f"-{name}"], [name, "-id"]):
            assert core.result(f"{noun}.search", {"order": order}), order
    for name, parameter in search.exposure.parameters.items():
        value = next(iter(parameter.words)) if parameter.words else [1] if name.endswith("id") else "x"
        assert isinstance(core.result(f"{noun}.search", {name: value}), list), name


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("noun", NOUNS)
def test_a_creation_without_anything_names_what_it_needs(core, new, noun):
    rest = core("POST", path_of(noun), json={})
    assert rest.status_code == 400
    assert set(rest.json["error"]["data"].values()) == {"Is required"}
    error = core.error(f"{noun}.create")
    assert (error["code"], error["data"]) == (-32602, rest.json["error"]["data"])


def test_a_budget_is_computed_here_and_never_taken(core, new):
    given, _ = new["budgets"]
    made = core.result("budgets.create", given | {"total": 1, "subtotal": 1})
    assert (made["subtotal"], made["tax"], made["total"], made["currency"]) == (25.0, 1.0, 26.0, "EUR")
    [item] = made["items"]
    assert (item["quantity"], item["unit_price"], item["total"]) == (2, 12.5, 26.0)
    error = core.error("budgets.update", {"id": made["id"], "items": [{"description": "x", "quantity": 0}]})
    assert "items[0].quantity" in error["data"]


def test_what_the_state_forbids_is_a_logical_error_alike_in_both_protocols(core, new):
    made = core.result("budgets.create", new["budgets"][0])
    key = made["id"]
    assert core.result("budgets.update", {"id": key, "status": "APPROVED"}) == 1
    rest = core("PATCH", f"/budgets/{key}", json={"notes": "late", "discount": 1})
    error = core.error("budgets.update", {"id": key, "notes": "late", "discount": 1})
    assert (rest.status_code, error["code"]) == (422, -32002)
    assert rest.json["error"] == {"message": error["message"], "data": error["data"]}
    assert error["message"] == f"{error['data']['code']}: {error['data']['message']}"


def test_a_key_is_shown_once_and_works(app, core, new):
    made = core.result("api_keys.create", new["api_keys"][0])
    assert re.fullmatch(r"bk_live_[0-9A-Za-z]{48}", made["key"])
    assert "key" not in core.result("api_keys.get", {"id": made["id"]})
    public = Caller(app, made["key"])
    assert public.get("/products").status_code == 200
    assert public.get("/customers").status_code == 403
    assert core.result("api_keys.archive", {"id": made["id"]}) == 1
    assert core.result("api_keys.get", {"id": made["id"]})["status"] == "REVOKED"
    assert public.get("/products").status_code == 401


def test_a_password_is_accepted_and_never_returned(core, new):
    made = core.result("users.create", new["users"][0])
    assert cast.PASSWORD not in str(made)
    assert not {"password", "password_hash", "token"} & set(made)
    assert core.error("users.update", {"id": made["id"], "password": "short"})["data"]["password"]


def test_the_last_operator_stays(core):
    for method, params in (("users.archive", {}), ("users.delete", {}), ("users.update", {"role": "normal_user"})):
        error = core.error(method, {"id": 1, **params})
        assert error["code"] in (-32002, -32602), method
    assert core.get("/clients").status_code == 200


def test_a_merchant_with_documents_is_not_deleted(core, new, alder):
    error = core.error("merchants.delete", {"id": alder})
    assert (error["code"], error["data"]["code"]) == (-32002, "merchants-has-documents")


def test_a_product_in_another_currency_needs_price_and_deposit_again(core, alder):
    core.result("products.create", {"companies_id": alder, "name": "Lamp", "price": 19.99, "deposit": 5})
    error = core.error("products.update", {"id": 1, "currency": "KWD"})
    assert error["data"].keys() == {"price", "deposit"}
    assert core.error("products.update", {"id": 1, "currency": "KWD", "price": 7})["data"].keys() == {"deposit"}
    assert core.result("products.update", {"id": 1, "currency": "KWD", "price": 7, "deposit": 1.125}) == 1
    assert core.result("products.get", {"id": 1})["deposit"] == 1.125


def test_quantities_with_decimals_and_taxes_by_rate_or_amount(core, alder):
    client = cast.make_customer(alder, "Customer")
    lines = [{"description": "Hours", "quantity": 2.25, "unit_price": 80}, {"description": "Trip", "quantity": 2,
              "unit_price": 10, "tax": 3}]
    made = core.result("budgets.create", {"companies_id": alder, "clients_id": client, "items": lines})
    assert [(one["quantity"], one["total"], one["tax_percent"]) for one in made["items"]] == [
        (2.25, 180, 0), (2, 23, None)]
    assert core.error("budgets.update", {"id": 1, "items": [lines[0] | {"quantity": 1.00001}]})["data"] == {
        "items[0].quantity": "Has more than 4 decimals"}

"""Clients by REST and by JSON-RPC: the same methods with the same results."""

import pytest

NEW = {"name": "Ada Lovelace", "currencies_id": 978}


def test_a_client_is_created_read_changed_archived_and_deleted_by_rpc(core, alder):
    made = core.result("clients.create", NEW | {"companies_id": alder, "credit": 10.5, "c_address": "1 High St"})
    assert made["id"] == 1
    assert made["currencies_id"] == 978
    assert made["credit"] == 10.5
    assert made["status"] == "active"
    assert core.result("clients.get", {"id": 1}) == made
    assert core.result("clients.update", {"id": 1, "name": "Ada King", "c_country": "GB"}) == 1
    changed = core.result("clients.get", [1])
    assert (changed["name"], changed["c_address"], changed["c_country"]) == ("Ada King", "1 High St", "GB")
    assert core.result("clients.archive", {"id": 1}) == 1
    assert core.result("clients.get", {"id": 1})["status"] == "archived"
    assert core.result("clients.delete", {"id": 1}) == 1
    error = core.error("clients.get", {"id": 1})
    assert error["code"] == -32001
    assert error["data"]["object_name"] == "clients"


def test_rest_and_rpc_are_the_same_calls(core, alder):
    for name in ("Ada", "Grace", "Edsger"):
        core.result("clients.create", NEW | {"name": name, "companies_id": alder})
    rest = core.get("/clients?order=-name&limit=2")
    assert rest.status_code == 200
    assert [row["name"] for row in rest.json] == ["Grace", "Edsger"]
    assert rest.json == core.result("clients.search", {"order": ["-name"], "limit": 2})
    assert core.get("/api/clients/1").json == core.result("clients.get", {"id": 1})
    patched = core("PATCH", "/clients/1", data='{"credit": 5}')
    assert (patched.status_code, patched.json) == (200, 1)


def test_errors_carry_the_same_data_in_both_protocols(core, alder):
    rest = core("POST", "/clients", json={"credit": "much"})
    rpc = core.error("clients.create", {"credit": "much"})
    assert rest.status_code == 400
    assert rest.json["error"]["message"] == "Invalid request"
    assert rest.json["error"]["data"] == rpc["data"]
    assert rpc["data"]["credit"] == "Must be a number"
    assert set(rpc["data"]) == {"credit", "name", "currencies_id", "companies_id"}
    missing = core.get("/clients/123")
    assert missing.status_code == 404
    assert missing.json["error"]["message"] == 'not_found: Object "clients(123)" was not found!'


def test_another_currency_needs_every_amount_again(core, alder):
    core.result("clients.create", NEW | {"companies_id": alder, "credit": 10.5, "low_balance_athreshold": -3})
    again = "Must be sent again when the currency changes"
    error = core.error("clients.update", {"id": 1, "currencies_id": 414})
    assert error["data"] == {"credit": again, "low_balance_athreshold": again}
    error = core.error("clients.update", {"id": 1, "currencies_id": 414, "credit": 3.125})
    assert error["data"] == {"low_balance_athreshold": again}
    sent = {"credit": 3.125, "low_balance_athreshold": -3}
    assert core.result("clients.update", {"id": 1, "currencies_id": 414, **sent}) == 1
    client = core.result("clients.get", {"id": 1})
    assert {name: client[name] for name in sent} == sent
    error = core.error("clients.update", {"id": 1, "currencies_id": 392, **sent})
    assert error["data"] == {"credit": "Has more than 0 decimals"}
    assert core.result("clients.update", {"id": 1, "currencies_id": 414, "name": "Same currency"}) == 1


def test_nothing_is_asked_again_where_there_are_no_amounts(core, alder):
    core.result("clients.create", NEW | {"companies_id": alder, "credit": 0})
    assert core.result("clients.update", {"id": 1, "currencies_id": 392}) == 1
    assert core.result("clients.get", {"id": 1})["currencies_id"] == 392


@pytest.mark.parametrize("value", [0, 0.01, 1, 10.5, 999999999.99, 12345678901.23])
def test_amounts_are_returned_as_they_were_sent(core, alder, value):
    made = core("POST", "/clients", json=NEW | {"companies_id": alder, "credit": value}).json
    assert made["credit"] == value
    assert core.get("/clients/1").json["credit"] == value

"""Parameters of searches that are ids: numbers are taken, whatever else is refused by name, with -32602."""

import pytest

from blueprints.portal.entries import entries

IDS = [
    (one.name, parameter.name) for one in entries("core") if one.rpc for parameter in one.parameters
    if parameter.location == "query"
    and parameter.schema.get("type") in ("integer", "array") and parameter.name.endswith(("id", "ids"))
]
WRONG = ("x", "１", "1e3", "", 1.5, True, -1, 0, {}, ["x"])


def test_there_are_ids_in_searches():
    assert ("payments.search", "clients_id") in IDS
    assert ("test_charges.search", "orders_id") in IDS


@pytest.mark.parametrize(("method", "name"), IDS)
def test_an_id_is_a_number(core, method, name):
    for value in (7, 2**63, 10**30):
        assert name not in str(core.rpc(method, {name: value}).get("error", ""))
    for value in WRONG:
        error = core.error(method, {name: value})
        assert error["code"] == -32602, value
        assert name in error["data"]

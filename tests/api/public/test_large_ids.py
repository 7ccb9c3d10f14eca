"""Ids above the largest that a primary key can have: nobody has such a row."""

import pytest

from tests import cast

NUMBERS = (2**31 - 1, 2**31, 893274600857872, 10**18 - 1)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_reference_to_an_id_that_no_row_can_have_is_a_wrong_field(api, number):
    body = {"customerId": f"customer_{number}", "items": [{"description": "Work", "quantity": 1, "unitPrice": 1}]}
    reply = api.post("/budgets", body)
    assert (reply.status_code, next(iter(reply.json["details"]))) == (422, "customerId")


@pytest.mark.parametrize("number", NUMBERS)
def test_an_address_of_an_id_that_no_row_can_have_is_404_and_a_filter_finds_nothing(api, number):
    for method in ("GET", "PUT", "DELETE"):
        assert api(method, f"/customers/customer_{number}", json={} if method == "PUT" else None).status_code == 404
    assert api.get(f"/budgets?customerId=customer_{number}").json["data"] == []


@pytest.mark.parametrize("number", NUMBERS)
def test_a_line_may_not_name_a_product_that_no_row_can_be(api, alder, number):
    line = {"productId": f"product_{number}", "quantity": 1}
    reply = api.post("/budgets", {"customerId": f"customer_{cast.make_customer(alder)}", "items": [line]})
    assert (reply.status_code, next(iter(reply.json["details"]))) == (422, "items[0].productId")

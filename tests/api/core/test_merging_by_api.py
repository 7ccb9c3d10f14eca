"""Merging several scheduled payments by the Core API: first as a preview, then once."""

import pytest

from tests import cast, paying
from tests.api.core.conftest import Program
from tests.api.test_every_operation import token_for_tests


@pytest.fixture
def alder():
    return cast.make_merchant()


@pytest.fixture
def program(app, alder):
    return Program(app, token_for_tests(cast.make_user(merchant_ids=[alder])))


def test_several_are_previewed_then_merged_once(program, alder):
    order = paying.active(alder, billing="instalment", price="30.00", initial=0)
    first, second = [row.id for row in paying.rows(order)[1:3]]
    wanted = {"ids": [second, first]}
    previewed = program.result("scheduled_payments.merge_several", wanted | {"preview": True})
    assert (previewed["id"], previewed["merged_ids"], previewed["amount"]) == (second, [first], 20)
    assert paying.statuses(order)[1:] == ["scheduled"] * 3
    assert program.result("scheduled_payments.merge_several", wanted) == previewed
    assert paying.statuses(order)[1:] == ["merged", "scheduled", "scheduled"]
    refused = program.rpc("scheduled_payments.merge_several", wanted)["error"]
    assert "is already merged" in refused["message"]


@pytest.mark.parametrize("sent", [{}, {"ids": []}, {"ids": "1"}, {"ids": [1, True]}, {"ids": [0, 2]}])
def test_what_is_no_list_of_ids_is_refused_by_name(program, alder, sent):
    refused = program.rpc("scheduled_payments.merge_several", sent)["error"]
    assert any("ids" in name for name in refused["data"].get("fields", refused["data"])), refused

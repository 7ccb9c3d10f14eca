"""Several scheduled payments are merged from their list, after a dialog that says what it will do."""

import re

import pytest

from tests import paying

LIST = "/admin/scheduled-payments"


@pytest.fixture
def order(alder):
    return paying.active(alder, billing="instalment", price="30.00", initial=0)


def chosen(page):
    return re.search(r'name="chosen" value="([^"]+)"', page)[1]


def test_the_dialog_says_the_sum_and_merges_what_it_showed(admin, order):
    admin.post("/admin/mode", {"test": "on"})
    first, second = [row.id for row in paying.rows(order)[1:3]]
    page = admin.post(f"{LIST}/bulk", {"verb": "merge", "ids": [str(second), str(first)]}).text
    assert f"2 scheduled payments of order {order} become one of 20.00 EUR." in page
    assert "Merge 2 scheduled payments" in page
    assert paying.statuses(order)[1:] == ["scheduled"] * 3
    assert admin.post(f"{LIST}/bulk", {"verb": "merge", "chosen": chosen(page)}).status_code == 303
    assert "2 scheduled payments were merged into one." in admin.get(LIST).text
    assert paying.statuses(order)[1:] == ["merged", "scheduled", "scheduled"]
    admin.post(f"{LIST}/bulk", {"verb": "merge", "chosen": chosen(page)})
    assert "Nothing was changed." in admin.get(LIST).text


@pytest.mark.parametrize(("sent", "said"), [
    ({"ids": "1"}, "Choose at least two scheduled payments. Nothing was changed."),
    ({"ids": "1", "matching": "3"}, "Nothing was changed."),
    ({"chosen": "1"}, "Choose the rows again. Nothing was changed."),
    ({"chosen": "1:1,x:2"}, "Choose the rows again. Nothing was changed."),
])
def test_what_cannot_be_merged_says_why(admin, order, sent, said):
    admin.post("/admin/mode", {"test": "on"})
    before = paying.statuses(order)
    admin.post(f"{LIST}/bulk", {"verb": "merge", **sent})
    assert said in admin.get(LIST).text
    assert paying.statuses(order) == before

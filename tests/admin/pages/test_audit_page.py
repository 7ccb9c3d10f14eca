"""The page of the audit log: its filters, and the search for who changed something by the name that is shown."""

import re

from tests import cast


def entries(admin, query):
    """How many entries the page counts, and the page."""
    text = admin.get(f"/admin/audit?{query}").text
    return int(re.search(r'class="count-of">(\d+) entr', text)[1]), text


def test_filters_are_chips_that_narrow_the_log(admin, alder):
    cast.make_customer(alder)
    cast.make_product(alder)
    every, _ = entries(admin, "")
    of_customers, text = entries(admin, "kind=customer")
    assert 0 < of_customers < every
    assert re.search(r'id="chip-kind"[^>]*>Object: <b>Customer</b>', text)
    assert entries(admin, "kind=customer&created_before=2001-01-31")[0] == 0
    assert entries(admin, "kind=customer&created_after=2001-01-31")[0] == of_customers
    assert entries(admin, "kind=nonsense&source=nonsense&created_after=nonsense")[0] == every


def test_every_kind_of_row_with_pages_can_be_chosen(admin):
    text = admin.get("/admin/audit").text
    for kind in ("customer", "order", "scheduled_payment", "api_key", "settings"):
        assert f"kind={kind}&#34;" in text or f"kind={kind}\"" in text, kind


def test_who_is_found_by_the_name_that_the_page_shows(app, admin, alder):
    _, key = cast.make_key(alder, name="Corner shop")
    made = app.test_client().post(
        "/v1/api/public/customers", json={"name": "Ada"}, headers={"Authorization": f"Bearer {key}"})
    assert made.status_code == 201
    number, text = entries(admin, "q=corner")
    assert number == 1
    assert "Corner shop" in text


def test_the_search_renews_the_chips_and_keeps_the_filters(admin, alder):
    cast.make_customer(alder)
    part = admin.part("/admin/audit?kind=customer&q=")
    assert '<input type="hidden" name="kind" value="customer">' in part.text
    assert part.text.count("hx-swap-oob") == 2
    assert part.headers["HX-Push-Url"] == "/admin/audit?kind=customer"


def test_keys_move_along_the_rows_and_open_what_was_changed(admin, alder):
    """static/js/keys.js finds the rows by their ids, and what Enter opens by its class."""
    customer = cast.make_customer(alder)
    _, text = entries(admin, "kind=customer")
    row = re.search(r'<tr id="row-\d+">(.*?)</tr>', text, re.DOTALL)[1]
    assert re.findall(r'<a class="rowlink" href="([^"]+)"', row) == [f"/admin/customers/{customer}"]

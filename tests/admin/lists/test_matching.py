"""An action on all rows that match: asked with their number, run in steps, undone row by row."""

import html
import re

import pytest

from blueprints.admin.crud.actions import matching, matching_undo
from database import db
from models.customer import Customer
from tests import cast

STATES = ("active", "stopped", "active", "archived", "active", "active")


@pytest.fixture
def people(alder):
    return [cast.make_customer(alder, f"Ada {number}", status=status) for number, status in enumerate(STATES)]


@pytest.fixture
def one_step_a_request(monkeypatch):
    """Each request works once: its first look at the clock is in time, its second is not."""
    for module in (matching, matching_undo):
        monkeypatch.setattr(module, "AT_ONCE", 2)
        monkeypatch.setattr(module, "SECONDS", 1.5)
    monkeypatch.setattr(matching.time, "monotonic", iter(range(10_000)).__next__)


def states():
    return [str(row.status) for row in db.session.query(Customer).order_by(Customer.id)]


def fields(page):
    """The hidden fields of the form that goes on."""
    form = re.search(r'<form class="whole".*?</form>', page.text, re.DOTALL)[0]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in found if name != "csrf_token"}


def begin(admin, query="", verb="archive", noun="customers"):
    page = admin.post(f"/admin/{noun}/bulk{query}", {"verb": verb, "matching": "99"})
    assert page.status_code == 200
    return page


def go_on(admin, page, address, **more):
    """The answers of all requests until the run is over."""
    while page.status_code == 200:
        page = admin.post(address, fields(page) | more)
    return page


def toast(admin):
    """What the list says afterwards, and the URL of the undo."""
    text = admin.get("/admin/customers").text
    *_, (undo, message) = re.findall(r'data-flash="\w+"(?: data-undo="([^"]*)")?>([^<]*)<', text)
    return html.unescape(message), html.unescape(undo)


def test_all_that_match_are_asked_for_by_their_number_and_changed(admin, people):
    page = begin(admin, "?status=active")
    assert "Archive 4 customers?" in page.text
    assert "All customers that match: Status Active." in html.unescape(page.text)
    assert states() == list(STATES)
    assert go_on(admin, page, "/admin/customers/bulk?status=active").status_code == 303
    assert states() == ["archived", "stopped", "archived", "archived", "archived", "archived"]
    message, undo = toast(admin)
    assert message == "4 customers were archived."
    assert admin.post(undo).status_code == 303
    assert states() == list(STATES)
    assert toast(admin)[0] == "4 customers were restored."


def test_rows_to_which_it_does_not_apply_are_counted(admin, people):
    go_on(admin, begin(admin), "/admin/customers/bulk")
    message, undo = toast(admin)
    assert message == "4 customers were archived. 2 customers left as before: not possible there."
    admin.post(undo)
    assert states() == list(STATES)


def test_a_row_that_was_changed_meanwhile_is_skipped_and_reported(admin, alder, people):
    page = begin(admin, "?q=ada")
    assert "search “ada”" in html.unescape(page.text)
    admin.post(f"/admin/customers/{people[0]}", {"name": "Ada the first", "credit_limit": "0", "status": "active"})
    cast.make_customer(alder, "Ada of later")
    go_on(admin, page, "/admin/customers/bulk?q=ada")
    assert states() == ["active", "stopped", "archived", "archived", "archived", "archived", "active"]
    assert "1 customer left as before: changed in the meantime." in toast(admin)[0]


@pytest.mark.usefixtures("one_step_a_request")
def test_a_run_takes_steps_and_so_does_its_undo(admin, people):
    page = begin(admin, "?status=active")
    first = admin.post("/admin/customers/bulk?status=active", fields(page))
    assert 'max="4" value="2"' in first.text
    assert states().count("archived") == 3
    go_on(admin, first, "/admin/customers/bulk?status=active")
    assert states().count("archived") == 5
    message, undo = toast(admin)
    assert message == "4 customers were archived."

    changed = {"name": "Ada the third", "credit_limit": "0", "status": "stopped"}
    admin.post(f"/admin/customers/{people[2]}", changed)
    page = admin.post(undo)
    assert 'max="4" value="2"' in page.text
    go_on(admin, page, undo)
    assert states() == ["active", "stopped", "stopped", "archived", "active", "active"]
    assert toast(admin)[0] == "3 customers were restored. 1 customer left as now: changed since."


@pytest.mark.usefixtures("one_step_a_request")
def test_a_run_can_be_stopped_and_what_was_done_undone(admin, people):
    page = begin(admin, "?status=active")
    page = admin.post("/admin/customers/bulk?status=active", fields(page))
    page = admin.post("/admin/customers/bulk?status=active", fields(page) | {"stop": "1"})
    message, undo = toast(admin)
    assert message == "2 customers were archived. Stopped before the rest."
    go_on(admin, admin.post(undo), undo)
    assert states() == list(STATES)


def test_deleting_asks_for_the_number(admin, people):
    page = begin(admin, "?status=active", "delete")
    refused = admin.post("/admin/customers/bulk?status=active", fields(page) | {"words": "5"})
    assert refused.status_code == 422
    assert states() == list(STATES)
    go_on(admin, page, "/admin/customers/bulk?status=active", words="4")
    text, undo = toast(admin)
    assert text == "4 customers were deleted."
    assert admin.get("/admin/customers").text.count('id="row-') == 2
    admin.post(undo)
    assert admin.get("/admin/customers").text.count('id="row-') == 6


def test_one_row_that_is_refused_does_not_stop_the_others(admin, alder):
    customer = cast.make_customer(alder, "Ada")
    pending, approved = cast.make_budget(alder, customer), cast.make_budget(alder, customer)
    admin.post(f"/admin/budgets/{approved}/approve")
    page = begin(admin, verb="delete", noun="budgets")
    go_on(admin, page, "/admin/budgets/bulk", words="2")
    text = admin.get("/admin/budgets").text
    assert "1 budget was deleted. 1 budget left as before: not possible there." in text
    assert f'id="row-{pending}"' not in text


def test_only_own_rows_of_the_switchers_merchant_are_changed(ops, alder, birch, people):
    mine = cast.make_customer(birch, "Ada of Birch")
    ops.post("/admin/switch", {"merchant": str(birch), "next": "/admin/customers"})
    page = begin(ops, "?status=active")
    assert "Archive 1 customer?" in page.text
    go_on(ops, page, "/admin/customers/bulk?status=active")
    assert states() == [*STATES, "archived"]
    assert db.session.get(Customer, mine).status == "archived"


def test_too_many_rows_and_none_are_refused(admin, people, monkeypatch):
    monkeypatch.setattr(matching, "MOST", 3)
    assert admin.post("/admin/customers/bulk", {"verb": "archive", "matching": "1"}).status_code == 303
    assert toast(admin)[0] == "6 rows match. At most 3 can be changed at once: narrow the list by filters."
    assert admin.post("/admin/customers/bulk?q=zzz", {"verb": "archive", "matching": "1"}).status_code == 303
    assert toast(admin)[0] == "No rows match any more."
    many = {"verb": "archive", "ids": [str(number) for number in range(1, 102)]}
    admin.post("/admin/customers/bulk", many)
    assert toast(admin)[0] == "At most 100 rows at once."
    assert states() == list(STATES)


def test_a_forged_state_is_refused(admin, signed_in, alder, people):
    for wrong in ("", "x", "[]", "{}", '{"verb":"archive","until":"x","total":1}', '{"verb":"delete","total":-1}'):
        page = admin.post("/admin/customers/bulk?status=active", {"verb": "archive", "matching": "1", "run": wrong})
        assert "Archive 4 customers?" in page.text, wrong
    for wrong in ("since=x&requests=req_1", "since=2020-01-01&requests=req_1", "requests=", "since=&requests="):
        assert admin.post(f"/admin/customers/undo?verb=archive&{wrong}").status_code in (303, 422), wrong
    go_on(admin, begin(admin, "?status=active"), "/admin/customers/bulk?status=active")
    _, undo = toast(admin)
    other = signed_in("admin_user", [alder], email="eve@alder.example")
    other.post(undo)
    assert states().count("archived") == 5              # another user's run is not undone
    assert "active" not in states()
